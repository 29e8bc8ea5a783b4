using System.Collections.Immutable;
using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>Which voter this host's state directory is, and whether it may vote. Called by the voter, one call at a time.</summary>
public interface IVoterMembership
{
    /// <summary>Of the state directory: drawn when it was first used.</summary>
    Guid Incarnation { get; }

    /// <summary>True once it has been admitted; kept for ever.</summary>
    bool IsAdmitted { get; }

    /// <summary>With whom it began; empty when it was admitted by voters that knew more.</summary>
    ImmutableArray<RegisteredVoter> Founders { get; }

    /// <summary>Makes the admission durable.</summary>
    Task AdmitAsync(ImmutableArray<RegisteredVoter> founders);
}
