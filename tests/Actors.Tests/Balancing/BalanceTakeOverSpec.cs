using ActorMigration.Contracts;

namespace ActorMigration.Actors.Tests.Balancing;

/// <summary>What a host knows that begins to balance, or meets a host that it did not know.</summary>
public sealed class BalanceTakeOverSpec
{
    private const long Now = RandomCluster.Now;

    private static readonly BalancePolicy Policy = BalancePolicy.Default;
    private static readonly HostName A = new("a");
    private static readonly HostName B = new("b");

    private static AttemptDetails Attempt(string container, AttemptOutcome outcome, long startedUnixMs, HostName? to = null, string step = "Ended") => new(
        AttemptId.New(), new ContainerName(container), new Fence(1, 1), A, to ?? B, A, Phase.PreCopy, outcome == AttemptOutcome.Open ? "Copying" : step, outcome, MigrationFailure.None, "", startedUnixMs, [], [], 0, 0, [], 0, 0, 0, null);

    private static (BalanceMemory Memory, (DecidedMove Move, AttemptId Attempt)[] Found) Of(BalanceMemory? known, params AttemptDetails[] listed)
        => BalanceTakeOver.Of(known, A, listed, static _ => false, Now, Policy);

    [Fact]
    public void Open_attempts_are_under_way_ended_ones_cool_down_old_ones_and_creations_are_neither()
    {
        var (memory, found) = Of(
            null,
            Attempt("open", AttemptOutcome.Open, Now - 5_000),
            Attempt("moved", AttemptOutcome.Committed, Now - 60_000),
            Attempt("failed", AttemptOutcome.Aborted, Now - 60_000),
            Attempt("old", AttemptOutcome.Committed, Now - (long)Policy.LongestCooldown.TotalMilliseconds - 1),
            Attempt("created", AttemptOutcome.Committed, Now - 60_000, to: A, step: "Creation"));

        Assert.Equal("open", Assert.Single(found).Move.Move.Container.Value);
        Assert.Equal("open", Assert.Single(memory.UnderWay).Move.Move.Container.Value);
        Assert.Equal([("failed", 1, 1, B), ("moved", 1, 0, (HostName?)null)], memory.Past.Select(p => (p.Container.Value, p.InARow, p.Failures, p.FailedTo)));
    }

    [Fact]
    public void Several_attempts_of_a_container_count_in_a_row_and_the_last_one_says_where_it_failed()
    {
        var (memory, _) = Of(null, Attempt("c", AttemptOutcome.Aborted, Now - 1_000), Attempt("c", AttemptOutcome.Committed, Now - 3_000), Attempt("c", AttemptOutcome.Aborted, Now - 2_000));

        var past = Assert.Single(memory.Past);
        Assert.Equal((3, 2, Now - 1_000), (past.InARow, past.Failures, past.AtUnixMs));
    }

    [Fact]
    public void What_is_known_already_stays_and_is_not_found_again()
    {
        OrderedMove Move(string container, long made) => new(new DecidedMove($"a-1.{container}", MoveReason.Balance, new PlannedMove(new ContainerName(container), A, B, 0, 0, new MoveCost(0, 0, 0)), new Fence(1, 0), ""), Now - 9_000, made, null);
        var known = BalanceMemory.Empty with
        {
            Round = 7,
            RoundsAbove = 2,
            RoundsBelow = 1,
            IsSettling = true,
            UnderWay = [Move("ordered", 0), Move("made", Now - 1_000)],
            Past = [new PastMove(new ContainerName("moved"), Now - 500, 4, 0, null)],
        };

        var (memory, found) = Of(known, Attempt("ordered", AttemptOutcome.Open, Now - 100), Attempt("moved", AttemptOutcome.Aborted, Now - 60_000), Attempt("else", AttemptOutcome.Open, Now - 100));

        Assert.Equal("else", Assert.Single(found).Move.Move.Container.Value);
        Assert.Equal(["ordered", "made", "else"], memory.UnderWay.Select(m => m.Move.Move.Container.Value));
        Assert.Equal(known.Past, memory.Past);
        Assert.Equal((7L, 2, 1, true), (memory.Round, memory.RoundsAbove, memory.RoundsBelow, memory.IsSettling));
    }

    [Fact]
    public void An_attempt_that_has_ended_since_the_hosts_were_asked_is_not_under_way()
    {
        var ended = Attempt("c", AttemptOutcome.Open, Now - 100);

        Assert.Empty(BalanceTakeOver.Of(BalanceMemory.Empty, A, [ended], id => id == ended.Attempt, Now, Policy).Found);
    }
}
