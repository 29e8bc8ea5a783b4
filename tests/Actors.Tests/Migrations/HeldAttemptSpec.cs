using ActorMigration.Contracts;
using ActorMigration.Simulator;
using Akka.Actor;
using Akka.TestKit.Xunit2;

namespace ActorMigration.Actors.Tests.Migrations;

/// <summary>Attempts that wait at a step or hang in a call: cancels in each phase, other sides that hang, a tree that dies behind the verdict.</summary>
public sealed class HeldAttemptSpec : TwoHostsSpec
{
    [Theory]
    [InlineData("Source.Offering")]
    [InlineData("Source.AwaitingResources")]
    [InlineData("Source.Copying")]
    [InlineData("Source.AwaitingConsent")]
    [InlineData("Source.JournalingFrozen")]
    [InlineData("Source.Freezing")]
    [InlineData("Source.CopyingFrozen")]
    [InlineData("Source.Signing")]
    public async Task A_cancel_at_a_held_step_leaves_the_container_there(string step)
    {
        var attempt = await MigrateAndHoldAsync(Hosts.HostA, step);

        Assert.IsType<CancelAccepted>(await Hosts.Of(TwoHosts.A).Ask<object>(new CancelMigration(attempt), Patience));

        var details = await EndOfAsync(TwoHosts.A, attempt);
        Assert.Equal((AttemptOutcome.Aborted, MigrationFailure.Cancelled), (details.Outcome, details.Failure));
        AwaitTrees(Tree.Running, Tree.None);
    }

    [Fact]
    public async Task A_cancel_when_the_hand_over_is_out_is_a_wish_and_exactly_one_side_runs()
    {
        var attempt = await MigrateAndHoldAsync(Hosts.HostA, "Source.AwaitingVerdict");

        Assert.IsType<CancelAccepted>(await Hosts.Of(TwoHosts.A).Ask<object>(new CancelMigration(attempt), Patience));

        var details = await EndOfAsync(TwoHosts.A, attempt);
        await EndOfAsync(TwoHosts.B, attempt);
        var moved = details.Outcome == AttemptOutcome.Committed;
        AwaitTrees(moved ? Tree.None : Tree.Running, moved ? Tree.Running : Tree.None);
    }

    [Theory]
    [InlineData(AttemptCall.Connect)]
    [InlineData(AttemptCall.RunRound)]
    public async Task A_destination_that_hangs_before_the_freeze_ends_the_attempt(AttemptCall during)
    {
        var (attempt, _) = await MigrateAndHangAsync(Hosts.HostA, during);

        await Hosts.KillAsync(TwoHosts.B);

        var details = await EndOfAsync(TwoHosts.A, attempt);
        Assert.Equal((AttemptOutcome.Aborted, MigrationFailure.PeerLost), (details.Outcome, details.Failure));
        Assert.Equal(Tree.Running, Hosts.HostA.Tree);
    }

    [Fact]
    public async Task A_round_that_takes_longer_than_all_patience_goes_on_while_the_destination_answers()
    {
        var (attempt, gate) = await MigrateAndHangAsync(Hosts.HostA, AttemptCall.RunRound);

        await Task.Delay(TwoHosts.BeforeFreezePatience * 5);
        gate.TrySetResult();

        Assert.Equal(AttemptOutcome.Committed, (await EndOfAsync(TwoHosts.A, attempt)).Outcome);
    }

    [Theory]
    [InlineData("Source.JournalingVerdict")]
    [InlineData("Source.Killing")]
    [InlineData("Source.AwaitingRunning")]
    [InlineData("Source.Cleaning")]
    [InlineData("Source.JournalingEnded")]
    public async Task A_cancel_after_the_verdict_is_too_late_and_says_so(string step)
    {
        // The destination's Running comes only after the source has asked for it.
        Hosts.HostB.Held = step == "Source.AwaitingRunning" ? "Destination.OpeningGate" : null;
        var attempt = await MigrateAndHoldAsync(Hosts.HostA, step);

        var refused = Assert.IsType<CommandRefused>(await Hosts.Of(TwoHosts.A).Ask<object>(new CancelMigration(attempt), Patience));
        Assert.Equal((MigrationFailure.TooLate, step), (refused.Failure, Hosts.HostA.Waiting));
        Assert.StartsWith("too late to cancel", refused.Sentence, StringComparison.Ordinal);

        (Hosts.HostA.Held, Hosts.HostB.Held) = (null, null);
        Assert.Equal(AttemptOutcome.Committed, (await EndOfAsync(TwoHosts.A, attempt)).Outcome);
        AwaitTrees(Tree.None, Tree.Running);
    }

    [Fact]
    public async Task A_copy_that_somebody_lets_run_by_hand_stands_again_and_the_source_takes_it_back()
    {
        var attempt = await MigrateAndHoldAsync(Hosts.HostB, "Destination.Restoring");
        AwaitAssert(() => Assert.Equal(Tree.Frozen, Hosts.HostA.Tree), Patience);

        Hosts.HostA.Tree = Tree.Running;

        var details = await EndOfAsync(TwoHosts.A, attempt);
        Assert.Equal((AttemptOutcome.Aborted, MigrationFailure.ContentMismatch), (details.Outcome, details.Failure));
        Assert.Contains("let container", details.Sentence, StringComparison.Ordinal);
        Hosts.HostB.Held = null;
        AwaitTrees(Tree.Running, Tree.None);
    }

    [Fact]
    public async Task A_held_step_does_nothing_until_it_is_let_go()
    {
        var attempt = await MigrateAndHoldAsync(Hosts.HostB, "Destination.OpeningGate");
        AwaitAssert(() => Assert.Equal(Tree.None, Hosts.HostA.Tree), Patience);
        Assert.DoesNotContain(AttemptCall.OpenGate, Hosts.HostB.Calls);

        Hosts.HostB.Held = null;

        Assert.Equal(AttemptOutcome.Committed, (await EndOfAsync(TwoHosts.B, attempt)).Outcome);
        Assert.Null(Hosts.HostB.Waiting);
    }

    [Fact]
    public async Task A_copy_that_hangs_on_the_destination_ends_at_the_stop_deadline_and_the_container_runs_on()
    {
        var (attempt, _) = await MigrateAndHangAsync(Hosts.HostA, AttemptCall.CopyFrozen, Policy with { StopDeadlineMs = 500 });

        var details = await EndOfAsync(TwoHosts.A, attempt);

        Assert.Equal((AttemptOutcome.Aborted, MigrationFailure.PeerLost), (details.Outcome, details.Failure));
        AwaitTrees(Tree.Running, Tree.None);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    public async Task Evidence_that_is_too_old_at_the_hand_over_is_refused_also_when_the_clock_was_set_back(int hours)
    {
        const int MaxAgeMs = 500;
        var (attempt, gate) = await MigrateAndHangAsync(Hosts.HostA, AttemptCall.CopyFrozen, Policy with { EvidenceMaxAgeMs = MaxAgeMs });
        Hosts.Clock.SetBy = TimeSpan.FromHours(hours);
        await Task.Delay(MaxAgeMs * 2);

        gate.TrySetResult();

        var details = await EndOfAsync(TwoHosts.A, attempt);
        Assert.Equal((AttemptOutcome.Aborted, MigrationFailure.AttestationFailed), (details.Outcome, details.Failure));
        AwaitTrees(Tree.Running, Tree.None);
    }

    [Fact]
    public async Task A_clock_that_is_set_forward_during_a_migration_costs_nothing()
    {
        var (attempt, gate) = await MigrateAndHangAsync(Hosts.HostA, AttemptCall.CopyFrozen);
        Hosts.Clock.SetBy = TimeSpan.FromDays(1);

        gate.TrySetResult();

        Assert.Equal(AttemptOutcome.Committed, (await EndOfAsync(TwoHosts.A, attempt)).Outcome);
    }

    [Fact]
    public async Task An_address_that_is_claimed_after_the_source_has_its_container_back_is_announced_again()
    {
        var (attempt, gate) = await MigrateAndHangAsync(Hosts.HostB, AttemptCall.ClaimAddress);
        Hosts.HostA.Held = "Source.Cleaning";
        await Hosts.Of(TwoHosts.A).Ask<object>(new CancelMigration(attempt), Patience);
        AwaitAssert(() => Assert.Equal("Source.Cleaning", Hosts.HostA.Waiting), Patience);
        Assert.Equal(0, Hosts.HostA.Announcements);

        gate.TrySetResult();
        Hosts.HostA.Held = null;

        AwaitAssert(() => Assert.True(Hosts.HostA.Announcements > 0), Patience);
        Assert.Equal(AttemptOutcome.Aborted, (await EndOfAsync(TwoHosts.A, attempt)).Outcome);
    }

    [Fact]
    public async Task A_destination_that_hangs_in_the_restore_ends_it_when_the_source_has_its_container_back()
    {
        var (attempt, _) = await MigrateAndHangAsync(Hosts.HostB, AttemptCall.RestoreToGate, Policy with { StopDeadlineMs = 500 });

        Assert.Equal(AttemptOutcome.Aborted, (await EndOfAsync(TwoHosts.A, attempt)).Outcome);
        Assert.Equal(AttemptOutcome.Aborted, (await EndOfAsync(TwoHosts.B, attempt)).Outcome);
        AwaitTrees(Tree.Running, Tree.None);
    }

    [Theory]
    [InlineData("Source.AgreeingStop")]
    [InlineData("Source.AwaitingConsent")]
    public async Task A_destination_whose_daemon_is_being_stopped_consents_to_no_stop_and_takes_nothing(string step)
    {
        var attempt = await MigrateAndHoldAsync(Hosts.HostA, step);

        Hosts.Of(TwoHosts.B).Tell(new DaemonStops());
        Hosts.HostA.Held = null;

        var details = await EndOfAsync(TwoHosts.A, attempt);
        Assert.Equal((AttemptOutcome.Aborted, MigrationFailure.PeerLost), (details.Outcome, details.Failure));
        Assert.Contains("is being stopped", details.Sentence, StringComparison.Ordinal);
        Assert.DoesNotContain(AttemptCall.Freeze, Hosts.HostA.Calls);
        AwaitTrees(Tree.Running, Tree.None);
        var refused = await EndOfAsync(TwoHosts.A, await MigrateAsync());
        Assert.Equal((AttemptOutcome.Aborted, MigrationFailure.UnknownHost), (refused.Outcome, refused.Failure));
    }

    [Theory]
    [InlineData("Source.AwaitingConsent", true)]
    [InlineData("Source.CopyingFrozen", true)]
    [InlineData("Source.Killing", true)]
    [InlineData("Destination.Restoring", false)]
    [InlineData("Destination.Deciding", false)]
    [InlineData("Destination.OpeningGate", false)]
    public async Task A_daemon_that_is_told_to_stop_does_not_while_a_container_stands_for_its_move(string step, bool ofSource)
    {
        var host = ofSource ? Hosts.HostA : Hosts.HostB;
        var attempt = await MigrateAndHoldAsync(host, step);

        var stops = Hosts.Of(host.Name).Ask<NothingStands>(new DaemonStops(), Patience);
        await Task.Delay(200);
        Assert.False(stops.IsCompleted);
        host.Held = null;

        await stops;
        Assert.Equal(AttemptOutcome.Committed, (await EndOfAsync(host.Name, attempt)).Outcome);
        AwaitTrees(Tree.None, Tree.Running);
    }

    [Fact]
    public async Task A_daemon_that_is_told_to_stop_waits_also_when_the_actor_of_an_attempt_dies_until_the_container_runs_again()
    {
        var attempt = await MigrateAndHoldAsync(Hosts.HostA, "Source.CopyingFrozen");
        var stops = Hosts.Of(TwoHosts.A).Ask<NothingStands>(new DaemonStops(), Patience);

        Sys.ActorSelection(Hosts.Of(TwoHosts.A).Path / attempt.ToString()).Tell(Kill.Instance);

        // It is taken up again from the journal, which has the freeze, and has its container back.
        await stops;
        AwaitTrees(Tree.Running, Tree.None);
    }

    [Fact]
    public async Task A_daemon_that_is_told_to_stop_when_the_actor_of_an_attempt_has_just_died_waits_too()
    {
        var attempt = await MigrateAndHoldAsync(Hosts.HostA, "Source.CopyingFrozen");
        Sys.ActorSelection(Hosts.Of(TwoHosts.A).Path / attempt.ToString()).Tell(Kill.Instance);
        for (var asked = 0; (await Hosts.Of(TwoHosts.A).Ask<MigrationsListed>(new ListMigrations(), Patience)).Attempts.Any(m => m.Attempt == attempt); asked++)
        {
            Assert.True(asked < 100_000, "it was not seen between its actor's death and its recovery");
        }

        // Nobody is there who would say that a container stands, but it does.
        var stops = Hosts.Of(TwoHosts.A).Ask<NothingStands>(new DaemonStops(), Patience);

        await stops;
        Assert.Equal(Tree.Running, Hosts.HostA.Tree);
    }

    [Theory]
    [InlineData("Source.Registering")]
    [InlineData("Source.Copying")]
    public async Task A_daemon_that_is_told_to_stop_gives_its_own_moves_up_before_their_stop_and_says_why(string step)
    {
        var attempt = await MigrateAndHoldAsync(Hosts.HostA, step);

        await Hosts.Of(TwoHosts.A).Ask<NothingStands>(new DaemonStops(), Patience);
        Hosts.HostA.Held = null;

        var details = await EndOfAsync(TwoHosts.A, attempt);
        Assert.Equal((AttemptOutcome.Aborted, MigrationFailure.Cancelled), (details.Outcome, details.Failure));
        Assert.Contains("the daemon of host a was stopped", details.Sentence, StringComparison.Ordinal);
        Assert.DoesNotContain(AttemptCall.Freeze, Hosts.HostA.Calls);
        AwaitTrees(Tree.Running, Tree.None);
    }

    [Theory]
    [InlineData("Source.Copying", true)]
    [InlineData("Destination.Receiving", false)]
    [InlineData("Destination.Filling", false)]
    public async Task A_daemon_that_is_told_to_stop_does_so_at_once_where_the_container_runs(string step, bool ofSource)
    {
        var host = ofSource ? Hosts.HostA : Hosts.HostB;
        await MigrateAndHoldAsync(host, step);

        await Hosts.Of(host.Name).Ask<NothingStands>(new DaemonStops(), Patience);
    }

    [Theory]
    [InlineData(true, AttemptCall.Kill)]
    [InlineData(false, AttemptCall.OpenGate)]
    public async Task A_daemon_that_stops_in_the_middle_of_a_call_leaves_the_port_to_it(bool ofSource, AttemptCall during)
    {
        var (host, other) = ofSource ? (Hosts.HostA, Hosts.HostB) : (Hosts.HostB, Hosts.HostA);
        var (attempt, gate) = await MigrateAndHangAsync(host, during);

        await Hosts.KillAsync(host.Name);
        Assert.Equal(0, host.Disposals);
        gate.TrySetResult();

        AwaitAssert(() => Assert.Equal(1, host.Disposals), Patience);
        Hosts.Start(host);
        Assert.Equal(AttemptOutcome.Committed, (await EndOfAsync(host.Name, attempt)).Outcome);
        Assert.Equal(AttemptOutcome.Committed, (await EndOfAsync(other.Name, attempt)).Outcome);
        AwaitTrees(Tree.None, Tree.Running);
    }

    [Theory]
    [InlineData("Destination.JournalingProposed")]
    [InlineData("Destination.Deciding")]
    public async Task A_tree_that_dies_before_DEST_is_proposed_costs_the_attempt_and_not_the_container(string step)
    {
        var attempt = await MigrateAndHoldAsync(Hosts.HostB, step);

        Hosts.HostB.Tree = Tree.None;
        Hosts.HostB.Held = null;

        var source = await EndOfAsync(TwoHosts.A, attempt);
        Assert.Equal((AttemptOutcome.Aborted, MigrationFailure.RestoreFailed), (source.Outcome, source.Failure));
        Assert.Contains("died at its gate", source.Sentence, StringComparison.Ordinal);
        AwaitTrees(Tree.Running, Tree.None);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_tree_that_dies_between_the_verdict_and_its_gate_is_lost_by_name_and_runs_nowhere(bool sourceIsLate)
    {
        Hosts.HostA.Held = sourceIsLate ? "Source.JournalingVerdict" : null;
        var attempt = await MigrateAndHoldAsync(Hosts.HostB, "Destination.OpeningGate");

        Hosts.HostB.Tree = Tree.None;
        Hosts.HostB.Held = null;
        var destination = await EndOfAsync(TwoHosts.B, attempt);
        // A question that was under way when it ended there must not be taken for one about an attempt that went well.
        Assert.IsType<TreeLost>(await Hosts.Of(TwoHosts.B).Ask<object>(new ClaimAddress(attempt, destination.Fence), Patience));
        Hosts.HostA.Held = null;
        var source = await EndOfAsync(TwoHosts.A, attempt);

        Assert.Equal((AttemptOutcome.Lost, MigrationFailure.ContainerLost), (destination.Outcome, destination.Failure));
        Assert.Equal((AttemptOutcome.Lost, MigrationFailure.ContainerLost), (source.Outcome, source.Failure));
        Assert.Equal(destination.Sentence, source.Sentence);
        Assert.Equal((Tree.None, Tree.None), (Hosts.HostA.Tree, Hosts.HostB.Tree));
        Assert.Single(Hosts.HostB.Calls, AttemptCall.OpenGate);
        Assert.DoesNotContain(AttemptCall.PlugAndThaw, Hosts.HostA.Calls);
    }
}
