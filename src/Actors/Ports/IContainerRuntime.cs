using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>
/// Containers of this host outside an attempt: start, list, end. Called by the containers actor only, which has asked the
/// voters for the epoch floor before it starts anything.
/// </summary>
public interface IContainerRuntime
{
    /// <summary>Creates and starts a container at a fence; all or nothing.</summary>
    Task<ContainerStatus> RunAsync(ContainerSpec spec, Fence fence, CancellationToken cancel);

    /// <summary>Stops (signal, then KILL after <paramref name="grace"/>) and removes a container with all its files.</summary>
    Task RemoveAsync(ContainerName name, TimeSpan grace, CancellationToken cancel);

    /// <summary>What is here, by looking: records compared with runc, cgroups and processes.</summary>
    Task<ContainerStatus[]> ListAsync(CancellationToken cancel);
}

/// <summary>State of a container as found on its host.</summary>
public enum ContainerState
{
    /// <summary>Its tasks run.</summary>
    Running,

    /// <summary>Its tasks are frozen.</summary>
    Frozen,

    /// <summary>Restored, before its first instruction.</summary>
    Gated,

    /// <summary>Its first process has ended.</summary>
    Exited,
}

/// <summary>One row of <c>amig ps</c>.</summary>
/// <param name="Name">The container.</param>
/// <param name="Fence">Fence of its last start or attempt.</param>
/// <param name="State">As found.</param>
/// <param name="InitPid">First process, 0 when there is none.</param>
/// <param name="Image">Manifest digest.</param>
/// <param name="Address">IP address.</param>
/// <param name="MemoryBytes">Of its cgroup, now.</param>
public sealed record ContainerStatus(ContainerName Name, Fence Fence, ContainerState State, int InitPid, string Image, string Address, long MemoryBytes);
