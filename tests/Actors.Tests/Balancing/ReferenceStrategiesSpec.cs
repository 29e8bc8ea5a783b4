using ActorMigration.BalanceSimulator;
using ActorMigration.Contracts;

namespace ActorMigration.Actors.Tests.Balancing;

/// <summary>That the strategies that the planner is compared with keep their own rules: otherwise the comparison says nothing.</summary>
public sealed class ReferenceStrategiesSpec
{
    /// <summary>Few hosts and few containers: very uneven.</summary>
    private static readonly TraceShape Shape = new(Seed: 11, Hosts: 5, Containers: 40, Hours: 12);

    [Fact]
    public void Incus_moves_from_the_busiest_to_the_least_busy_from_a_fifth_of_difference_on_and_stays_below_the_middle()
    {
        var (moves, movedAt) = (0, new Dictionary<ContainerName, double>());
        Follow(new IncusThreshold(), (before, orders, ended, cluster) =>
        {
            ended.Where(e => e.Succeeded).ToList().ForEach(e => movedAt[e.Transfer.Name] = cluster.Trace.Seconds);
            var (most, least) = (before.Max(), before.Min());
            foreach (var order in orders)
            {
                moves++;
                Assert.True(most - least >= 0.2 * most);
                Assert.Equal((most, least), (before[Up(cluster, order.From)], before[Up(cluster, order.To)]));
                Assert.True(Load.Of(cluster, order.To) < (most + least) / 2);
                Assert.False(movedAt.TryGetValue(order.Name, out var at) && cluster.Trace.Seconds - at < 6 * 3600);
            }
        });
        Assert.True(moves > 10, $"only {moves} moves");
    }

    [Fact]
    public void Proxmox_makes_one_move_after_three_rounds_above_the_threshold_that_takes_a_tenth_off()
    {
        var (moves, above) = (0, 0);
        Follow(new ProxmoxVariation(), (before, orders, _, cluster) =>
        {
            above = Variation(before) > 0.3 && cluster.UnderWay.Count == orders.Count ? above + 1 : 0;
            if (orders.Count > 0)
            {
                moves++;
                Assert.Single(cluster.UnderWay);
                Assert.True(above >= 3);
                Assert.True(Variation(Loads(cluster)) < Variation(before) * 0.9);
                above = 0;
            }
        });
        Assert.True(moves > 1, $"only {moves} moves");
    }

    [Fact]
    public void Greedy_makes_the_difference_of_the_most_and_the_least_loaded_smaller()
    {
        var moves = 0;
        Follow(new GreedyLeastLoaded(), (before, orders, _, cluster) =>
        {
            moves += orders.Count;
            if (orders.Count == 1 && cluster.UnderWay.Count == 1)
            {
                var (from, to) = (orders[0].From, orders[0].To);
                Assert.Equal((before.Max(), before.Min()), (before[Up(cluster, from)], before[Up(cluster, to)]));
                Assert.True(Math.Abs(Load.Of(cluster, from) - Load.Of(cluster, to)) < before.Max() - before.Min());
            }
        });
        Assert.True(moves > 100, $"only {moves} moves");
    }

    [Fact]
    public void Random_uses_what_the_limits_leave_and_is_the_same_for_the_same_seed()
    {
        static List<(int, int)> Run(ulong seed)
        {
            var all = new List<(int, int)>();
            Follow(new RandomMoves(seed), (_, orders, _, cluster) =>
            {
                Assert.True(cluster.UnderWay.Count <= 4);
                all.AddRange(orders.Select(o => (o.Container, o.To)));
            });
            return all;
        }

        var first = Run(1);

        Assert.True(first.Count > 100, $"only {first.Count} moves");
        Assert.Equal(first, Run(1));
        Assert.NotEqual(first, Run(2));
    }

    [Fact]
    public void Nobody_moves_nothing() => Follow(new NobodyMoves(), (_, orders, _, _) => Assert.Empty(orders));

    /// <summary>Runs one strategy and looks at each round: loads of the hosts that are up before it decided, what it ordered, what had ended.</summary>
    private static void Follow(IStrategy strategy, Action<double[], IReadOnlyList<Transfer>, IReadOnlyList<Ended>, Cluster> look)
    {
        var trace = new Trace(Shape);
        var cluster = new Cluster(trace, Limits.For(Shape.Hosts), BalancePolicy.Default.StreamBytesPerSecond);
        for (var round = 0; round < Shape.Rounds; round++)
        {
            trace.Advance();
            var ended = cluster.Follow();
            var (before, had) = (Loads(cluster), cluster.Orders.Count);
            strategy.Decide(cluster, ended);
            look(before, [.. cluster.Orders.Skip(had)], ended, cluster);
        }
    }

    private static double[] Loads(Cluster cluster) => [.. Enumerable.Range(0, Shape.Hosts).Where(h => cluster.Trace.Hosts[h].IsUp).Select(h => Load.Of(cluster, h))];

    /// <summary>The place of a host among those that are up.</summary>
    private static int Up(Cluster cluster, int host) => Enumerable.Range(0, host).Count(h => cluster.Trace.Hosts[h].IsUp);

    private static double Variation(double[] loads) => Math.Sqrt(loads.Average(l => Math.Pow(l - loads.Average(), 2))) / loads.Average();
}
