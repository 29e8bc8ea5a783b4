using ActorMigration.Contracts;

namespace ActorMigration.Actors.Tests.Migrations;

public sealed class ConvergencePolicySpec
{
    private static readonly MigrationPolicy Policy = MigrationPolicy.Default with { DowntimeTargetMs = 300, MaxRounds = 8 };

    [Fact]
    public void Freezes_when_the_predicted_stop_is_at_its_target()
    {
        var after = Rounds(Policy, 100_000, 10_000, 500);

        Assert.Equal(Convergence.Freeze, after.Decide());
        Assert.InRange(after.PredictedStopMs, ConvergencePolicy.FixedStopMs, Policy.DowntimeTargetMs);
    }

    [Fact]
    public void The_first_round_alone_never_freezes()
        => Assert.Equal(Convergence.AnotherRound, Rounds(Policy, 1).Decide());

    [Fact]
    public void Gives_up_when_the_rounds_are_used_up()
        => Assert.Equal(Convergence.GiveUp, Rounds(Policy, [.. Enumerable.Repeat(100_000L, 8)]).Decide());

    [Fact]
    public void Force_freezes_where_giving_up_would_be()
        => Assert.Equal(Convergence.Freeze, Rounds(Policy with { Force = true }, [.. Enumerable.Repeat(100_000L, 8)]).Decide());

    [Fact]
    public void Force_freezes_at_a_local_minimum_before_the_rounds_are_used_up()
        => Assert.Equal(Convergence.Freeze, Rounds(Policy with { Force = true, MaxRounds = 30 }, [.. Enumerable.Repeat(100_000L, 8)]).Decide());

    [Fact]
    public void Small_rounds_say_nothing_of_the_streams_rate()
    {
        // 100 MB/s, then a few pages in rounds that wait for their answers.
        var after = Rounds(Policy, 100_000);
        for (var round = 1; round < 6; round++)
        {
            after = after.With(new RoundReport(round, 20, 0, 20 * ConvergencePolicy.PageBytes, 0, 0, TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(10)));
        }

        Assert.InRange(after.BytesPerSecond, 100e6, 105e6);
        Assert.InRange(after.PredictedStopMs, ConvergencePolicy.FixedStopMs, ConvergencePolicy.FixedStopMs + 2);
    }

    [Theory]
    [InlineData(false, Convergence.GiveUp)]
    [InlineData(true, Convergence.Freeze)]
    public void Pages_that_cannot_be_tracked_are_in_the_predicted_stop(bool force, Convergence expected)
    {
        var round = new RoundReport(0, 0, 0, 0, 0, 262_144, TimeSpan.FromMilliseconds(1), TimeSpan.Zero);
        var after = Enumerable.Range(0, 8).Aggregate(new ConvergencePolicy(Policy with { Force = force }), (all, i) => all.With(round with { Round = i }));

        Assert.InRange(after.PredictedStopMs, 9_000, 10_000);
        Assert.Equal(expected, after.Decide());
    }

    [Fact]
    public void Rates_are_averages_in_which_the_newest_round_counts_half()
    {
        var first = new ConvergencePolicy(Policy).With(Round(0, 100_000, seconds: 4));
        Assert.Equal((0, 102_400_000), (first.DirtyPagesPerSecond, first.BytesPerSecond));
        Assert.Equal(ConvergencePolicy.FixedStopMs + 4_000, first.PredictedStopMs, 6);

        var second = first.With(Round(1, 20_000, seconds: 1));
        Assert.Equal((20_000, 92_160_000), (second.DirtyPagesPerSecond, second.BytesPerSecond));
        Assert.Equal(ConvergencePolicy.FixedStopMs + (20_000 * 4096 / 92_160_000.0 * 1000), second.PredictedStopMs, 6);

        var third = second.With(Round(2, 8_000, seconds: 1) with { ZeroPages = 2_000, UntrackedPages = 1_000, SinceLastScan = TimeSpan.FromSeconds(2) });
        Assert.Equal(12_500, third.DirtyPagesPerSecond);
        Assert.Equal(62_464_000, third.BytesPerSecond);
        Assert.Equal(ConvergencePolicy.FixedStopMs + (13_500 * 4096 / 62_464_000.0 * 1000), third.PredictedStopMs, 6);
    }

    [Fact]
    public void A_round_that_took_no_time_says_nothing_of_a_rate()
    {
        var after = new ConvergencePolicy(Policy).With(Round(0, 100_000, seconds: 4)).With(Round(1, 1_000, seconds: 0));

        Assert.Equal((0, 102_400_000), (after.DirtyPagesPerSecond, after.BytesPerSecond));
    }

    [Fact]
    public void The_least_telling_round_tells_a_rate()
        => Assert.Equal(1 << 20, new ConvergencePolicy(Policy).With(Round(0, 256, seconds: 1)).BytesPerSecond);

    [Fact]
    public void A_target_that_is_met_exactly_is_met()
    {
        var still = new ConvergencePolicy(Policy with { DowntimeTargetMs = (int)ConvergencePolicy.FixedStopMs }).With(Round(0, 0, seconds: 1)).With(Round(1, 0, seconds: 1));

        Assert.Equal(ConvergencePolicy.FixedStopMs, still.PredictedStopMs);
        Assert.Equal(Convergence.Freeze, still.Decide());
    }

    [Fact]
    public void A_minimum_is_believed_after_three_rounds_without_a_better_prediction_and_only_where_it_is_near()
    {
        var forced = Policy with { Force = true, MaxRounds = 30 };
        long[] steady = [100_000, 100_000, 100_000, 100_000];
        Assert.Equal(Convergence.AnotherRound, Rounds(forced, steady[..3]).Decide());
        Assert.Equal(Convergence.Freeze, Rounds(forced, steady).Decide());
        Assert.Equal(Convergence.AnotherRound, Rounds(forced with { Force = false }, steady).Decide());
        Assert.Equal(Convergence.AnotherRound, Rounds(forced, 100_000, 50_000, 200_000, 200_000, 200_000).Decide());
        Assert.Equal(Convergence.AnotherRound, Rounds(forced, 100_000, 100_000, 100_000, 50_000).Decide());
    }

    private static RoundReport Round(int round, long pages, double seconds)
        => new(round, pages, 0, pages * ConvergencePolicy.PageBytes, 0, 0, TimeSpan.FromSeconds(seconds), TimeSpan.FromSeconds(seconds));

    /// <summary>Rounds that send so many pages at 25 000 pages per second.</summary>
    private static ConvergencePolicy Rounds(MigrationPolicy policy, params long[] pages)
        => pages.Select((p, i) => (p, i)).Aggregate(new ConvergencePolicy(policy), (c, r) =>
        {
            var elapsed = TimeSpan.FromSeconds(r.p / 25_000.0);
            return c.With(new RoundReport(r.i, r.p, 0, r.p * ConvergencePolicy.PageBytes, 0, 0, elapsed, elapsed));
        });
}
