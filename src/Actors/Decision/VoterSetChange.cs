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

    /// <summary>It was away over a change: it comes to the set as one with an old memory would, and has to be admitted by the others.</summary>
    public sealed record Joins : VoterSetChange;

    /// <summary>It does not vote; the one sentence why.</summary>
    public sealed record Refused(string Sentence) : VoterSetChange;

    /// <summary>
    /// A set may follow another by one voter that is exchanged, or two that are added. Of any majority of the old set, and any majority of the new one whose new voters have been
    /// told by as many of the set as are a majority, one voter is in both or was heard by the new ones; and once these have answered with the new set no majority of the old one is left. A
    /// smaller set has majorities that know nothing of the old one's. Pure.
    /// </summary>
    /// <param name="self">This voter.</param>
    /// <param name="before">The set that it has voted with; null when it never has, or before sets were written down.</param>
    /// <param name="configured">The set now.</param>
    public static VoterSetChange Decide(HostName self, VoterSet? before, VoterSet configured)
    {
        if (before is null || before.IsSame(configured))
        {
            return new Stays();
        }

        var (gone, come) = (before.Hosts.Except(configured.Hosts).Count(), configured.Hosts.Except(before.Hosts).Count());
        return configured.Number < before.Number ? new Refused($"voter {self} has voted with {before}, and its configuration is an older one with {configured}: put the newer one back")
            : configured.Number == before.Number ? new Refused($"voter {self} has voted with {before}, and its configuration now has {configured}: a change of amig.voters needs the next amig.voter.set, {before.Number + 1}, on all hosts")
            : configured.Number > before.Number + 1 ? new Joins()
            : (gone, come) is (0, 0) or (1, 1) or (0, 2) ? new Stays()
            : new Refused($"voter {self} has voted with {before}, and its configuration now has {configured}: one voter may be exchanged at a time, or two added, none only removed");
    }
}
