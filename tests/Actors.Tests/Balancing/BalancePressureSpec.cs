using ActorMigration.Contracts;
using static ActorMigration.Actors.Tests.Balancing.EvenCluster;

namespace ActorMigration.Actors.Tests.Balancing;

/// <summary>Waiting (PSI) counts in what a move is worth: utilisation does not show a host that is slower than it says.</summary>
public sealed class BalancePressureSpec
{
    private static readonly BalancePolicy One = BalancePolicy.Default with { MaxMoves = 1 };

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void Of_two_equally_full_hosts_the_one_on_which_more_waits_is_relieved(string waiting)
    {
        var plan = Plan(Host("a", 0.8, pressure: waiting == "a" ? 0.5 : 0), Host("b", 0.8, pressure: waiting == "b" ? 0.5 : 0), Host("c", 0.1));

        Assert.Equal(waiting, Assert.Single(plan.Moves).From.Value);
    }

    [Theory]
    [InlineData("b")]
    [InlineData("c")]
    public void Of_two_equally_empty_hosts_the_one_on_which_nothing_waits_is_chosen(string waiting)
    {
        var plan = Plan(Host("a", 0.8), Host("b", 0.1, pressure: waiting == "b" ? 0.5 : 0), Host("c", 0.1, pressure: waiting == "c" ? 0.5 : 0));

        Assert.NotEqual(waiting, Assert.Single(plan.Moves).To.Value);
    }

    [Fact]
    public void A_fuller_host_is_relieved_later_than_one_that_is_a_little_less_full_and_on_which_everything_waits()
    {
        // The order of candidates alone would not do it: both hosts are looked at, and the fuller one's move takes more imbalance off.
        var plan = Plan(Host("full", 0.85), Host("waiting", 0.75, pressure: 1), Host("c", 0.1), Host("d", 0.1));

        Assert.Equal("waiting", Assert.Single(plan.Moves).From.Value);
    }

    [Fact]
    public void A_move_to_a_host_on_which_everything_waits_is_worth_nothing()
    {
        Assert.NotEmpty(Plan(Host("a", 0.8), Host("b", 0.1)).Moves);
        Assert.Empty(Plan(Host("a", 0.8), Host("b", 0.1, pressure: 1)).Moves);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(-0.1)]
    public void Pressure_that_is_no_share_is_refused(double pressure)
        => Assert.Throws<ArgumentException>(() => Plan(Host("a", 0.8, pressure: pressure), Host("b", 0.1)));

    private static BalancePlan Plan(params HostLoad[] hosts) => BalancePlanner.Plan(Of(hosts), One, MoveHistory.Empty);
}
