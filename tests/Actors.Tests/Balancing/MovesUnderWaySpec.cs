using ActorMigration.Contracts;
using static ActorMigration.Actors.Tests.Balancing.EvenCluster;

namespace ActorMigration.Actors.Tests.Balancing;

/// <summary>A move takes longer than a round: what is under way counts as made, and against the limits.</summary>
public sealed class MovesUnderWaySpec
{
    private static readonly BalancePolicy Policy = BalancePolicy.Default with { MaxMoves = 4, MaxIn = 1, MaxOut = 2 };

    [Fact]
    public void The_limits_hold_over_rounds()
    {
        HostLoad[] hosts = [Host("a", 0.9), Host("b", 0.9), Host("c", 0.05), Host("d", 0.05), Host("e", 0.05)];
        var first = BalancePlanner.Plan(Of(hosts), Policy with { MaxMoves = 2 }, MoveHistory.Empty);
        MoveUnderWay[] underWay = [.. first.Moves.Select(m => new MoveUnderWay(m.Container, m.From, m.To))];

        var second = BalancePlanner.Plan(Of(hosts), Policy, MoveHistory.Empty, underWay);

        Assert.Equal(2, underWay.Length);
        Assert.NotEmpty(second.Moves);
        Assert.True(second.Moves.Length + underWay.Length <= Policy.MaxMoves);
        Assert.Empty(second.Moves.Select(m => m.Container).Intersect(underWay.Select(m => m.Container)));
        Assert.All(second.Moves.Select(m => m.To).Concat(underWay.Select(m => m.To)).GroupBy(h => h), g => Assert.True(g.Count() <= Policy.MaxIn));
        Assert.All(second.Moves.Select(m => m.From).Concat(underWay.Select(m => m.From)).GroupBy(h => h), g => Assert.True(g.Count() <= Policy.MaxOut));
        Assert.Empty(BalancePlanner.Plan(Of(hosts), Policy with { MaxMoves = 2 }, MoveHistory.Empty, underWay).Moves);
    }

    [Fact]
    public void It_is_the_same_whichever_host_the_container_was_told_by()
    {
        HostLoad[] before = [Host("a", 0.9), Host("b", 0.4), Host("c", 0.05)];
        var moving = before[0].Containers[3];
        MoveUnderWay[] underWay = [new(moving.Name, before[0].Host, before[2].Host)];
        HostLoad[] after = [before[0] with { Containers = [.. before[0].Containers.Where(c => c != moving)] }, before[1], before[2] with { Containers = [.. before[2].Containers, moving] }];

        var told = new[] { before, after }.Select(h => BalancePlanner.Plan(Of(h), Policy, MoveHistory.Empty, underWay)).ToArray();

        Assert.Equal(told[0].Imbalance, told[1].Imbalance, 9);
        Assert.Equal(told[0].Moves.Select(m => (m.Container, m.From, m.To)), told[1].Moves.Select(m => (m.Container, m.From, m.To)));
        Assert.True(told[0].Imbalance < BalancePlanner.Plan(Of(before), Policy, MoveHistory.Empty).Imbalance);
    }

    [Fact]
    public void A_host_that_does_not_answer_any_more_is_no_reason_to_fail()
    {
        HostLoad[] hosts = [Host("a", 0.9), Host("b", 0.05)];

        Assert.NotEmpty(BalancePlanner.Plan(Of(hosts), Policy, MoveHistory.Empty, [new(new ContainerName("gone"), new HostName("lost"), new HostName("lost2"))]).Moves);
    }
}
