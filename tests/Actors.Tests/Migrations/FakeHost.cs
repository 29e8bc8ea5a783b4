using System.Collections.Concurrent;
using System.Security.Cryptography;
using ActorMigration.Actors.Streaming;
using ActorMigration.Actors.Tests.Simulation;
using ActorMigration.Contracts;

namespace ActorMigration.Actors.Tests.Migrations;

/// <summary>
/// The operating system of one host, in memory, behind the same ports as the real one: one container, what stands of it, and a call that fails or hangs on order.
/// It outlives the actors, as a host outlives its daemon.
/// </summary>
internal sealed class FakeHost(HostName name) : ISourceHost, IDestinationHost, IContainerRuntime, IStepHolds
{
    private readonly ConcurrentDictionary<AttemptId, ECDsa> _keys = new();

    public HostName Name { get; } = name;

    public Tree Tree { get; set; }

    /// <summary>The call that fails, for ever or until it is taken back.</summary>
    public AttemptCall Failing { get; set; }

    /// <summary>The step that is held.</summary>
    public string? Held { get; set; }

    /// <summary>The step that an attempt waits at.</summary>
    public string? Waiting { get; private set; }

    TimeSpan? IStepHolds.LookEvery => TimeSpan.FromMilliseconds(5);

    /// <summary>The call that comes back only when it is let go.</summary>
    public (AttemptCall Call, TaskCompletionSource Gate)? Hanging { get; set; }

    public ConcurrentQueue<AttemptCall> Calls { get; } = new();

    public static ContainerSpec Spec(ContainerName name)
        => new(name, "sha256:00", ["/bin/true"], [], "/", 0, 0, new ContainerNetwork("10.1.0.2", 24, "02:00:00:00:00:01", "", 1500), new ContainerLimits(0, 0, 0), [], 15);

    ISourceAttempt ISourceHost.Open(AttemptId attempt, ContainerName container, Fence fence, bool verifyMemory) => new Source(this, attempt, container, fence);

    ISourceAttempt ISourceHost.Adopt(AttemptId attempt, ContainerName container, Fence fence) => new Source(this, attempt, container, fence);

    IDestinationAttempt IDestinationHost.Open(AttemptId attempt, ContainerName container, Fence fence, byte[] sourceKeyDigest) => new Destination(this);

    IDestinationAttempt IDestinationHost.Adopt(AttemptId attempt, ContainerName container, Fence fence) => new Destination(this);

    public Task<ContainerStatus> RunAsync(ContainerSpec spec, Fence fence, CancellationToken cancel)
    {
        Tree = Tree.Running;
        return Task.FromResult(Status(spec.Name, fence));
    }

    public Task RemoveAsync(ContainerName name, TimeSpan grace, CancellationToken cancel)
    {
        Tree = Tree.None;
        return Task.CompletedTask;
    }

    public Task<ContainerStatus[]> ListAsync(CancellationToken cancel)
        => Task.FromResult<ContainerStatus[]>(Tree == Tree.None ? [] : [Status(TwoHosts.Container, default)]);

    bool IStepHolds.IsHeld(string step) => step == Held;

    void IStepHolds.Reached(string step, AttemptId attempt) => Waiting = step;

    void IStepHolds.Left(string step) => Waiting = null;

    private ContainerStatus Status(ContainerName container, Fence fence)
        => new(container, fence, Tree switch { Tree.Running => ContainerState.Running, Tree.Gated => ContainerState.Gated, _ => ContainerState.Frozen }, 1, "", "", 0);

    private async Task CallAsync(AttemptCall call, CancellationToken cancel = default)
    {
        Calls.Enqueue(call);
        if (Hanging is { } hanging && hanging.Call == call)
        {
            await hanging.Gate.Task.WaitAsync(cancel);
        }

        if (Failing == call)
        {
            throw new AttemptException(MigrationFailure.Internal, $"{call} fails on host {Name}");
        }
    }

    private sealed class Source(FakeHost host, AttemptId attempt, ContainerName container, Fence fence) : ISourceAttempt
    {
        private ECDsa Key => host._keys.GetOrAdd(attempt, _ => ECDsa.Create(ECCurve.NamedCurves.nistP256));

        public byte[] KeyDigest => SHA256.HashData(Key.ExportSubjectPublicKeyInfo());

        public IPagePump Pump { get; } = new IdlePump();

        public async Task<SourceSurvey> SurveyAsync(CancellationToken cancel)
        {
            await host.CallAsync(AttemptCall.Survey, cancel);
            return new SourceSurvey(Spec(container), 1 << 20, 0, 0, 1, [], new Platform("x86_64", [], "6.12", "4.2", "write-protect"));
        }

        public Task ConnectAsync(DataEndpoint destination, CancellationToken cancel) => host.CallAsync(AttemptCall.Connect, cancel);

        public async Task<RoundReport> RunRoundAsync(int round, CancellationToken cancel)
        {
            await host.CallAsync(AttemptCall.RunRound, cancel);
            return new RoundReport(round, round == 0 ? 256 : 1, 0, 4096, 0, TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(1));
        }

        public async Task FreezeAsync()
        {
            await host.CallAsync(AttemptCall.Freeze);
            host.Tree = Tree.Frozen;
        }

        public Task UnplugAsync() => host.CallAsync(AttemptCall.Unplug);

        public async Task<FrozenCopy> CopyFrozenAsync(CancellationToken cancel)
        {
            await host.CallAsync(AttemptCall.CopyFrozen, cancel);
            return new FrozenCopy(new Manifest(attempt, container, fence, [1], [2], [3], [4], [5]), 1, 4096, [], null);
        }

        public HandOverToken SignHandOver(Manifest manifest, byte[] destinationKeyDigest) => HandOverSignature.Sign(Key, manifest, destinationKeyDigest);

        public async Task PlugAndThawAsync()
        {
            await host.CallAsync(AttemptCall.PlugAndThaw);
            host.Tree = host.Tree == Tree.Frozen ? Tree.Running : host.Tree;
        }

        public async Task KillAsync()
        {
            await host.CallAsync(AttemptCall.Kill);
            host.Tree = Tree.None;
        }

        public Task CleanAsync(Verdict verdict) => host.CallAsync(AttemptCall.Clean);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class Destination(FakeHost host) : IDestinationAttempt
    {
        public byte[] KeyDigest { get; } = SHA256.HashData("destination key"u8);

        public bool GatedTreeIsAlive => host.Tree == Tree.Gated;

        public async Task<DataEndpoint> PrepareAsync(PrepareOrder order, CancellationToken cancel)
        {
            await host.CallAsync(AttemptCall.Prepare, cancel);
            return new DataEndpoint("10.0.0.2", 7071, KeyDigest, []);
        }

        public Task ClaimAddressAsync() => host.CallAsync(AttemptCall.ClaimAddress);

        public async Task<GateReport> RestoreToGateAsync(Manifest manifest, CancellationToken cancel)
        {
            await host.CallAsync(AttemptCall.RestoreToGate, cancel);
            host.Tree = Tree.Gated;
            return new GateReport(1, []);
        }

        public async Task OpenGateAsync(VerdictCertificate certificate)
        {
            await host.CallAsync(AttemptCall.OpenGate);
            host.Tree = host.Tree is Tree.Gated or Tree.Running ? Tree.Running : throw new AttemptException(MigrationFailure.ContainerLost, $"the tree died on host {host.Name}");
        }

        public async Task KillGatedAsync()
        {
            await host.CallAsync(AttemptCall.KillGated);
            host.Tree = host.Tree == Tree.Gated ? Tree.None : host.Tree;
        }

        public async Task<FillReport> AwaitFillAsync(CancellationToken cancel)
        {
            await host.CallAsync(AttemptCall.AwaitFill, cancel);
            return new FillReport(1, 0, TimeSpan.FromMilliseconds(1));
        }

        public Task CleanAsync(Verdict verdict) => host.CallAsync(AttemptCall.Clean);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class IdlePump : IPagePump
    {
        public void Start(StreamCredits credits, Action<PagePumpEvent> tell)
        {
        }

        public void Stop()
        {
        }
    }
}
