using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>
/// Containers of this host outside an attempt: start, list, end. Started and ended by the containers actor only, which has asked the
/// voters for the epoch floor before it starts anything.
/// </summary>
public interface IContainerRuntime
{
    /// <summary>Creates and starts a container at a fence; all or nothing.</summary>
    Task<ContainerStatus> RunAsync(ContainerSpec spec, Fence fence, CancellationToken cancel);

    /// <summary>
    /// What became of a start at this fence that failed, or that a daemon has died in. Null when it has not come through; nothing of it is left then. Called by the creation, before it gives the name back.
    /// </summary>
    /// <exception cref="AttemptException">It cannot be told, or what is left cannot be removed: the name is kept.</exception>
    Task<ContainerStatus?> TakeUpAsync(ContainerName name, Fence fence);

    /// <summary>Stops (signal, then KILL after <paramref name="grace"/>) and removes a container with all its files.</summary>
    Task RemoveAsync(ContainerName name, TimeSpan grace, CancellationToken cancel);

    /// <summary>
    /// Says on the segment that the container's address is here, for the migrations actor when another host has let go of it. Does nothing for a container that does
    /// not run here.
    /// </summary>
    Task AnnounceAsync(ContainerName name);

    /// <summary>
    /// Freezes a container that runs and marks it on disk as held; called by the trust actor while this host is not trusted, with the container's lease (<see cref="ContainerLeases"/>). The mark is there before it stands, so that a daemon that dies in between
    /// does not forget it.
    /// </summary>
    /// <exception cref="AttemptException">It could not be frozen: it runs on.</exception>
    Task HoldAsync(ContainerName name);

    /// <summary>Lets a container go on that is held, and takes its mark away; called with its lease. False for one that did not stand for that: whoever froze it will say when that is over.</summary>
    /// <exception cref="AttemptException">It could not be let go.</exception>
    Task<bool> ReleaseAsync(ContainerName name);

    /// <summary>
    /// What keeps running containers of this host from being moved as they are now, at most a sentence for each; those at which nothing is seen are not among them. Looks only, as the survey of a move does, and may not see what CRIU would refuse. Called by the load
    /// actor while this host is drained, so that the operator hears at once what will stay. May block its caller's thread for as long as the kernel does.
    /// </summary>
    Task<ContainerObstacle[]> ObstaclesAsync(CancellationToken cancel);

    /// <summary>What is here, by looking: records compared with runc, cgroups and processes.</summary>
    Task<ContainerStatus[]> ListAsync(CancellationToken cancel);
}

/// <summary>Why a container cannot be moved as it is.</summary>
/// <param name="Container">The container.</param>
/// <param name="Sentence">Why.</param>
public sealed record ContainerObstacle(ContainerName Container, string Sentence);
