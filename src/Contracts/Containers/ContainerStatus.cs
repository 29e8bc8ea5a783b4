namespace ActorMigration.Contracts;

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

    /// <summary>The voters say that it belongs to a host that does not answer: whether it runs there is not known.</summary>
    Unreachable,
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
