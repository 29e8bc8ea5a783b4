using ActorMigration.Contracts;

namespace ActorMigration.BalanceSimulator;

/// <summary>What came of one strategy.</summary>
internal sealed record Outcome(string Strategy, Cluster Cluster, Measured Measured, double Regret);

/// <summary>One trace, and the strategies side by side in it, each with a cluster of its own. They do not know of each other: a strategy does the same whoever else is there.</summary>
internal static class Campaign
{
    /// <summary>Names of the strategies, in the order of the results. The clairvoyant bound is not one of them.</summary>
    public static readonly string[] Strategies = ["amig", "incus", "proxmox", "greedy", "random", "none"];

    /// <param name="shape">Of the trace.</param>
    /// <param name="strategies">Names of those that are asked for.</param>
    /// <param name="policy">Of the production planner; the limits of moves in it are not used.</param>
    /// <param name="limits">Of moves under way, for each strategy.</param>
    /// <returns>Outcomes in the order of <see cref="Strategies"/>, and last the clairvoyant bound.</returns>
    public static IReadOnlyList<Outcome> Run(TraceShape shape, IReadOnlyCollection<string> strategies, BalancePolicy policy, Limits limits)
    {
        var trace = new Trace(shape);
        policy = policy with { MaxMoves = limits.Moves, MaxIn = limits.In, MaxOut = limits.Out };
        Lane[] lanes = [.. Strategies.Where(strategies.Contains).Select(s => new Lane(Make(s, trace, policy), trace, limits, policy)), new Lane(new Clairvoyant(), trace, limits, policy)];
        for (var round = 0; round < shape.Rounds; round++)
        {
            trace.Advance();
            foreach (var lane in lanes)
            {
                lane.Advance();
            }
        }

        var bound = lanes[^1].Measured.Imbalances;
        return [.. lanes.Select(l => new Outcome(l.Strategy.Name, l.Cluster, l.Measured, l.Measured.Imbalances.Zip(bound, (ours, least) => ours - least).Sum() * TraceShape.RoundSeconds / 3600))];
    }

    private static IStrategy Make(string name, Trace trace, BalancePolicy policy) => name switch
    {
        "amig" => new Planned(trace, policy),
        "incus" => new IncusThreshold(),
        "proxmox" => new ProxmoxVariation(),
        "greedy" => new GreedyLeastLoaded(),
        "random" => new RandomMoves(trace.Shape.Seed),
        "none" => new NobodyMoves(),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such strategy"),
    };

    /// <summary>A strategy and its cluster.</summary>
    private sealed class Lane(IStrategy strategy, Trace trace, Limits limits, BalancePolicy policy)
    {
        public IStrategy Strategy { get; } = strategy;

        public Cluster Cluster { get; } = new(trace, limits, policy.StreamBytesPerSecond);

        public Measured Measured { get; } = new();

        public void Advance()
        {
            var ended = Cluster.Follow();
            var call = CallTime.Start();
            Strategy.Decide(Cluster, ended);
            Measured.Calls.Add(Strategy is Planned planned ? planned.LastCall : call.Stop());
            Measured.Take(Cluster);
        }
    }
}
