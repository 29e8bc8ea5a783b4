using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>What a host keeps of balancing on its disk. Used by its balancer actor only; calls block for as long as the disk does.</summary>
public interface IBalanceStore
{
    /// <summary>The newest word on the mode that this host has heard; <see cref="BalanceModeSet.None"/> when there was none.</summary>
    BalanceModeSet Mode { get; }

    /// <summary>Durable when it returns.</summary>
    /// <exception cref="AttemptException">It could not be written; the old one is in force.</exception>
    void Keep(BalanceModeSet mode);

    /// <summary>Adds a decision with all that led to it, for <c>amig balance replay</c>. A log that cannot be written costs the log, not the balance.</summary>
    void Append(BalanceRecord record);
}

/// <summary>A line of the log: the last member is what <see cref="BalanceRounds.See"/> makes of the others.</summary>
/// <param name="Memory">What was remembered before.</param>
/// <param name="Self">Who decided.</param>
/// <param name="Snapshot">What was seen.</param>
/// <param name="Policy">In force.</param>
/// <param name="Mode">In force.</param>
/// <param name="Decision">What came of it.</param>
public sealed record BalanceRecord(BalanceMemory Memory, HostName Self, LoadSnapshot Snapshot, BalancePolicy Policy, BalanceMode Mode, BalanceDecision Decision);

/// <summary>Whether this host takes containers. Read from any thread at any time; changed by the host's balancer actor only.</summary>
public interface IDrainMark
{
    /// <summary>Whether it is drained, and what for.</summary>
    DrainCause Cause { get; }

    /// <summary>True while it is drained.</summary>
    bool IsSet => Cause != DrainCause.None;

    /// <summary>Durable when it returns.</summary>
    /// <exception cref="AttemptException">It could not be written; all is as before.</exception>
    void Set(DrainCause cause);
}

/// <summary>Why a host takes no containers.</summary>
public enum DrainCause
{
    /// <summary>It takes them.</summary>
    None,

    /// <summary>It goes down, or is about to; over when it is up again.</summary>
    Shutdown,

    /// <summary>The operator has said so, and will say when it is over.</summary>
    Operator,
}

/// <summary>A host that is never drained.</summary>
public sealed class NoDrain : IDrainMark
{
    public static NoDrain Instance { get; } = new();

    public DrainCause Cause => DrainCause.None;

    public void Set(DrainCause cause) => throw new NotSupportedException("this host cannot be drained");
}
