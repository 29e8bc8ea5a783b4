using ActorMigration.Contracts;
using static ActorMigration.Actors.Tests.Balancing.Clusters;

namespace ActorMigration.Actors.Tests.Balancing;

/// <summary>What is ordered from one look to the next.</summary>
public sealed class BalanceRoundsSpec
{
    private const long Start = 1_800_000_000_000;
    private const long RoundMs = 30_000;

    private static readonly BalancePolicy Policy = BalancePolicy.Default;
    private static readonly HostName Self = new("a");

    private static LoadSnapshot Uneven(int round = 0) => At(Start + (round * RoundMs), Host("a", Containers("c", 7)), Host("b"), Host("c"));

    private static (BalanceMemory Memory, BalanceDecision Decision) See(BalanceMemory memory, LoadSnapshot snapshot, BalanceMode mode = BalanceMode.Auto) => BalanceRounds.See(memory, Self, snapshot, Policy, mode);

    [Fact]
    public void An_imbalance_has_to_last_before_anything_is_moved_for_it()
    {
        var memory = BalanceMemory.Empty;
        for (var round = 1; round <= Policy.HoldRounds; round++)
        {
            (memory, var decision) = See(memory, Uneven(round));
            Assert.NotEmpty(decision.Moves);
            Assert.Equal(round == Policy.HoldRounds, decision.AreOrdered);
            Assert.Equal(round < Policy.HoldRounds, decision.Sentence.Contains($"held back, round {round} of {Policy.HoldRounds}", StringComparison.Ordinal));
        }

        Assert.NotEmpty(memory.UnderWay);
    }

    [Fact]
    public void What_was_begun_above_the_threshold_goes_on_to_the_goal_and_then_the_threshold_counts_again()
    {
        LoadSnapshot With(int round, double imbalance)
        {
            // Two hosts that differ by twice this in CPU alone have it.
            var few = Containers("d", 40, 0.1);
            return At(Start + (round * RoundMs), Host("a", few) with { Own = new Resources(2 * imbalance * 8, 0, 0, 0), Containers = few[..20] }, Host("b") with { Own = default, Containers = few[20..] });
        }

        var (between, settling) = (Policy.Threshold * (1 + Policy.Goal) / 2, BalanceMemory.Empty with { IsSettling = true, Round = 7 });

        Assert.Equal(between, See(BalanceMemory.Empty, With(1, between)).Decision.Imbalance, 9);
        Assert.Empty(See(BalanceMemory.Empty, With(1, between)).Decision.Moves);
        var (memory, decision) = See(settling, With(1, between));
        Assert.NotEmpty(decision.Moves);
        Assert.Contains("the goal of what was begun", decision.Sentence, StringComparison.Ordinal);
        Assert.True(memory.IsSettling);

        memory = settling;
        for (var round = 1; round <= Policy.HoldRounds; round++)
        {
            Assert.True(memory.IsSettling);
            (memory, decision) = See(memory, With(round, Policy.Threshold * Policy.Goal * 0.9));
            Assert.Empty(decision.Moves);
        }

        Assert.False(memory.IsSettling);
        Assert.Empty(See(memory, With(2, between)).Decision.Moves);
    }

    [Fact]
    public void A_round_below_the_threshold_lets_the_count_begin_anew()
    {
        var (memory, _) = See(BalanceMemory.Empty, Uneven());
        (memory, _) = See(memory, Uneven(1));
        (memory, _) = See(memory, At(Start + (2 * RoundMs), Host("a", Containers("c", 1)), Host("b", Containers("d", 1)), Host("c", Containers("e", 1))));
        (memory, var decision) = See(memory, Uneven(3));

        Assert.False(decision.AreOrdered);
        Assert.Equal(1, memory.RoundsAbove);
    }

    [Theory]
    [InlineData(BalanceMode.Off)]
    [InlineData(BalanceMode.Recommend)]
    public void Nothing_is_ordered_for_balance_but_in_auto(BalanceMode mode)
    {
        var memory = BalanceMemory.Empty;
        for (var round = 0; round < 10; round++)
        {
            (memory, var decision) = See(memory, Uneven(round), mode);
            Assert.False(decision.AreOrdered);
            Assert.NotEmpty(decision.Moves);
        }

        Assert.Empty(memory.UnderWay);
    }

    [Fact]
    public void What_was_only_said_can_be_ordered_by_the_operator()
    {
        var (memory, said) = See(BalanceMemory.Empty, Uneven(), BalanceMode.Recommend);
        var (next, decision) = BalanceRounds.Ordered(memory, said, Uneven());

        Assert.True(decision.AreOrdered);
        Assert.Equal(said.Moves, next.UnderWay.Select(m => m.Move));
    }

    [Fact]
    public void While_moves_are_under_way_nothing_else_is_planned_for_balance()
    {
        var (memory, ordered) = Ordered();
        (memory, var decision) = See(memory, Uneven(9));

        Assert.Empty(decision.Moves);
        Assert.Contains("under way", decision.Sentence, StringComparison.Ordinal);

        memory = ordered.Moves.Aggregate(memory, (m, move) => BalanceRounds.Ended(m, move.Id, true, Start + (10 * RoundMs), Policy));
        Assert.Equal(0, BalanceRounds.Recent(memory, Start + (10 * RoundMs)));
        Assert.DoesNotContain("under way", See(memory, Uneven(11)).Decision.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void A_move_that_failed_is_not_tried_again_before_its_cooldown_and_another_is()
    {
        var (memory, ordered) = Ordered();
        memory = ordered.Moves.Aggregate(memory, (m, move) => BalanceRounds.Ended(m, move.Id, false, Start + (3 * RoundMs), Policy));

        var (_, decision) = See(memory, Uneven(4));

        Assert.NotEmpty(decision.Moves);
        Assert.Empty(decision.Moves.Select(m => m.Move.Container).Intersect(ordered.Moves.Select(m => m.Move.Container)));
    }

    [Fact]
    public void A_container_that_somebody_else_has_moved_cools_down_like_one_of_ours()
    {
        var (memory, decision) = See(BalanceMemory.Empty, Uneven());
        var moved = decision.Moves[0].Move;

        // Back where it came from is where the planner would want it next.
        var elsewhere = Uneven(1).Make(moved);
        (memory, _) = See(memory, elsewhere);

        var past = Assert.Single(memory.Past);
        Assert.Equal((moved.Container, elsewhere.AtUnixMs, 1), (past.Container, past.AtUnixMs, past.InARow));
    }

    [Fact]
    public void A_move_of_ours_counts_once()
    {
        var (memory, ordered) = Ordered();
        var after = ordered.Moves.Aggregate(Uneven(5), (s, m) => s.Make(m.Move));
        memory = ordered.Moves.Aggregate(memory, (m, move) => BalanceRounds.Ended(m, move.Id, true, Start + (4 * RoundMs), Policy));

        (memory, _) = See(memory, after);
        (memory, _) = See(memory, after with { AtUnixMs = after.AtUnixMs + RoundMs });

        Assert.All(memory.Past, p => Assert.Equal(1, p.InARow));
        Assert.Equal(ordered.Moves.Length, memory.Past.Length);
    }

    [Fact]
    public void A_host_that_does_not_answer_for_a_while_has_moved_nothing()
    {
        var (memory, _) = See(BalanceMemory.Empty, Uneven());
        (memory, _) = See(memory, At(Start + RoundMs, Host("b"), Host("c")));
        (memory, _) = See(memory, Uneven(2));

        Assert.Empty(memory.Past);
        Assert.Equal(7, memory.Places.Length);
    }

    [Theory]
    [InlineData(BalanceMode.Off)]
    [InlineData(BalanceMode.Recommend)]
    [InlineData(BalanceMode.Auto)]
    public void A_drained_host_is_emptied_in_every_mode_and_within_the_limits(BalanceMode mode)
    {
        var (memory, snapshot, rounds) = (BalanceMemory.Empty, At(Start, Host("a", Containers("c", 7)).Draining(), Host("b"), Host("c")), 0);
        while (snapshot.Find(Self).Containers.Length > 0)
        {
            Assert.True(++rounds < 20);
            (memory, var decision) = See(memory, snapshot, mode);
            Assert.True(decision.AreOrdered);
            Assert.All(decision.Moves, m => Assert.Equal(MoveReason.Drain, m.Reason));
            var underWay = memory.UnderWay.Where(m => m.MadeUnixMs == 0).ToArray();
            Assert.InRange(underWay.Length, 1, Policy.MaxOut);
            foreach (var move in underWay)
            {
                snapshot = snapshot.Make(move.Move.Move);
                memory = BalanceRounds.Ended(memory, move.Move.Id, true, snapshot.AtUnixMs, Policy);
            }

            snapshot = snapshot with { AtUnixMs = snapshot.AtUnixMs + 1000 };
        }

        Assert.Equal(4, rounds);
    }

    [Fact]
    public void An_operators_move_cools_down_though_nobody_lists_its_container_while_it_stands()
    {
        var (memory, decision) = See(BalanceMemory.Empty, Uneven());
        var moved = decision.Moves[0].Move;
        var after = Uneven(2).Make(moved);
        (memory, _) = See(memory, Uneven(1) with { Hosts = [.. Uneven(1).Hosts.Select(h => h with { Containers = [.. h.Containers.Where(c => c.Name != moved.Container)] })] });
        (memory, _) = See(memory, after);
        (memory, _) = See(memory, after with { AtUnixMs = after.AtUnixMs + RoundMs });

        Assert.Equal((moved.Container, 1), (Assert.Single(memory.Past).Container, memory.Past[0].InARow));
    }

    [Fact]
    public void A_container_that_two_hosts_list_counts_once_and_as_being_at_the_new_one()
    {
        var (memory, decision) = See(BalanceMemory.Empty, Uneven());
        var moved = decision.Moves[0].Move;
        var after = Uneven(1).Make(moved);
        var both = after with { Hosts = [.. after.Hosts.Select(h => h.Host == moved.From ? Uneven(1).Find(moved.From) : h)] };
        (memory, _) = See(memory, both);
        (memory, _) = See(memory, after with { AtUnixMs = after.AtUnixMs + RoundMs });

        Assert.Equal(1, Assert.Single(memory.Past).InARow);
    }

    [Fact]
    public void A_move_that_was_made_is_believed_before_the_hosts_show_it_and_counts_once()
    {
        var (memory, ordered) = Ordered();
        memory = ordered.Moves.Aggregate(memory, (m, move) => BalanceRounds.Ended(m, move.Id, true, Start + (3 * RoundMs), Policy));

        // The hosts tell what they knew before: everything on a.
        var (stale, decision) = See(memory, Uneven(3));
        Assert.True(decision.Imbalance < See(BalanceMemory.Empty, Uneven(3)).Decision.Imbalance);
        Assert.Empty(decision.Moves.Select(m => m.Move.Container).Intersect(ordered.Moves.Select(m => m.Move.Container)));
        Assert.All(stale.Past, p => Assert.Equal(1, p.InARow));

        // Then they show it, and it is remembered no longer; what is seen counts.
        var after = ordered.Moves.Aggregate(Uneven(4), (s, m) => s.Make(m.Move));
        var (seen, _) = See(stale, after);
        Assert.Empty(seen.UnderWay);
        Assert.All(seen.Past, p => Assert.Equal(1, p.InARow));

        // One that is never shown is believed for a while only.
        Assert.Empty(See(stale, Uneven(6)).Memory.UnderWay);
    }

    [Fact]
    public void A_made_move_counts_at_its_new_place_for_what_has_to_be_apart()
    {
        ContainerLoad Db(string name) => Container(name) with { Placement = ContainerPlacement.Anywhere with { ApartFrom = "db" } };
        var snapshot = At(Start, Host("a", Db("d0"), Db("d1")).Draining(), Host("b"), Host("c", Container("busy", 5)));
        var (memory, first) = See(BalanceMemory.Empty, snapshot);
        Assert.Equal(2, first.Moves.Length);
        var made = first.Moves.Single(m => m.Move.To.Value == "b");
        memory = BalanceRounds.Ended(memory, made.Id, true, Start + 1000, Policy);
        memory = BalanceRounds.Ended(memory, first.Moves.Single(m => m != made).Id, false, Start + 1000, Policy);

        // Neither host lists the one that has moved; the other may not join it.
        var between = snapshot with { AtUnixMs = Start + 40_000, Hosts = [.. snapshot.Hosts.Select(h => h with { Containers = [.. h.Containers.Where(c => c.Name != made.Move.Container)] })] };
        Assert.All(See(memory, between).Decision.Moves, m => Assert.Equal("c", m.Move.To.Value));
    }

    [Fact]
    public void One_host_that_stands_out_of_a_large_cluster_is_not_held_back_for_ever()
    {
        LoadSnapshot Large(int round) => At(Start + (round * RoundMs), [.. Enumerable.Range(0, 64).Select(h => Host($"h{h:00}", Containers($"h{h:00}c", 8, h == 7 ? 0.9 : 0.15)))]);
        var memory = BalanceMemory.Empty;
        BalanceDecision? decision = null;
        for (var round = 0; round < Policy.HoldRounds; round++)
        {
            (memory, decision) = See(memory, Large(round));
        }

        Assert.True(decision!.Imbalance < Policy.Threshold);
        Assert.True(decision.AreOrdered, decision.Sentence);
    }

    [Fact]
    public void A_host_that_stays_drained_does_not_make_the_others_uneven()
    {
        var snapshot = At(Start, Host("a").Draining(), Host("b", Containers("b", 5)), Host("c", Containers("c", 5)), Host("d", Containers("d", 5)));
        var memory = BalanceMemory.Empty;
        for (var round = 0; round < 10; round++)
        {
            (memory, var decision) = See(memory, snapshot with { AtUnixMs = Start + (round * RoundMs) });
            Assert.Empty(decision.Moves);
            Assert.True(decision.Imbalance < 0.001);
        }
    }

    [Fact]
    public void A_container_that_cannot_leave_a_drained_host_does_not_stop_the_balance_of_the_others()
    {
        var pinned = Container("pinned") with { Placement = ContainerPlacement.Anywhere with { Pinned = true } };
        var memory = BalanceMemory.Empty;
        BalanceDecision? decision = null;
        for (var round = 0; round < Policy.HoldRounds; round++)
        {
            (memory, decision) = See(memory, At(Start + (round * RoundMs), Host("x", pinned).Draining(), Host("a", Containers("c", 7)), Host("b"), Host("c")));
        }

        Assert.True(decision!.AreOrdered);
        Assert.Contains("1 cannot leave", decision.Sentence, StringComparison.Ordinal);
        Assert.Equal("pinned", Assert.Single(decision.Stuck).Container.Value);
    }

    [Fact]
    public void A_move_that_takes_for_ever_holds_its_container_and_its_hosts_and_not_the_cluster()
    {
        var slow = new DecidedMove("a-1.1", MoveReason.Balance, new PlannedMove(new ContainerName("c0"), Self, new HostName("b"), 0, 0, new MoveCost(0, 0, 0)), new Fence(1, 0), "");
        var memory = BalanceMemory.Empty with { UnderWay = [new OrderedMove(slow, Start, 0, null)] };
        var late = (int)(BalanceRounds.LongMove.TotalMilliseconds / RoundMs) + 5;
        BalanceDecision? decision = null;
        for (var round = late; round < late + Policy.HoldRounds; round++)
        {
            (memory, decision) = See(memory, Uneven(round));
        }

        Assert.True(decision!.AreOrdered);
        Assert.All(decision.Moves, m => Assert.Equal("c", m.Move.To.Value));
        Assert.DoesNotContain(decision.Moves, m => m.Move.Container.Value == "c0");
        Assert.Contains("under way", See(BalanceMemory.Empty with { UnderWay = [new OrderedMove(slow, Start, 0, null)] }, Uneven(1)).Decision.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void The_id_of_a_move_names_the_host_the_round_and_its_number()
    {
        var (_, ordered) = Ordered();

        Assert.Equal(["a-3.1", "a-3.2"], ordered.Moves.Take(2).Select(m => m.Id));
        Assert.All(ordered.Moves, m => Assert.Equal(new Fence(1, 0), m.Fence));
    }

    [Fact]
    public void The_same_input_gives_the_same_decision()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var snapshot = RandomCluster.Of(seed);
            var (memory, one) = See(BalanceMemory.Empty, snapshot);
            var (again, other) = See(BalanceMemory.Empty, RandomCluster.Shuffled(snapshot, seed));

            Assert.Equal(one.Sentence, other.Sentence);
            Assert.Equal(one.Moves, other.Moves);
            Assert.Equal(memory.Places, again.Places);
        }
    }

    private static (BalanceMemory Memory, BalanceDecision Ordered) Ordered()
    {
        var (memory, decision) = (BalanceMemory.Empty, (BalanceDecision?)null);
        for (var round = 0; round < Policy.HoldRounds; round++)
        {
            (memory, decision) = See(memory, Uneven(round));
        }

        Assert.True(decision!.AreOrdered);
        return (memory, decision);
    }
}
