using ActorMigration.BalanceSimulator;
using ActorMigration.Contracts;

namespace ActorMigration.Actors.Tests.Balancing;

/// <summary>The production planner in a trace of load (tests/BalanceSimulator), beside others.</summary>
public sealed class BalanceSimulationSpec
{
    /// <summary>Small enough for every build; docs/balancing.md has the large ones.</summary>
    private static readonly TraceShape Shape = new(Seed: 3, Hosts: 8, Containers: 160, Hours: 8);

    private static readonly Lazy<IReadOnlyList<Outcome>> Once = new(() => Run(Shape));

    [Fact]
    public void The_same_seed_gives_the_same_result_whoever_else_is_there()
    {
        var again = Run(Shape, "amig", "random");

        foreach (var outcome in again)
        {
            var before = Of(outcome.Strategy);
            Assert.Equal(before.Measured.Imbalances, outcome.Measured.Imbalances);
            Assert.Equal((before.Cluster.Moves, before.Cluster.Failed, before.Cluster.StopSeconds, before.Cluster.Bytes), (outcome.Cluster.Moves, outcome.Cluster.Failed, outcome.Cluster.StopSeconds, outcome.Cluster.Bytes));
        }

        Assert.NotEqual(Of("none").Measured.Imbalances, Run(Shape with { Seed = 4 }, "none")[0].Measured.Imbalances);
    }

    [Theory]
    [InlineData("incus")]
    [InlineData("proxmox")]
    [InlineData("greedy")]
    [InlineData("random")]
    [InlineData("none")]
    public void The_planner_leaves_less_imbalance_and_no_more_overload(string other)
    {
        Assert.True(Of("amig").Measured.MeanImbalance < Of(other).Measured.MeanImbalance);
        Assert.True(Of("amig").Measured.HighImbalance < Of(other).Measured.HighImbalance);
        Assert.True(Of("amig").Measured.OverloadedShare <= Of(other).Measured.OverloadedShare);
    }

    /// <summary>Proxmox' rule moves less: it is content with what the planner is not.</summary>
    [Theory]
    [InlineData("incus")]
    [InlineData("greedy")]
    [InlineData("random")]
    public void It_moves_less_and_stops_containers_for_less(string other)
    {
        Assert.True(Of("amig").Cluster.Moves <= Of(other).Cluster.Moves);
        Assert.True(Of("amig").Cluster.StopSeconds < Of(other).Cluster.StopSeconds);
        Assert.True(Of("amig").Cluster.PingPongs <= Of(other).Cluster.PingPongs);
    }

    [Fact]
    public void Nobody_who_has_to_pay_is_below_the_clairvoyant_bound()
        => Assert.All(Once.Value.SkipLast(1), o => Assert.True(o.Regret > 0));

    [Fact]
    public void No_container_is_moved_inside_its_cooldown_and_no_limit_is_passed_while_moves_are_under_way()
    {
        var cluster = Of("amig").Cluster;

        Assert.NotEmpty(cluster.Orders);
        foreach (var moves in cluster.Orders.GroupBy(o => o.Container))
        {
            Assert.All(moves.Zip(moves.Skip(1)), pair => Assert.True(
                pair.Second.BeganAtSeconds - pair.First.BeganAtSeconds >= BalancePolicy.Default.Cooldown.TotalSeconds || IsAnother(pair.First, pair.Second)));
        }

        foreach (var order in cluster.Orders)
        {
            var atOnce = cluster.Orders.Where(o => o.BeganAtSeconds <= order.BeganAtSeconds && order.BeganAtSeconds < o.EndsAtSeconds).ToArray();
            Assert.True(atOnce.Length <= BalancePolicy.Default.MaxMoves);
            Assert.True(atOnce.Count(o => o.To == order.To) <= BalancePolicy.Default.MaxIn);
            Assert.True(atOnce.Count(o => o.From == order.From) <= BalancePolicy.Default.MaxOut);
        }
    }

    /// <summary>Another container of the same number began in between.</summary>
    private static bool IsAnother(Transfer first, Transfer second) => first.Name != second.Name;

    private static Outcome Of(string strategy) => Once.Value.Single(o => o.Strategy == strategy);

    private static IReadOnlyList<Outcome> Run(TraceShape shape, params string[] strategies)
        => Campaign.Run(shape, strategies.Length > 0 ? strategies : Campaign.Strategies, BalancePolicy.Default, Limits.For(shape.Hosts));
}
