using ActorMigration.Contracts;

namespace ActorMigration.BalanceSimulator;

/// <summary>Moves that may be under way at once, for every strategy the same.</summary>
/// <param name="Moves">In the cluster.</param>
/// <param name="In">To one host.</param>
/// <param name="Out">From one host.</param>
internal sealed record Limits(int Moves, int In, int Out)
{
    /// <summary>Hosts for each move that a large cluster may have under way.</summary>
    private const int HostsPerMove = 25;

    /// <summary>Those of the default policy, and more moves in a cluster of more than a hundred hosts.</summary>
    public static Limits For(int hosts)
        => new(Math.Max(BalancePolicy.Default.MaxMoves, hosts / HostsPerMove), BalancePolicy.Default.MaxIn, BalancePolicy.Default.MaxOut);
}
