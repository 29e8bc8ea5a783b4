using System.Buffers.Binary;
using System.Security.Cryptography;
using ActorMigration.Contracts;
using ActorMigration.Simulator;

namespace ActorMigration.Actors.Tests.Migrations;

/// <summary>The destination's side of an attempt on a <see cref="FakeHost"/>.</summary>
internal sealed class FakeDestination(FakeHost host, AttemptId attempt, ContainerName container, Fence fence) : IDestinationAttempt
{
    /// <summary>Memory and disk that the host can give.</summary>
    private const long RoomBytes = 1L << 40;

    private DataEndpoint? _endpoint;
    private ContainerSpec? _spec;

    public byte[] KeyDigest { get; } = SHA256.HashData(attempt.Value.ToByteArray());

    public bool GatedTreeIsAlive => host.Tree == Tree.Gated && host.Fence == fence;

    public async Task<DataEndpoint> PrepareAsync(PrepareOrder order, CancellationToken cancel)
    {
        await host.CallAsync(AttemptCall.Prepare, cancel);
        if (_endpoint is not null)
        {
            return _endpoint;
        }

        if (WhyNot(order.Survey, cancel) is { } why)
        {
            throw new AttemptException(why.Item1, why.Item2);
        }

        host.Traces[(container, fence)] = attempt;
        _spec = order.Survey.Spec;
        return _endpoint = new DataEndpoint("10.0.0.2", 7071, KeyDigest, []);
    }

    public async Task ClaimAddressAsync()
    {
        await host.CallAsync(AttemptCall.ClaimAddress);
        DemandPrepared();
    }

    public async Task<GateReport> RestoreToGateAsync(Manifest manifest, CancellationToken cancel)
    {
        await host.CallAsync(AttemptCall.RestoreToGate, cancel);
        if (GatedTreeIsAlive)
        {
            return new GateReport(FakeHost.InitPid, []);
        }

        DemandPrepared();
        var count = manifest.PagesDigest is { Length: sizeof(long) } pages ? BinaryPrimitives.ReadInt64LittleEndian(pages) : -1;
        if (!HandOverSignature.Root(manifest).AsSpan().SequenceEqual(HandOverSignature.Root(FakeSource.Sent(attempt, container, fence, count))))
        {
            throw new AttemptException(MigrationFailure.ContentMismatch, $"what arrived of container {container} is not what the manifest says");
        }

        (host.Tree, host.Fence, host.Count) = (Tree.Gated, fence, count);
        return new GateReport(FakeHost.InitPid, []);
    }

    public async Task OpenGateAsync(VerdictCertificate certificate)
    {
        await host.CallAsync(AttemptCall.OpenGate);
        if (certificate.Value != Verdict.Dest || certificate.Register != new RegisterId(container, fence, attempt))
        {
            throw new AttemptException(MigrationFailure.Internal, $"this verdict does not open the gate of attempt {attempt}");
        }

        if (host is { Tree: Tree.Running, Container: not null } && host.Fence == fence)
        {
            return;
        }

        if (host.Traces.ContainsKey((container, fence)) && !GatedTreeIsAlive)
        {
            (host.Container, host.Fence) = (_spec ?? FakeHost.Spec(container), fence);
            throw new AttemptException(MigrationFailure.ContainerLost, $"container {container} is lost: its tree died on host {host.Name} before it ran");
        }

        Demand(GatedTreeIsAlive);
        (host.Tree, host.Container, host.IsPlugged) = (Tree.Running, _spec ?? FakeHost.Spec(container), true);
    }

    public async Task KillGatedAsync()
    {
        await host.CallAsync(AttemptCall.KillGated);
        host.Tree = GatedTreeIsAlive ? Tree.None : host.Tree;
    }

    public Task RefuseTreeAsync() => GatedTreeIsAlive
        ? throw new AttemptException(MigrationFailure.LeftoversFound, $"host {host.Name} was said to be off, but the tree of {container} stands here")
        : KillGatedAsync();

    public async Task<FillReport> AwaitFillAsync(CancellationToken cancel)
    {
        await host.CallAsync(AttemptCall.AwaitFill, cancel);
        return new FillReport(1, 0, TimeSpan.FromMilliseconds(1));
    }

    public async Task CleanAsync(Verdict verdict)
    {
        await host.CallAsync(AttemptCall.Clean);
        if (verdict == Verdict.Source && GatedTreeIsAlive)
        {
            host.Tree = Tree.None;
        }

        if (host.Traces.TryRemove((container, fence), out _) && verdict == Verdict.Source)
        {
            host.Clear();
        }
    }

    public ValueTask DisposeAsync()
    {
        host.Disposals++;
        return ValueTask.CompletedTask;
    }

    private (MigrationFailure, string)? WhyNot(SourceSurvey survey, CancellationToken cancel)
        => host.Container?.Name == container || host.HasTraceOf(container) ? (MigrationFailure.LeftoversFound, $"host {host.Name} still has something of container {container}")
            : survey.Spec.Name != container ? (MigrationFailure.ContentMismatch, $"container {survey.Spec.Name} is announced in an attempt of {container}")
            : survey.Platform.Architecture != FakeSource.Platform.Architecture ? (MigrationFailure.Incompatible, $"the container is for {survey.Platform.Architecture}")
            : Math.Max(survey.MemoryBytes, survey.FilesBytes) > RoomBytes ? (MigrationFailure.NoRoom, $"container {container} needs more than the {RoomBytes} bytes of this host")
            : cancel.IsCancellationRequested ? (MigrationFailure.Cancelled, "preparing was cancelled")
            : null;

    private void DemandPrepared() => Demand(_endpoint is not null);

    private void Demand(bool isPrepared)
    {
        if (!isPrepared)
        {
            throw new AttemptException(MigrationFailure.Internal, $"attempt {attempt} has not been prepared on this host");
        }
    }
}
