namespace ActorMigration.Contracts;

/// <summary>
/// The voters of a cluster as they are configured, and which set this is (amig.voter.set). Every change of the voters has a number of its own: a host that was away over one would else
/// take its old memory for that of the set that has the same names again.
/// </summary>
/// <param name="Number">From 1 on.</param>
/// <param name="Hosts">Their names.</param>
public sealed record VoterSet(int Number, HostName[] Hosts)
{
    /// <summary>Number of the first set.</summary>
    public const int First = 1;

    /// <summary>As a sentence has it.</summary>
    public override string ToString() => $"{string.Join(", ", Hosts.Select(h => h.Value).Order(StringComparer.Ordinal))} (amig.voter.set = {Number})";

    /// <summary>True when it is the same set.</summary>
    public bool IsSame(VoterSet other) => Number == other.Number && Hosts.ToHashSet().SetEquals(other.Hosts);
}
