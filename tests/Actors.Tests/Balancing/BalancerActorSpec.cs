using ActorMigration.Actors.Tests.Console;
using ActorMigration.Actors.Tests.Trust;
using ActorMigration.Actors.Trust;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using Microsoft.Extensions.Time.Testing;
using static ActorMigration.Actors.Tests.Balancing.Clusters;

namespace ActorMigration.Actors.Tests.Balancing;

/// <summary>Who acts, what it asks, what it orders, and what it tells.</summary>
public sealed class BalancerActorSpec : TestKit
{
    private static readonly HostName A = new("a");
    private static readonly HostName B = new("b");
    private static readonly HostName C = new("c");
    private static readonly BalancePolicy Policy = BalancePolicy.Default with { HoldRounds = 1 };

    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UnixEpoch.AddYears(50));
    private readonly FakeStore _store = new();
    private readonly FakeDrain _drain = new();
    private ClusterTrust _trust = new(new TrustBoard([A, B, C]), UntrustedAction.Stop);
    private readonly TestProbe _console;
    private readonly TestProbe _migrations;
    private readonly TestProbe _other;
    private readonly ConsolePeers _peers;
    private LoadTold _loadOfA = new(Host("a", Containers("c", 7)));
    private LoadTold _loadOfB = new(Host("b"));
    private MigrationsListed _listed = new([]);

    public BalancerActorSpec()
    {
        _console = CreateTestProbe();
        _migrations = CreateTestProbe();
        _other = CreateTestProbe();
        _peers = new ConsolePeers([A, B])
        {
            OfLoads = { [A] = Answering(() => _loadOfA), [B] = Answering(() => _loadOfB) },
            OfMigrations = { [A] = _migrations, [B] = _migrations },
            OfBalancers = { [B] = _other },
        };
        _other.SetAutoPilot(new DelegateAutoPilot((sender, message) =>
        {
            if (message is AskBalanceMode)
            {
                sender.Tell(BalanceModeSet.None);
            }

            return AutoPilot.KeepRunning;
        }));
        _console.SetAutoPilot(new DelegateAutoPilot((sender, message) =>
        {
            if (message is ListMigrations)
            {
                sender.Tell(_listed);
            }

            return AutoPilot.KeepRunning;
        }));
    }

    [Fact]
    public void In_auto_a_look_orders_the_moves_at_the_hosts_of_their_containers_with_their_fences()
    {
        var decision = LookByClock(Start(BalanceMode.Auto));
        Assert.True(decision.AreOrdered);
        Assert.NotEmpty(decision.Moves);
        foreach (var move in decision.Moves)
        {
            var order = _migrations.ExpectMsg<MoveAsPlanned>();
            Assert.Equal((move.Move.Container, B, new Fence(1, 0)), (order.Order.Container, order.Order.To, order.Fence));
            _migrations.Reply(new MigrationAccepted(AttemptId.New()));
        }

        Assert.Single(_store.Log);
    }

    [Fact]
    public void In_recommend_nothing_is_ordered_before_the_operator_applies_it_and_then_once()
    {
        var balancer = Start(BalanceMode.Recommend);
        balancer.Tell(new ApplyPlan(0), TestActor);
        Assert.Contains("no plan", ExpectMsg<CommandRefused>().Sentence, StringComparison.Ordinal);

        balancer.Tell(new LookNow(), TestActor);
        var said = ExpectMsg<BalanceSeen>().Decision;
        Assert.False(said.AreOrdered);
        balancer.Tell(new ApplyPlan(said.Round + 1), TestActor);
        Assert.Equal(MigrationFailure.TooLate, ExpectMsg<CommandRefused>().Failure);
        _migrations.ExpectNoMsg(TimeSpan.FromMilliseconds(100));

        balancer.Tell(new ApplyPlan(said.Round), TestActor);
        Assert.True(ExpectMsg<BalanceSeen>().Decision.AreOrdered);
        _migrations.ReceiveN(said.Moves.Length);
        balancer.Tell(new ApplyPlan(said.Round), TestActor);
        Assert.Equal(MigrationFailure.AttemptInProgress, ExpectMsg<CommandRefused>().Failure);
        _migrations.ExpectNoMsg(TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public void Only_the_oldest_member_acts()
    {
        _peers.Oldest = B;
        var balancer = Start(BalanceMode.Auto);
        foreach (var command in (IWire[])[new SetBalanceMode(BalanceMode.Off), new AskBalance(), new LookNow(), new ApplyPlan(0), new AskMove("a-1.1")])
        {
            balancer.Tell(command, TestActor);
            Assert.Contains("host b balances", ExpectMsg<CommandRefused>().Sentence, StringComparison.Ordinal);
        }

        _migrations.ExpectNoMsg(TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public void A_member_that_is_not_trusted_does_not_act_and_the_next_one_does()
    {
        _peers.Oldest = B;
        var balancer = Start(BalanceMode.Off);
        balancer.Tell(new AskBalance(), TestActor);
        ExpectMsg<CommandRefused>();

        _trust.Say("b", HostTrust.Rejected, "a", "c");
        balancer.Tell(new AskBalance(), TestActor);
        Assert.Equal(A, ExpectMsg<BalanceStatus>().By);

        _trust.Say("a", HostTrust.Rejected, "b", "c");
        balancer.Tell(new AskBalance(), TestActor);
        Assert.Contains("host b balances", ExpectMsg<CommandRefused>().Sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(HostTrust.Rejected, HostStanding.Untrusted)]
    [InlineData(HostTrust.Unproved, HostStanding.Unproved)]
    public void A_host_that_is_not_trusted_or_proves_nothing_gets_nothing_and_gives_nothing(HostTrust said, HostStanding standing)
    {
        _trust.Say("b", said, "a", "c");

        var balancer = Start(BalanceMode.Auto);
        balancer.Tell(new LookNow(), TestActor);
        Assert.Empty(ExpectMsg<BalanceSeen>().Decision.Moves);

        balancer.Tell(new AskBalance(), TestActor);
        Assert.Equal(standing, ExpectMsg<BalanceStatus>().Hosts.Single(h => h.Host == B).Standing);
    }

    [Fact]
    public void A_host_that_is_not_trusted_is_emptied_in_every_mode_where_the_operator_wants_that()
    {
        _trust = new ClusterTrust(new TrustBoard([A, B, C]), UntrustedAction.Evacuate);
        _trust.Say("b", HostTrust.Rejected, "a", "c");
        (_loadOfA, _loadOfB) = (new LoadTold(Host("a")), new LoadTold(Host("b", Containers("c", 2)).Draining()));

        var decision = LookByClock(Start(BalanceMode.Off));

        Assert.True(decision.AreOrdered);
        Assert.All(decision.Moves, m => Assert.Equal((MoveReason.Trust, B, A), (m.Reason, m.Move.From, m.Move.To)));
        Assert.Contains("leaves b, which is not trusted, for a", decision.Moves[0].Sentence, StringComparison.Ordinal);
        Assert.Contains("b is emptied", decision.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void A_mode_is_kept_told_to_all_others_and_the_newest_one_wins()
    {
        var balancer = Start(BalanceMode.Off);
        balancer.Tell(new SetBalanceMode(BalanceMode.Recommend), TestActor);
        Assert.Equal(BalanceMode.Recommend, ExpectMsg<BalanceStatus>().Mode.Mode);
        var told = _other.ExpectMsg<BalanceModeSet>();
        Assert.Equal((BalanceMode.Recommend, A), (told.Mode, told.SetOn));
        Assert.Equal(told, _store.Mode);

        balancer.Tell(told with { Mode = BalanceMode.Auto, Version = told.Version - 1 });
        balancer.Tell(told with { Mode = BalanceMode.Off, Version = told.Version + 1, SetOn = B });
        balancer.Tell(new AskBalanceMode(), TestActor);
        Assert.Equal((BalanceMode.Off, B), (ExpectMsg<BalanceModeSet>() is var now ? now.Mode : default, _store.Mode.SetOn));
    }

    [Fact]
    public void Whoever_takes_over_asks_the_others_for_the_mode_and_tells_those_that_have_an_older_one()
    {
        var newest = new BalanceModeSet(BalanceMode.Recommend, 7, B, 5);
        _other.SetAutoPilot(new DelegateAutoPilot((sender, message) =>
        {
            if (message is AskBalanceMode)
            {
                sender.Tell(newest);
            }

            return AutoPilot.KeepRunning;
        }));
        var balancer = Start(BalanceMode.Auto);
        balancer.Tell(new LookNow(), TestActor);

        Assert.False(ExpectMsg<BalanceSeen>().Decision.AreOrdered);
        Assert.Equal(newest, _store.Mode);

        newest = BalanceModeSet.None;
        balancer.Tell(new LookNow(), TestActor);
        ExpectMsg<BalanceSeen>();
        _other.FishForMessage(m => m is BalanceModeSet { Version: 7 });
    }

    [Fact]
    public void A_mode_that_cannot_be_written_is_refused_and_the_old_one_stays()
    {
        var balancer = Start(BalanceMode.Recommend);
        _store.IsFull = true;
        balancer.Tell(new SetBalanceMode(BalanceMode.Auto), TestActor);
        Assert.Contains("the mode stays Recommend", ExpectMsg<CommandRefused>().Sentence, StringComparison.Ordinal);
        balancer.Tell(new LookNow(), TestActor);
        Assert.False(ExpectMsg<BalanceSeen>().Decision.AreOrdered);
    }

    [Fact]
    public void A_refused_order_ends_its_move_with_the_reason_and_its_container_cools_down()
    {
        var balancer = Start(BalanceMode.Auto);
        var moves = LookByClock(balancer).Moves;
        foreach (var _ in moves)
        {
            _migrations.ExpectMsg<MoveAsPlanned>();
            _migrations.Reply(new CommandRefused(MigrationFailure.TooLate, "somebody was faster"));
        }

        AwaitAssert(() =>
        {
            balancer.Tell(new AskMove(moves[0].Id), TestActor);
            var explained = ExpectMsg<MoveExplained>();
            Assert.Equal((AttemptOutcome.Aborted, "somebody was faster"), (explained.Standing.Outcome, explained.Standing.Sentence));
        });
        balancer.Tell(new LookNow(), TestActor);
        Assert.Empty(ExpectMsg<BalanceSeen>().Decision.Moves.Select(m => m.Move.Container).Intersect(moves.Select(m => m.Move.Container)));
    }

    [Fact]
    public void A_host_that_does_not_answer_is_left_out_and_nothing_goes_there()
    {
        _peers.OfLoads[B] = CreateTestProbe();
        var balancer = Start(BalanceMode.Auto);
        balancer.Tell(new LookNow(), TestActor);

        Assert.Empty(ExpectMsg<BalanceSeen>(HostsLook.HostPatience + TimeSpan.FromSeconds(5)).Decision.Moves);
    }

    [Fact]
    public void Attempts_that_are_open_when_a_host_takes_over_are_under_way_and_ended_ones_cool_down()
    {
        var started = _clock.GetUtcNow().ToUnixTimeMilliseconds() - 60_000;
        AttemptDetails Attempt(string container, AttemptOutcome outcome, string step) => new(
            AttemptId.New(), new ContainerName(container), new Fence(1, 0), A, B, A, Phase.PreCopy, step, outcome, MigrationFailure.None, "", started, [], [], 0, 0, [], 0, 0, 0, null);
        _listed = new MigrationsListed([Attempt("c0", AttemptOutcome.Open, "Copying"), Attempt("c1", AttemptOutcome.Aborted, "Ended")]);
        var balancer = Start(BalanceMode.Auto);

        balancer.Tell(new LookNow(), TestActor);
        Assert.Contains("1 move under way", ExpectMsg<BalanceSeen>().Decision.Sentence, StringComparison.Ordinal);
        _migrations.ExpectNoMsg(TimeSpan.FromMilliseconds(100));

        balancer.Tell(new AskBalance(), TestActor);
        Assert.Equal("c0", Assert.Single(ExpectMsg<BalanceStatus>().Moves).Move.Move.Container.Value);
    }

    [Fact]
    public void A_move_that_has_ended_is_seen_and_frees_the_way_for_the_next_plan()
    {
        var balancer = Start(BalanceMode.Auto);
        var moves = LookByClock(balancer).Moves;
        var attempts = moves.ToDictionary(_ => AttemptId.New());
        foreach (var (attempt, _) in attempts)
        {
            _migrations.ExpectMsg<MoveAsPlanned>();
            _migrations.Reply(new MigrationAccepted(attempt));
        }

        foreach (var _ in moves)
        {
            // The source first, and where it has ended the destination: its memory may still be coming.
            foreach (var step in (string[])["Ended", "Ended"])
            {
                var asked = (ShowMigration)_migrations.FishForMessage(m => m is ShowMigration);
                var move = attempts[asked.Attempt].Move;
                _migrations.Reply(new AttemptDetails(
                    asked.Attempt, move.Container, new Fence(1, 0), A, B, A, Phase.Teardown, step, AttemptOutcome.Committed, MigrationFailure.None, "", 0, [], [], 0, 0, [], 0, 0, 0, null));
            }
        }

        AwaitAssert(() =>
        {
            balancer.Tell(new AskBalance(), TestActor);
            Assert.All(ExpectMsg<BalanceStatus>().Moves, m => Assert.Equal(AttemptOutcome.Committed, m.Outcome));
        });
        balancer.Tell(new LookNow(), TestActor);
        Assert.DoesNotContain("under way", ExpectMsg<BalanceSeen>().Decision.Sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(MigrationFailure.UnknownContainer, AttemptOutcome.Aborted)]
    [InlineData(MigrationFailure.Internal, AttemptOutcome.Open)]
    public void A_move_that_both_of_its_hosts_know_nothing_of_has_not_begun_and_is_not_waited_for(MigrationFailure destinationSays, AttemptOutcome outcome)
    {
        const int Questions = 40;
        var asked = 0;
        var atDestination = CreateTestProbe();
        _peers.OfMigrations[B] = atDestination;
        atDestination.SetAutoPilot(new DelegateAutoPilot((sender, message) =>
        {
            sender.Tell(new CommandRefused(destinationSays, "no attempt is known"));
            return AutoPilot.KeepRunning;
        }));
        // Accepted, and then its daemon was started anew before it had written anything.
        _migrations.SetAutoPilot(new DelegateAutoPilot((sender, message) =>
        {
            asked += message is ShowMigration ? 1 : 0;
            sender.Tell(message is MoveAsPlanned ? new MigrationAccepted(AttemptId.New()) : new CommandRefused(MigrationFailure.UnknownContainer, "no attempt is known"));
            return AutoPilot.KeepRunning;
        }));
        var balancer = Start(BalanceMode.Auto);
        var moves = LookByClock(balancer).Moves.Length;
        BalanceStatus status = null!;

        AwaitCondition(
            () =>
            {
                balancer.Tell(BalancerActor.WatchNow);
                balancer.Tell(new AskBalance(), TestActor);
                status = ExpectMsg<BalanceStatus>();
                return asked >= Questions * moves || status.Moves.All(m => m.Outcome != AttemptOutcome.Open);
            },
            TimeSpan.FromSeconds(20),
            TimeSpan.FromMilliseconds(5));

        Assert.Equal(moves, status.Moves.Length);
        Assert.All(status.Moves, m => Assert.Equal(outcome, m.Outcome));
        Assert.True(asked >= 30 * moves, $"{asked} questions about {moves} moves");
    }

    [Fact]
    public void A_look_that_somebody_asks_for_orders_nothing_and_does_not_count_as_one_of_the_rounds()
    {
        var balancer = Start(BalanceMode.Auto);
        for (var look = 0; look < 5; look++)
        {
            balancer.Tell(new LookNow(), TestActor);
            var decision = ExpectMsg<BalanceSeen>().Decision;
            Assert.False(decision.AreOrdered);
            Assert.NotEmpty(decision.Moves);
        }

        _migrations.ExpectNoMsg(TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public void A_container_that_was_only_created_is_no_move_under_way()
    {
        var created = new AttemptDetails(
            AttemptId.New(), new ContainerName("c0"), new Fence(0, 1), A, A, A, Phase.Teardown, "Creation", AttemptOutcome.Committed, MigrationFailure.None, "", _clock.GetUtcNow().ToUnixTimeMilliseconds(), [], [], 0, 0, [], 0, 0, 0, null);
        _listed = new MigrationsListed([created]);

        Assert.True(LookByClock(Start(BalanceMode.Auto)).AreOrdered);
    }

    [Fact]
    public void Without_the_attempts_that_are_open_nobody_takes_over()
    {
        _console.SetAutoPilot(new DelegateAutoPilot((sender, message) =>
        {
            sender.Tell(new CommandRefused(MigrationFailure.Internal, "no"));
            return AutoPilot.KeepRunning;
        }));
        var balancer = Start(BalanceMode.Auto);
        balancer.Tell(new LookNow(), TestActor);

        Assert.Contains("is not known yet", ExpectMsg<CommandRefused>().Sentence, StringComparison.Ordinal);
        _migrations.ExpectNoMsg(TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public void A_host_that_tells_numbers_that_are_none_or_another_ones_load_is_left_out()
    {
        foreach (var told in (LoadTold[])[
            new(Host("b") with { Capacity = default }), new(Host("b") with { Own = new Resources(double.NaN, 0, 0, 0) }), new(Host("b", Container("x"), Container("x"))), new(Host("a")),
            new(Host("b", Container("x") with { ResidentBytes = double.PositiveInfinity }))])
        {
            _loadOfB = told;
            var balancer = Start(BalanceMode.Auto);
            balancer.Tell(new LookNow(), TestActor);
            Assert.Empty(ExpectMsg<BalanceSeen>().Decision.Moves);
            balancer.Tell(new AskBalance(), TestActor);
            Assert.Equal("a", Assert.Single(ExpectMsg<BalanceStatus>().Hosts).Host.Value);
            Sys.Stop(balancer);
        }
    }

    [Fact]
    public void A_host_that_acts_a_second_time_goes_on_counting_its_rounds_and_forgets_no_move()
    {
        var balancer = Start(BalanceMode.Auto);
        var first = LookByClock(balancer);
        _peers.Oldest = B;
        balancer.Tell(BalancerActor.TickNow);
        balancer.Tell(new AskBalance(), TestActor);
        ExpectMsg<CommandRefused>();
        _peers.Oldest = A;
        var second = LookByClock(balancer);

        Assert.Equal(first.Round + 1, second.Round);
        Assert.NotEqual(first.Moves[0].Id, second.Moves[0].Id);
    }

    [Fact]
    public void A_host_that_balances_again_does_not_show_what_it_saw_the_last_time()
    {
        var balancer = Start(BalanceMode.Recommend);
        balancer.Tell(new LookNow(), TestActor);
        ExpectMsg<BalanceSeen>();
        _peers.Oldest = B;
        balancer.Tell(BalancerActor.TickNow);
        balancer.Tell(new AskBalance(), TestActor);
        ExpectMsg<CommandRefused>();
        _peers.Oldest = A;
        balancer.Tell(new AskBalance(), TestActor);

        var status = ExpectMsg<BalanceStatus>();
        Assert.Null(status.Last);
        Assert.Empty(status.Hosts);
        balancer.Tell(new ApplyPlan(0), TestActor);
        Assert.Equal(MigrationFailure.TooLate, ExpectMsg<CommandRefused>().Failure);
    }

    [Fact]
    public void A_mode_of_another_host_is_in_force_though_it_cannot_be_written()
    {
        var balancer = Start(BalanceMode.Auto);
        _store.IsFull = true;
        balancer.Tell(new BalanceModeSet(BalanceMode.Off, 9, B, 9));

        balancer.Tell(new AskBalanceMode(), TestActor);
        Assert.Equal(BalanceMode.Off, ExpectMsg<BalanceModeSet>().Mode);
    }

    [Fact]
    public void Whoever_waits_for_the_next_look_when_another_host_takes_over_is_told()
    {
        _peers.OfLoads[B] = CreateTestProbe();
        var balancer = Start(BalanceMode.Auto);
        balancer.Tell(new LookNow(), TestActor);
        balancer.Tell(new LookNow(), TestActor);
        _peers.Oldest = B;

        Assert.Contains("host b balances", ExpectMsg<CommandRefused>(HostsLook.HostPatience + TimeSpan.FromSeconds(5)).Sentence, StringComparison.Ordinal);
        Assert.Contains("host b balances", ExpectMsg<CommandRefused>().Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void A_plan_that_is_applied_is_in_the_log_by_its_own_round_though_it_was_said_before()
    {
        var balancer = Start(BalanceMode.Recommend);
        balancer.Tell(new LookNow(), TestActor);
        ExpectMsg<BalanceSeen>();
        balancer.Tell(new LookNow(), TestActor);
        var said = ExpectMsg<BalanceSeen>().Decision;
        Assert.Single(_store.Log);
        balancer.Tell(new ApplyPlan(said.Round), TestActor);
        ExpectMsg<BalanceSeen>();

        Assert.Equal([said.Round - 1, said.Round], _store.Log.Select(r => r.Decision.Round));
        Assert.Equal(said.Sentence, BalanceRounds.See(_store.Log[1].Memory, A, _store.Log[1].Snapshot, Policy, BalanceMode.Recommend).Decision.Sentence);
    }

    [Fact]
    public void A_move_that_takes_for_ever_does_not_keep_the_operator_from_applying_a_plan()
    {
        _listed = new MigrationsListed([new AttemptDetails(
            AttemptId.New(), new ContainerName("c0"), new Fence(1, 0), A, new HostName("z"), A, Phase.PreCopy, "Copying", AttemptOutcome.Open, MigrationFailure.None, "", 0, [], [], 0, 0, [], 0, 0, 0, null)]);
        var balancer = Start(BalanceMode.Recommend);
        balancer.Tell(new LookNow(), TestActor);
        Assert.Contains("under way", ExpectMsg<BalanceSeen>().Decision.Sentence, StringComparison.Ordinal);
        _clock.Advance(BalanceRounds.LongMove + TimeSpan.FromSeconds(1));
        balancer.Tell(new LookNow(), TestActor);
        ExpectMsg<BalanceSeen>();
        balancer.Tell(new ApplyPlan(0), TestActor);

        Assert.True(ExpectMsg<BalanceSeen>().Decision.AreOrdered);
    }

    [Fact]
    public void A_plan_that_is_too_old_is_not_applied()
    {
        var balancer = Start(BalanceMode.Recommend);
        balancer.Tell(new LookNow(), TestActor);
        ExpectMsg<BalanceSeen>();
        _clock.Advance(TimeSpan.FromHours(3));
        balancer.Tell(new ApplyPlan(0), TestActor);

        Assert.Equal(MigrationFailure.TooLate, ExpectMsg<CommandRefused>().Failure);
    }

    [Fact]
    public void The_last_decision_is_the_last_one_however_many_there_were()
    {
        var balancer = Start(BalanceMode.Recommend);
        for (var look = 0; look < 210; look++)
        {
            balancer.Tell(new LookNow(), TestActor);
            ExpectMsg<BalanceSeen>();
        }

        _loadOfA = new LoadTold(Host("a"));
        balancer.Tell(new LookNow(), TestActor);
        var last = ExpectMsg<BalanceSeen>().Decision;
        balancer.Tell(new AskBalance(), TestActor);
        Assert.Equal(last.Round, ExpectMsg<BalanceStatus>().Last!.Round);
        balancer.Tell(new ApplyPlan(0), TestActor);
        Assert.Contains("no plan", ExpectMsg<CommandRefused>().Sentence, StringComparison.Ordinal);
        Assert.Single(_store.Log);
    }

    [Fact]
    public void A_drained_host_keeps_it_and_says_whether_it_was_so_before()
    {
        var balancer = Start(BalanceMode.Off);
        balancer.Tell(new DrainHost(A, true, false), TestActor);
        Assert.Equal(new HostDrained(A, true, true), ExpectMsg<HostDrained>());
        balancer.Tell(new DrainHost(A, true, false), TestActor);
        Assert.Equal(new HostDrained(A, true, false), ExpectMsg<HostDrained>());
        Assert.Equal(DrainCause.Operator, _drain.Cause);
        _drain.IsFull = true;
        balancer.Tell(new DrainHost(A, false, false), TestActor);
        ExpectMsg<CommandRefused>();
        Assert.Equal(DrainCause.Operator, _drain.Cause);
    }

    [Fact]
    public void A_drain_for_a_shutdown_ends_when_the_host_is_up_again_and_the_operators_does_not()
    {
        var balancer = Start(BalanceMode.Off);
        HostDrained Tell(bool drain, bool forShutdown)
        {
            balancer.Tell(new DrainHost(A, drain, forShutdown), TestActor);
            return ExpectMsg<HostDrained>();
        }

        Assert.Equal(new HostDrained(A, true, true), Tell(true, forShutdown: true));
        Assert.Equal(DrainCause.Shutdown, _drain.Cause);
        Assert.Equal(new HostDrained(A, false, true), Tell(false, forShutdown: true));

        Assert.Equal(new HostDrained(A, true, true), Tell(true, forShutdown: false));
        Assert.Equal(new HostDrained(A, true, false), Tell(true, forShutdown: true));
        Assert.Equal(new HostDrained(A, true, false), Tell(false, forShutdown: true));
        Assert.Equal(DrainCause.Operator, _drain.Cause);
        Assert.Equal(new HostDrained(A, false, true), Tell(false, forShutdown: false));
    }

    [Fact]
    public void Draining_goes_on_as_soon_as_a_move_has_ended()
    {
        _loadOfA = new LoadTold(_loadOfA.Load.Draining());
        var balancer = Start(BalanceMode.Off);
        balancer.Tell(new LookNow(), TestActor);
        Assert.Single(ExpectMsg<BalanceSeen>().Decision.Moves);
        var first = _migrations.ExpectMsg<MoveAsPlanned>().Order.Container;
        _migrations.Reply(new CommandRefused(MigrationFailure.NotDumpable, "it has a device open"));

        Assert.NotEqual(first, _migrations.ExpectMsg<MoveAsPlanned>().Order.Container);
    }

    [Fact]
    public void Nobody_remembers_a_move_that_never_was()
    {
        var balancer = Start(BalanceMode.Off);
        balancer.Tell(new AskMove("a-99.1"), TestActor);
        Assert.Equal(MigrationFailure.UnknownContainer, ExpectMsg<CommandRefused>().Failure);
    }

    /// <summary>What the clock would have it do.</summary>
    private BalanceDecision LookByClock(IActorRef balancer)
    {
        // The console's answer to the first look, and the answers of the hosts, are all that there is to wait for.
        var before = _store.Log.Count;
        balancer.Tell(BalancerActor.TickNow);
        AwaitAssert(() => Assert.True(_store.Log.Count > before));
        return _store.Log[^1].Decision;
    }

    private IActorRef Start(BalanceMode mode)
    {
        _store.Mode = mode == BalanceMode.Off ? BalanceModeSet.None : new BalanceModeSet(mode, 1, A, 1);
        return Sys.ActorOf(BalancerActor.Props(new BalanceServices(_peers, _trust, _console, _store, _drain, Policy, MigrationPolicy.Default, TimeSpan.FromHours(1), _clock)));
    }

    private TestProbe Answering(Func<LoadTold> load)
    {
        var probe = CreateTestProbe();
        probe.SetAutoPilot(new DelegateAutoPilot((sender, message) =>
        {
            if (message is AskLoad)
            {
                sender.Tell(load());
            }

            return AutoPilot.KeepRunning;
        }));
        return probe;
    }

    private sealed class FakeStore : IBalanceStore
    {
        public bool IsFull { get; set; }

        public List<BalanceRecord> Log { get; } = [];

        public BalanceModeSet Mode { get; set; } = BalanceModeSet.None;

        public void Keep(BalanceModeSet mode) => Mode = IsFull ? throw new AttemptException(MigrationFailure.Internal, "the disk is full") : mode;

        public void Append(BalanceRecord record) => Log.Add(record);
    }
}
