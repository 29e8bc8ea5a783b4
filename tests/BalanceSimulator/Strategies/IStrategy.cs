namespace ActorMigration.BalanceSimulator;

/// <summary>Somebody who moves containers. <see cref="Campaign"/> asks once a round, after <see cref="Cluster.Follow"/>.</summary>
internal interface IStrategy
{
    /// <summary>As it is called on the command line and in the results.</summary>
    string Name { get; }

    /// <summary>Orders what is to be moved now.</summary>
    /// <param name="cluster">What is told of it is what a load monitor tells.</param>
    /// <param name="ended">Moves that have ended since the last round.</param>
    void Decide(Cluster cluster, IReadOnlyList<Ended> ended);
}
