using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>What this host is in an attempt.</summary>
public enum AttemptRole
{
    /// <summary>The container leaves this host.</summary>
    Source = 1,

    /// <summary>The container comes to this host.</summary>
    Destination = 2,

    /// <summary>This host starts the container for the first time.</summary>
    Creator = 3,
}

/// <summary>
/// One fact of one attempt on this host's disk, written before what it says is done or said. What a daemon does after a restart follows from these alone.
/// </summary>
public abstract record JournalEntry(AttemptId Attempt)
{
    /// <summary>Source: before any voter hears of the register. Destination: before anything is made for the container.</summary>
    public sealed record Begun(AttemptRole Role, Registration Registration, long StartedUnixMs) : JournalEntry(Registration.Register.Attempt);

    /// <summary>Source: from now on the container may be frozen, and only the register leaves that state.</summary>
    public sealed record Frozen(AttemptId Attempt) : JournalEntry(Attempt);

    /// <summary>Destination: the tree stands at its gate and the source's permission is here. Counts only with this boot id and while the tree lives.</summary>
    public sealed record Prepared(AttemptId Attempt, string BootId, int InitPid, HandOverToken Token) : JournalEntry(Attempt);

    /// <summary>Destination: it has not proposed DEST and never will; its gated tree may be killed without a verdict.</summary>
    public sealed record Never(AttemptId Attempt) : JournalEntry(Attempt);

    /// <summary>This host is about to propose a value.</summary>
    public sealed record Proposed(AttemptId Attempt, Verdict Value) : JournalEntry(Attempt);

    /// <summary>A ballot of this host that is about to be used, and is never used again.</summary>
    public sealed record BallotUsed(AttemptId Attempt, long Counter) : JournalEntry(Attempt);

    /// <summary>The verdict with its proof; what it orders is then done, again if need be.</summary>
    public sealed record VerdictLearned(AttemptId Attempt, VerdictCertificate Certificate) : JournalEntry(Attempt);

    /// <summary>Nothing is left to do. Kept as history, bounded.</summary>
    public sealed record Ended(AttemptDetails Details) : JournalEntry(Details.Attempt);

    /// <summary>Written by compaction: the last verdict of a container whose attempt has ended; the next BEGIN shows it to voters.</summary>
    public sealed record LastVerdict(ClosedRegister Register) : JournalEntry(Register.Certificate.Register.Attempt);

    /// <summary>This host removed the container and freed its name.</summary>
    public sealed record Removed(AttemptId Attempt, ContainerName Container) : JournalEntry(Attempt);
}
