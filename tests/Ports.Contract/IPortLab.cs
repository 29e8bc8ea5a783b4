using ActorMigration.Actors;
using ActorMigration.Contracts;

namespace ActorMigration.Ports.Contract;

/// <summary>
/// Two hosts and one container spec, on which the contract of the ports is tried: a fake in memory or real kernels, the specs do not know. Made for one test; nothing
/// runs yet. Dispose takes all of it away, whatever the test has left.
/// </summary>
public interface IPortLab : IAsyncDisposable
{
    /// <summary>A container that counts up for as long as it runs.</summary>
    ContainerSpec Spec { get; }

    /// <summary>The host on which a test starts its container.</summary>
    IPortHost A { get; }

    /// <summary>The host it goes to.</summary>
    IPortHost B { get; }

    /// <summary>By trying, now, from a third place on the segment: something answers under the container's address.</summary>
    Task<bool> ContainerAnswersAsync();
}

/// <summary>One host: its ports as a daemon has them, and what stands there as an onlooker sees it who asks no daemon.</summary>
public interface IPortHost
{
    HostName Name { get; }

    ISourceHost Sources { get; }

    IDestinationHost Destinations { get; }

    IContainerRuntime Runtime { get; }

    ILoadSource Load { get; }

    /// <summary>The daemon dies in the middle of whatever it does (SIGKILL), and another is started. Objects of the old one are of no use any more.</summary>
    Task RestartAsync();

    /// <summary>What the container has counted on this host; -1 when it has no files here.</summary>
    Task<long> CountAsync();

    /// <summary>What there is of an attempt and does not belong to a container that lives here: one line each, for the failure message.</summary>
    Task<string[]> RemainsAsync(AttemptId attempt, ContainerName container, Fence fence);

    /// <summary>Somebody who is not asked lets a frozen container run, by hand.</summary>
    Task ThawByHandAsync(ContainerName container);

    /// <summary>Somebody who is not asked freezes a container that runs, by hand.</summary>
    Task FreezeByHandAsync(ContainerName container);

    /// <summary>Somebody kills the gated tree of an attempt, as the OOM killer would.</summary>
    Task KillGatedTreeAsync(ContainerName container, Fence fence);

    /// <summary>As if the daemon had died in a start before it wrote down who runs.</summary>
    Task ForgetStartAsync(ContainerName container);
}
