using ActorMigration.Contracts;
using static ActorMigration.Actors.Tests.Balancing.EvenCluster;

namespace ActorMigration.Actors.Tests.Balancing;

/// <summary>One move is a small part of a large cluster, and one full host hides in it: margin, worth and threshold have to mean the same there.</summary>
public sealed class LargeClusterSpec
{
    private const int Hosts = 320;

    private static readonly BalancePolicy Policy = BalancePolicy.Default;

    [Fact]
    public void What_would_be_moved_among_sixteen_hosts_is_moved_in_a_large_cluster_of_many_such_sixteen()
    {
        static HostLoad[] Sixteen(int number) => [.. Enumerable.Range(0, 16).Select(h => Host($"n{number:00}-{h:00}", h < 4 ? 0.85 : 0.35))];

        var small = BalancePlanner.Plan(Of(Sixteen(0)), Policy, MoveHistory.Empty);
        var large = BalancePlanner.Plan(Of([.. Enumerable.Range(0, Hosts / 16).SelectMany(Sixteen)]), Policy, MoveHistory.Empty);

        Assert.Equal(Policy.MaxMoves, small.Moves.Length);
        Assert.Equal(Policy.MaxMoves, large.Moves.Length);
    }

    [Fact]
    public void One_full_host_among_many_even_ones_is_relieved_though_the_imbalance_of_all_is_below_the_threshold()
    {
        var plan = BalancePlanner.Plan(Of([.. Enumerable.Range(0, Hosts).Select(h => Host($"h{h:000}", h == 7 ? 0.95 : 0.4))]), Policy, MoveHistory.Empty);

        Assert.True(plan.Imbalance < Policy.Threshold);
        Assert.NotEmpty(plan.Moves);
        Assert.All(plan.Moves, m => Assert.Equal("h007", m.From.Value));
    }

    [Fact]
    public void A_large_cluster_in_which_no_host_stands_out_is_left_alone()
        => Assert.Empty(BalancePlanner.Plan(Of([.. Enumerable.Range(0, Hosts).Select(h => Host($"h{h:000}", h % 2 == 0 ? 0.45 : 0.4))]), Policy, MoveHistory.Empty).Moves);

    [Fact]
    public void Busy_hosts_from_which_nothing_may_leave_do_not_hide_the_others()
    {
        var pinned = Host("pinned", 0.9) is var host ? host with { Containers = [.. host.Containers.Select(c => c with { Placement = ContainerPlacement.Anywhere with { Pinned = true } })] } : null!;
        HostLoad[] stuck = [.. Enumerable.Range(0, 12).Select(h => pinned with { Host = new HostName($"stuck{h}") })];

        var plan = BalancePlanner.Plan(Of([.. stuck, Host("busy", 0.8), Host("idle", 0.05)]), Policy, MoveHistory.Empty);

        Assert.NotEmpty(plan.Moves);
        Assert.All(plan.Moves, m => Assert.Equal("busy", m.From.Value));
    }
}
