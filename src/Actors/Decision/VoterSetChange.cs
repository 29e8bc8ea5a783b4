using System.Collections.Immutable;
using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>What a voter is to do whose configuration may name other voters than the ones that it has voted with.</summary>
public abstract record VoterSetChange
{
    private VoterSetChange()
    {
    }

    /// <summary>Its memory counts in the set as it is configured.</summary>
    public sealed record Stays : VoterSetChange;

    /// <summary>It was away over a change, or has voted in a set that came to nothing: it comes as one with an old memory would, and has to be admitted by the others.</summary>
    public sealed record Joins : VoterSetChange;

    /// <summary>It does not vote; the one sentence why.</summary>
    public sealed record Refused(string Sentence) : VoterSetChange;

    /// <summary>Pure. What is configured is a step that <see cref="WhyNotFollow"/> allows.</summary>
    /// <param name="self">This voter.</param>
    /// <param name="voted">The set that it has voted with; null when it never has, or before sets were written down.</param>
    /// <param name="configured">The set now.</param>
    /// <param name="before">The voters of the set before it, as configured; empty for the first set.</param>
    public static VoterSetChange Decide(HostName self, VoterSet? voted, VoterSet configured, ImmutableArray<HostName> before)
    {
        if (voted is null)
        {
            return configured.Number > VoterSet.First + 1 ? new Joins() : new Stays();
        }

        return voted.IsSame(configured) ? new Stays()
            : configured.Number < voted.Number ? new Refused($"voter {self} has voted with {voted}, and its configuration is an older one with {configured}: put the newer one back")
            : configured.Number == voted.Number ? new Refused($"voter {self} has voted with {voted}, and its configuration now has {configured}: a change of amig.voters needs the next amig.voter.set, {voted.Number + 1}, on all hosts")
            : configured.Number == voted.Number + 1 && before.ToHashSet().SetEquals(voted.Hosts) ? new Stays()
            : new Joins();
    }

    /// <summary>
    /// A set may follow another by one voter that is exchanged, or two that are added: null, or the sentence why not. Of any majority of the old set, and any majority of the new one whose new
    /// voters have been told by as many of the set as are a majority, one voter is in both or was heard by the new ones; and once these have answered with the new set no majority
    /// of the old one is left. A smaller set has majorities that know nothing of the old one's. Pure.
    /// </summary>
    public static string? WhyNotFollow(IReadOnlyCollection<HostName> before, VoterSet configured)
    {
        var (gone, come) = (before.Except(configured.Hosts).Count(), configured.Hosts.Except(before).Count());
        return configured.Number == VoterSet.First
            ? before.Count == 0 ? null : "amig.voter.before is for a set that follows another: amig.voter.set is 1"
            : (gone, come) is (0, 0) or (1, 1) or (0, 2) ? null
            : $"{configured} cannot follow {string.Join(", ", before.Select(h => h.Value).Order(StringComparer.Ordinal))} (amig.voter.before): one voter may be exchanged at a time, or two added, none only removed";
    }
}
