using System.Collections.Concurrent;
using ActorMigration.Contracts;
using ActorMigration.Simulator;

namespace ActorMigration.Actors.Tests.Migrations;

/// <summary>
/// The operating system of one host, in memory, behind the same ports as the real one and under the same contract: one container, what stands of it, and a call
/// that fails or hangs on order. It outlives the actors, as a host outlives its daemon.
/// </summary>
internal sealed class FakeHost(HostName name) : ISourceHost, IDestinationHost, IContainerRuntime, ILoadSource, IStepHolds
{
    /// <summary>Pid of whatever first process there is.</summary>
    internal const int InitPid = 1;

    private long _count = -1;
    private int _samples;

    public HostName Name { get; } = name;

    public Tree Tree { get; set; }

    /// <summary>Whether the operator drains it.</summary>
    public FakeDrain Drain { get; } = new();

    /// <summary>Fence of the attempt that froze it last.</summary>
    public Fence StoppedAt { get; set; }

    /// <summary>The container that belongs here, dead or alive; null when there is none, or only a gated tree.</summary>
    public ContainerSpec? Container { get; set; }

    /// <summary>Of the container, or of the gated tree.</summary>
    public Fence Fence { get; set; }

    /// <summary>Frames reach the container.</summary>
    public bool IsPlugged { get; set; }

    /// <summary>Files, ports and helpers of attempts: whose they are.</summary>
    public ConcurrentDictionary<(ContainerName Container, Fence Fence), AttemptId> Traces { get; } = new();

    /// <summary>How far the container has counted here; it counts when it is looked at. -1 without files.</summary>
    public long Count
    {
        get => Tree == Tree.Running ? ++_count : _count;
        set => _count = value;
    }

    /// <summary>The call that fails, for ever or until it is taken back.</summary>
    public AttemptCall Failing { get; set; }

    /// <summary>Attempts whose port was given up.</summary>
    public int Disposals { get; set; }

    /// <summary>Times that an address was announced outside an attempt.</summary>
    public int Announcements { get; private set; }

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

    /// <summary>A container runs here.</summary>
    public void Place(ContainerSpec spec, Fence fence) => (Container, Fence, Tree, IsPlugged, Count) = (spec, fence, Tree.Running, true, 0);

    /// <summary>Nothing of the container is here any more.</summary>
    public void Clear() => (Container, Tree, IsPlugged, Count, IsHeld) = (null, Tree.None, false, -1, false);

    ISourceAttempt ISourceHost.Open(AttemptId attempt, ContainerName container, Fence fence, bool verifyMemory)
        => Container?.Name == container
            ? new FakeSource(this, attempt, container, fence)
            : throw new AttemptException(MigrationFailure.UnknownContainer, $"container {container} is not on this host");

    ISourceAttempt ISourceHost.Adopt(AttemptId attempt, ContainerName container, Fence fence) => new FakeSource(this, attempt, container, fence);

    public bool CopyStands(ContainerName container) => Container?.Name == container && Tree is Tree.Running or Tree.Frozen;

    public bool CopyRuns(ContainerName container) => Container?.Name == container && Tree == Tree.Running;

    public bool TreeStands(ContainerName container, Fence fence) => Tree != Tree.None && Fence == fence;

    public bool TreeWaits(ContainerName container, Fence fence) => Tree == Tree.Gated && Fence == fence;

    IDestinationAttempt IDestinationHost.Open(AttemptId attempt, ContainerName container, Fence fence, byte[] sourceKeyDigest) => new FakeDestination(this, attempt, container, fence);

    /// <summary>What an earlier daemon left cannot be opened.</summary>
    public bool CannotAdopt { get; set; }

    IDestinationAttempt IDestinationHost.Adopt(AttemptId attempt, ContainerName container, Fence fence)
        => CannotAdopt ? throw new AttemptException(MigrationFailure.Internal, "no descriptor is left") : new FakeDestination(this, attempt, container, fence);

    public Task<ContainerStatus> RunAsync(ContainerSpec spec, Fence fence, CancellationToken cancel)
    {
        var why = Container is not null ? (MigrationFailure.AttemptInProgress, $"container {spec.Name} is on this host already")
            : HasTraceOf(spec.Name) ? (MigrationFailure.LeftoversFound, $"an attempt of container {spec.Name} has not been cleaned up")
            : cancel.IsCancellationRequested ? (MigrationFailure.Cancelled, "the start was cancelled")
            : default;
        if (why != default)
        {
            throw new AttemptException(why.Item1, why.Item2);
        }

        Place(spec, fence);
        Started();
        return Task.FromResult(Status(spec));
    }

    /// <summary>As if a daemon had died in the middle of a start.</summary>
    public bool IsHalfStarted { get; set; }

    /// <summary>What becomes of a start cannot be told.</summary>
    public bool CannotTakeUp { get; set; }

    /// <summary>Called when a container has been started, before that is said.</summary>
    public Action Started { get; set; } = static () => { };

    public Task<ContainerStatus?> TakeUpAsync(ContainerName name, Fence fence)
    {
        if (CannotTakeUp)
        {
            throw new AttemptException(MigrationFailure.Internal, $"what is left of {name} cannot be removed");
        }

        if (IsHalfStarted)
        {
            IsHalfStarted = false;
            Clear();
        }

        return Task.FromResult(Container is { } here && here.Name == name && Fence == fence ? Status(here) : null);
    }

    public Task RemoveAsync(ContainerName name, TimeSpan grace, CancellationToken cancel)
    {
        if (Container?.Name != name)
        {
            throw new AttemptException(MigrationFailure.UnknownContainer, $"container {name} is not on this host");
        }

        Clear();
        return Task.CompletedTask;
    }

    public Task AnnounceAsync(ContainerName name)
    {
        Announcements++;
        return Task.CompletedTask;
    }

    /// <summary>The mark of a container that is held; as it lies on a disk, it outlives everything but the container.</summary>
    public bool IsHeld { get; private set; }

    /// <summary>How often a container was held.</summary>
    public int Holds { get; private set; }

    /// <summary>Holding and letting go fail.</summary>
    public bool CannotFreeze { get; set; }

    public Task HoldAsync(ContainerName name)
    {
        if (Container?.Name != name || CannotFreeze)
        {
            throw new AttemptException(CannotFreeze ? MigrationFailure.Internal : MigrationFailure.UnknownContainer, $"container {name} {(CannotFreeze ? "cannot be frozen" : "is not on this host")}");
        }

        (IsHeld, Tree, Holds) = (true, Tree.Frozen, Holds + 1);
        return Task.CompletedTask;
    }

    public Task<bool> ReleaseAsync(ContainerName name)
    {
        if (!IsHeld || Container?.Name != name)
        {
            return Task.FromResult(false);
        }

        var stood = Tree == Tree.Frozen;
        (IsHeld, Tree) = CannotFreeze ? throw new AttemptException(MigrationFailure.Internal, $"container {name} cannot be let go") : (false, stood ? Tree.Running : Tree);
        return Task.FromResult(stood);
    }

    public Task<ContainerObstacle[]> ObstaclesAsync(CancellationToken cancel)
        => Task.FromResult<ContainerObstacle[]>(Container is { } here && Tree == Tree.Frozen ? [new ContainerObstacle(here.Name, "it is frozen")] : []);

    public Task<ContainerStatus[]> ListAsync(CancellationToken cancel)
        => Task.FromResult<ContainerStatus[]>(Container is { } here ? [Status(here)] : []);

    /// <summary>Each sample is a second after the one before; a container that runs uses half of the one core, and the host a tenth more.</summary>
    public Task<LoadSample> SampleAsync(CancellationToken cancel)
    {
        _samples++;
        ContainerCounters[] containers = Container is { } here && Tree is Tree.Running or Tree.Frozen
            ? [new ContainerCounters(here.Name, Fence, here.Placement, _samples * 0.5, 1 << 20, 0, 0, 1 << 20, null)]
            : [];
        return Task.FromResult(new LoadSample(TimeSpan.FromSeconds(_samples), new HostCounters(1, _samples * 0.6, 1 << 30, 2 << 20, 0, 0, null, null), containers));
    }

    bool IStepHolds.IsHeld(string step) => step == Held;

    void IStepHolds.Reached(string step, AttemptId attempt) => Waiting = step;

    void IStepHolds.Left(string step) => Waiting = null;

    internal bool HasTraceOf(ContainerName container) => Traces.Keys.Any(trace => trace.Container == container);

    /// <summary>Every call of an attempt begins with this.</summary>
    internal async Task CallAsync(AttemptCall call, CancellationToken cancel = default)
    {
        Calls.Enqueue(call);
        if (Hanging is { } hanging && hanging.Call == call)
        {
            await Cancelled.AsFailure(hanging.Gate.Task.WaitAsync(cancel), call);
        }

        if (Failing == call)
        {
            throw new AttemptException(MigrationFailure.Internal, $"{call} fails on host {Name}");
        }
    }

    private ContainerStatus Status(ContainerSpec here) => new(
        here.Name, Fence, Tree switch { Tree.Running => ContainerState.Running, Tree.Frozen => ContainerState.Frozen, _ => ContainerState.Exited }, InitPid, here.Image, here.Network.Address, 0);
}

/// <summary>A port says "cancelled" by its own exception.</summary>
internal static class Cancelled
{
    internal static async Task AsFailure(Task wait, AttemptCall call)
    {
        try
        {
            await wait;
        }
        catch (OperationCanceledException)
        {
            throw new AttemptException(MigrationFailure.Cancelled, $"{call} was cancelled");
        }
    }
}
