namespace ActorMigration.Host.Linux.Tracking;

/// <summary>Why a process could not be tracked. The process was left as it was in every case.</summary>
public enum AttachFailure
{
    /// <summary>It ended, or became another program, meanwhile.</summary>
    Gone,

    /// <summary>A debugger holds it. CRIU cannot dump it either: the attempt is refused.</summary>
    Traced,

    /// <summary>A task that shares its descriptors did not stop in time; the next round tries again.</summary>
    Deadline,

    /// <summary>No thread was in a state in which a call could be injected; the next round tries again.</summary>
    NoThread,

    /// <summary>It has a seccomp filter and the kernel did not let us suspend it.</summary>
    Seccomp,

    /// <summary>The kernel refused the userfaultfd, or gave something else.</summary>
    Refused,

    /// <summary>Another task of the container kept a copy of the descriptor and would not give it up: CRIU would refuse it in the stop.</summary>
    DescriptorKept,
}
