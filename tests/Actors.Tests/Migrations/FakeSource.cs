using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using ActorMigration.Actors.Streaming;
using ActorMigration.Contracts;
using ActorMigration.Simulator;

namespace ActorMigration.Actors.Tests.Migrations;

/// <summary>The source's side of an attempt on a <see cref="FakeHost"/>. What it "sends" stands in its manifest.</summary>
internal sealed class FakeSource(FakeHost host, AttemptId attempt, ContainerName container, Fence fence) : ISourceAttempt
{
    /// <summary>Resident memory of the container.</summary>
    private const long MemoryBytes = 1 << 20;

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly StartedPump _pump = new();
    private bool _isConnected;
    private bool _hasRun;
    private bool _hasCopied;
    private volatile bool _isLetGo;

    internal static Platform Platform { get; } = new("x86_64", [], "6.12", "4.2", "write-protect");

    public byte[] KeyDigest => SHA256.HashData(_key.ExportSubjectPublicKeyInfo());

    public IPagePump Pump => _pump;

    public async Task<SourceSurvey> SurveyAsync(CancellationToken cancel)
    {
        await host.CallAsync(AttemptCall.Survey, cancel);
        return host is { Tree: Tree.Running, Container: { } spec }
            ? new SourceSurvey(spec, MemoryBytes, 0, 0, 1, [], Platform)
            : throw new AttemptException(MigrationFailure.UnknownContainer, $"container {container} does not run");
    }

    public async Task ConnectAsync(DataEndpoint destination, CancellationToken cancel)
    {
        await host.CallAsync(AttemptCall.Connect, cancel);
        host.Traces[(container, fence)] = attempt;
        _isConnected = true;
    }

    public async Task<RoundReport> RunRoundAsync(int round, CancellationToken cancel)
    {
        Demand(_isConnected, "it has not been connected");
        await host.CallAsync(AttemptCall.RunRound, cancel);
        await Cancelled.AsFailure(_pump.Started.WaitAsync(cancel), AttemptCall.RunRound);
        _hasRun = true;
        return new RoundReport(round, round == 0 ? 256 : 1, 0, 4096, 0, 0, TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(1));
    }

    public async Task FreezeAsync()
    {
        await host.CallAsync(AttemptCall.Freeze);
        Demand(host.Tree is Tree.Running or Tree.Frozen, "it does not run");
        (host.Tree, host.StoppedAt) = (Tree.Frozen, fence);
    }

    public async Task UnplugAsync()
    {
        await host.CallAsync(AttemptCall.Unplug);
        Demand(_isConnected && host.Tree == Tree.Frozen, "it is not frozen, or not connected");
        host.IsPlugged = false;
    }

    public async Task<FrozenCopy> CopyFrozenAsync(CancellationToken cancel)
    {
        await host.CallAsync(AttemptCall.CopyFrozen, cancel);
        Demand(_hasRun && !_hasCopied && host.Tree == Tree.Frozen, "it is not frozen, or no round has been run, or it has been copied already");
        _hasCopied = true;
        return new FrozenCopy(Sent(attempt, container, fence, host.Count), 1, 4096, [], null);
    }

    public HandOverToken SignHandOver(Manifest manifest, byte[] destinationKeyDigest) => HandOverSignature.Sign(_key, manifest, destinationKeyDigest);

    public async Task PlugAndThawAsync()
    {
        _isLetGo = true;
        await host.CallAsync(AttemptCall.PlugAndThaw);
        Demand(host.Tree is Tree.Running or Tree.Frozen, "it is not here");
        if (host.Tree == Tree.Frozen && host.StoppedAt > fence)
        {
            throw new AttemptException(MigrationFailure.LeftoversFound, $"container {container} was stopped by a later attempt, at {host.StoppedAt}");
        }

        (host.Tree, host.IsPlugged) = (Tree.Running, true);
    }

    public async Task<string?> AwaitThawByOthersAsync()
    {
        while (!_isLetGo && host.StoppedAt == fence)
        {
            if (host.Tree == Tree.Running)
            {
                (host.Tree, host.IsPlugged) = (Tree.Frozen, false);
                return $"somebody let container {container} run on host {host.Name}";
            }

            await Task.Delay(1);
        }

        return null;
    }

    public Task RefuseCopyAsync() => host.Tree == Tree.None
        ? KillAsync()
        : throw new AttemptException(MigrationFailure.LeftoversFound, $"host {host.Name} was said to be off, but the copy of {container} stands here");

    public async Task KillAsync()
    {
        _isLetGo = true;
        await host.CallAsync(AttemptCall.Kill);
        host.Tree = Tree.None;
    }

    public async Task CleanAsync(Verdict verdict)
    {
        await host.CallAsync(AttemptCall.Clean);
        host.Traces.TryRemove((container, fence), out _);
        if (verdict == Verdict.Dest)
        {
            host.Clear();
        }
    }

    public ValueTask DisposeAsync()
    {
        _isLetGo = true;
        host.Disposals++;
        return ValueTask.CompletedTask;
    }

    /// <summary>What a manifest says when a container was frozen at <paramref name="count"/>.</summary>
    internal static Manifest Sent(AttemptId attempt, ContainerName container, Fence fence, long count)
    {
        var pages = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(pages, count);
        return new Manifest(attempt, container, fence, pages, [2], [3], [4], SHA256.HashData(Encoding.UTF8.GetBytes(container.Value)));
    }

    private void Demand(bool holds, string why)
    {
        if (!holds)
        {
            throw new AttemptException(MigrationFailure.Internal, $"attempt {attempt} cannot go on with container {container}: {why}");
        }
    }

    private sealed class StartedPump : IPagePump
    {
        private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal Task Started => _started.Task;

        public void Start(StreamCredits credits, Action<PagePumpEvent> tell) => _started.TrySetResult();

        public void Stop()
        {
        }
    }
}
