namespace ActorMigration.BalanceSimulator;

/// <summary>The base line: everything stays where it began.</summary>
internal sealed class NobodyMoves : IStrategy
{
    public string Name => "none";

    public void Decide(Cluster cluster, IReadOnlyList<Ended> ended)
    {
    }
}
