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

    /// <summary>Rounds that send so many pages at 25 000 pages per second.</summary>
    private static ConvergencePolicy Rounds(MigrationPolicy policy, params long[] pages)
        => pages.Select((p, i) => (p, i)).Aggregate(new ConvergencePolicy(policy), (c, r) =>
        {
            var elapsed = TimeSpan.FromSeconds(r.p / 25_000.0);
            return c.With(new RoundReport(r.i, r.p, 0, r.p * ConvergencePolicy.PageBytes, 0, 0, elapsed, elapsed));
        });
}
