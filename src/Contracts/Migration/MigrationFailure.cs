namespace ActorMigration.Contracts;

/// <summary>Why an attempt did not move its container. Scripts match on the name, people read the sentence beside it.</summary>
public enum MigrationFailure
{
    /// <summary>No failure.</summary>
    None,

    /// <summary>The container is not known in the cluster, or no longer runs.</summary>
    UnknownContainer,

    /// <summary>The destination is not a member that can be reached.</summary>
    UnknownHost,

    /// <summary>The container already runs on the host that was named.</summary>
    AlreadyThere,

    /// <summary>Another attempt of this container has not ended.</summary>
    AttemptInProgress,

    /// <summary>A side did not prove what it is; the sentence names the rule.</summary>
    AttestationFailed,

    /// <summary>The operator drains the host: it takes no containers.</summary>
    Draining,

    /// <summary>A majority of the voters rejects what the host proves, or has asked it in vain for long.</summary>
    NotTrusted,

    /// <summary>The host's TPM does not answer.</summary>
    NotAttestable,

    /// <summary>No majority of the voters could be had, so nothing was begun.</summary>
    NoMajority,

    /// <summary>Memory, disk or an address is missing at the destination.</summary>
    NoRoom,

    /// <summary>The destination still has something of an older attempt of this container.</summary>
    LeftoversFound,

    /// <summary>CPU, kernel, CRIU or cgroup layout of the destination cannot run this container.</summary>
    Incompatible,

    /// <summary>The container holds something that cannot be carried; the sentence names it.</summary>
    NotDumpable,

    /// <summary>Pre-copy does not reach the downtime target under this policy.</summary>
    DoesNotConverge,

    /// <summary>A certificate or key was not the attested one.</summary>
    WrongPeer,

    /// <summary>The stream between the hosts broke.</summary>
    StreamBroken,

    /// <summary>What arrived is not what was sent, or not complete.</summary>
    ContentMismatch,

    /// <summary>CRIU or runc refused at the destination.</summary>
    RestoreFailed,

    /// <summary>The other side went silent before the freeze.</summary>
    PeerLost,

    /// <summary>The operator cancelled.</summary>
    Cancelled,

    /// <summary>It is decided already where the container runs, or that the attempt is given up.</summary>
    TooLate,

    /// <summary>The restored tree died after the register had given it to the destination and before it ran: the container runs nowhere, its files are at the destination.</summary>
    ContainerLost,

    /// <summary>A defect or an error of this host; the sentence and the log have the rest.</summary>
    Internal,
}
