using System.Collections.Immutable;
using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>Which voter a state directory is, and how new its memory was when this was written. Changed by the methods below only.</summary>
/// <param name="Incarnation">Names the state: drawn when the directory was first used, and again when it proved older than it should be.</param>
/// <param name="HasVoted">True when some incarnation in this directory has voted, or may have been told what others know: the directory is not that of a new voter.</param>
/// <param name="IsAdmitted">True when this incarnation may vote, if its memory is its newest.</param>
/// <param name="Counter">What the TPM's counter stood at, or was about to stand at, when this was written; null for an incarnation that has not asked it yet.</param>
/// <param name="Founders">With whom it began; empty when it was admitted by voters that knew more.</param>
/// <param name="Set">The voters with whom it has voted last; null when it never has.</param>
public sealed record VoterMembership(Guid Incarnation, bool HasVoted, bool IsAdmitted, ulong? Counter, ImmutableArray<RegisteredVoter> Founders, VoterSet? Set = null)
{
    /// <summary>Of a state directory that is used for the first time, or again after it was lost.</summary>
    public static VoterMembership Fresh(Guid incarnation) => new(incarnation, HasVoted: false, IsAdmitted: false, Counter: null, Founders: []);

    /// <summary>It is about to take over what others know. One that crashes in the middle of it is not to begin a cluster with voters that know nothing.</summary>
    public VoterMembership Told() => this with { HasVoted = true };

    /// <summary>This incarnation may vote from now on, in this set.</summary>
    public VoterMembership Admitted(ImmutableArray<RegisteredVoter> founders, ulong counter, VoterSet set)
        => this with { HasVoted = true, IsAdmitted = true, Founders = founders, Counter = counter, Set = set };

    /// <summary>The counter is about to stand there, and it votes in this set.</summary>
    public VoterMembership Counted(ulong counter, VoterSet set) => this with { Counter = counter, Set = set };

    /// <summary>The counter stands there.</summary>
    public VoterMembership Corrected(ulong counter) => this with { Counter = counter };

    /// <summary>Another incarnation, which has to be admitted; the counter stood there.</summary>
    public VoterMembership Renewed(Guid incarnation, ulong counter) => this with { Incarnation = incarnation, IsAdmitted = false, Counter = counter, Founders = [] };

    /// <summary>What it says of itself. One that has not been counted is about to draw another incarnation: nobody is to begin a cluster with it.</summary>
    /// <param name="votes">True when it was found to be its newest, or was admitted, in this life of its daemon.</param>
    public VoterStanding Standing(bool votes) => votes ? VoterStanding.Votes : HasVoted || Counter is null ? VoterStanding.Waits : VoterStanding.New;
}
