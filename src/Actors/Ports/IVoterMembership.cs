using System.Collections.Immutable;
using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>Which voter this host's state directory is, and how new its memory was when it was last written. Called by the voter, one call at a time.</summary>
public interface IVoterMembership
{
    /// <summary>Names the state: drawn when the directory was first used, and again when it proved older than it should be.</summary>
    Guid Incarnation { get; }

    /// <summary>True when some incarnation in this directory has voted.</summary>
    bool HasVoted { get; }

    /// <summary>True when this incarnation may vote, if its memory is its newest.</summary>
    bool IsAdmitted { get; }

    /// <summary>What the TPM's counter stood at, or was about to stand at, when this was last written; null for an incarnation that has not asked it yet.</summary>
    ulong? Counter { get; }

    /// <summary>With whom it began; empty when it was admitted by voters that knew more.</summary>
    ImmutableArray<RegisteredVoter> Founders { get; }

    /// <summary>Makes durable that this incarnation may vote.</summary>
    Task AdmitAsync(ImmutableArray<RegisteredVoter> founders, ulong counter);

    /// <summary>Makes durable what the counter is about to stand at.</summary>
    Task CountAsync(ulong counter);

    /// <summary>Draws a new incarnation, which has to be admitted, and makes durable what the counter stood at then.</summary>
    Task RenewAsync(ulong counter);
}

/// <summary>
/// A counter that no copy of a disk can take back: an NV counter of this host's TPM. Throws <see cref="Trust.TpmUnavailableException"/> while the TPM does not answer.
/// </summary>
public interface IFreshnessCounter
{
    /// <summary>Null when it was never incremented.</summary>
    Task<ulong?> ReadAsync(CancellationToken cancel);

    /// <summary>Adds one and returns the new value.</summary>
    Task<ulong> IncrementAsync(CancellationToken cancel);
}
