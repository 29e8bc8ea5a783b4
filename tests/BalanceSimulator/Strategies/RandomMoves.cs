using ActorMigration.Simulator;

namespace ActorMigration.BalanceSimulator;

/// <summary>Any container to any host, as often as the limits allow: what moving costs and does when nobody thinks.</summary>
internal sealed class RandomMoves(ulong seed) : IStrategy
{
    /// <summary>Draws for each move that may begin; many of them are not allowed.</summary>
    private const int Probes = 4;

    /// <summary>What its generator is told apart from those of the trace by.</summary>
    private const long OfRandomMoves = 4L << 40;

    private readonly Chance _chance = new(Chance.SeedOf(seed, OfRandomMoves));

    public string Name => "random";

    public void Decide(Cluster cluster, IReadOnlyList<Ended> ended)
    {
        for (var probe = cluster.Free * Probes; probe > 0; probe--)
        {
            var (container, to) = (_chance.Next(cluster.HostOf.Length), _chance.Next(cluster.Planned.Length));
            if (cluster.Allows(container, to))
            {
                cluster.Order(container, to);
            }
        }
    }
}
