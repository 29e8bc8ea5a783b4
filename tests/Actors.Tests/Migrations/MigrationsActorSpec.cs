using ActorMigration.Actors.Tests.Simulation;
using ActorMigration.Contracts;
using Akka.Actor;
using Akka.TestKit.Xunit2;

namespace ActorMigration.Actors.Tests.Migrations;

public sealed class MigrationsActorSpec : TestKit
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly MigrationPolicy Policy = MigrationPolicy.Default with { StopDeadlineMs = 5_000 };

    private readonly TwoHosts _hosts;

    public MigrationsActorSpec()
        : base("akka.loglevel = WARNING")
        => _hosts = new TwoHosts(Sys);

    [Fact]
    public async Task A_container_moves_and_both_sides_remember_it()
    {
        var attempt = await MigrateAsync();

        var source = await EndOfAsync(TwoHosts.A, attempt);
        var destination = await EndOfAsync(TwoHosts.B, attempt);

        Assert.Equal((AttemptOutcome.Committed, MigrationFailure.None), (source.Outcome, source.Failure));
        Assert.Equal(AttemptOutcome.Committed, destination.Outcome);
        Assert.Equal((Tree.None, Tree.Running), (_hosts.HostA.Tree, _hosts.HostB.Tree));
        Assert.True(source.StopMs > 0);
        Assert.NotEmpty(source.Rounds);
    }

    [Fact]
    public async Task An_attempt_is_known_as_soon_as_its_id_is()
    {
        // A race that the attempt's actor could lose: each order is one more chance.
        var migrations = _hosts.Of(TwoHosts.A);
        _hosts.HostA.Failing = AttemptCall.Survey;
        for (var known = 0; known < 30;)
        {
            if (await migrations.Ask<object>(new MigrateContainer(TwoHosts.Container, TwoHosts.B, Policy), Patience) is MigrationAccepted accepted)
            {
                Assert.IsType<AttemptDetails>(await migrations.Ask<object>(new ShowMigration(accepted.Attempt), Patience));
                known++;
            }
        }
    }

    [Fact]
    public async Task It_moves_back_at_the_next_epoch()
    {
        await EndOfAsync(TwoHosts.B, await MigrateAsync());
        var reply = await _hosts.Of(TwoHosts.B).Ask<object>(new MigrateContainer(TwoHosts.Container, TwoHosts.A, Policy), Patience);
        var back = Assert.IsType<MigrationAccepted>(reply).Attempt;

        var details = await EndOfAsync(TwoHosts.B, back);

        Assert.Equal((AttemptOutcome.Committed, new Fence(2, 1)), (details.Outcome, details.Fence));
        Assert.Equal((Tree.Running, Tree.None), (_hosts.HostA.Tree, _hosts.HostB.Tree));
    }

    [Fact]
    public async Task A_host_whose_PCR_changed_gets_nothing_and_the_rule_is_named()
    {
        _hosts.PcrOfB = 1;

        var details = await EndOfAsync(TwoHosts.A, await MigrateAsync());

        Assert.Equal(MigrationFailure.AttestationFailed, details.Failure);
        Assert.Contains("PcrValueNotAllowed", details.Sentence, StringComparison.Ordinal);
        Assert.DoesNotContain(AttemptCall.Prepare, _hosts.HostB.Calls);
        Assert.Equal(Tree.Running, _hosts.HostA.Tree);
    }

    [Fact]
    public async Task Without_a_majority_nothing_is_begun()
    {
        _hosts.DeadVoters[TwoHosts.B] = true;
        _hosts.DeadVoters[new HostName("w")] = true;

        var details = await EndOfAsync(TwoHosts.A, await MigrateAsync());

        Assert.Equal(MigrationFailure.NoMajority, details.Failure);
        Assert.DoesNotContain(_hosts.JournalOf(TwoHosts.A), e => e is JournalEntry.Begun);
    }

    [Theory]
    [InlineData(AttemptCall.Survey)]
    [InlineData(AttemptCall.Connect)]
    [InlineData(AttemptCall.RunRound)]
    [InlineData(AttemptCall.Freeze)]
    [InlineData(AttemptCall.Unplug)]
    [InlineData(AttemptCall.CopyFrozen)]
    public async Task A_failing_call_of_the_source_leaves_the_container_there(AttemptCall call)
    {
        _hosts.HostA.Failing = call;

        await AssertStaysAsync(MigrationFailure.Internal, $"{call} fails on host a");
    }

    [Theory]
    [InlineData(AttemptCall.Prepare)]
    [InlineData(AttemptCall.ClaimAddress)]
    [InlineData(AttemptCall.RestoreToGate)]
    public async Task A_failing_call_of_the_destination_leaves_the_container_where_it_is(AttemptCall call)
    {
        _hosts.HostB.Failing = call;

        await AssertStaysAsync(MigrationFailure.Internal, $"{call} fails on host b");
    }

    [Theory]
    [InlineData(true, AttemptCall.Survey)]
    [InlineData(true, AttemptCall.Connect)]
    [InlineData(true, AttemptCall.RunRound)]
    [InlineData(true, AttemptCall.CopyFrozen)]
    [InlineData(false, AttemptCall.Prepare)]
    [InlineData(false, AttemptCall.RestoreToGate)]
    public async Task Cancel_in_each_phase_leaves_the_container_there(bool atSource, AttemptCall during)
    {
        var (attempt, gate) = await MigrateAndHangAsync(atSource ? _hosts.HostA : _hosts.HostB, during);

        Assert.IsType<CancelAccepted>(await _hosts.Of(TwoHosts.A).Ask<object>(new CancelMigration(attempt), Patience));
        if (atSource)
        {
            gate.TrySetResult();
        }

        var details = await EndOfAsync(TwoHosts.A, attempt);
        gate.TrySetResult();
        Assert.Equal((AttemptOutcome.Aborted, MigrationFailure.Cancelled), (details.Outcome, details.Failure));
        AwaitTrees(Tree.Running, Tree.None);
    }

    [Theory]
    [InlineData(AttemptCall.RunRound)]
    [InlineData(AttemptCall.CopyFrozen)]
    public async Task A_source_daemon_that_ends_is_taken_up_from_its_journal(AttemptCall during)
    {
        var (attempt, gate) = await MigrateAndHangAsync(_hosts.HostA, during);

        await _hosts.KillAsync(TwoHosts.A);
        gate.TrySetResult();
        _hosts.HostA.Hanging = null;
        _hosts.Start(_hosts.HostA);

        var details = await EndOfAsync(TwoHosts.A, attempt);
        Assert.Equal(AttemptOutcome.Aborted, details.Outcome);
        AwaitTrees(Tree.Running, Tree.None);
    }

    [Fact]
    public async Task A_source_that_dies_at_the_gate_loses_nothing_as_the_destination_decides()
    {
        var (attempt, gate) = await MigrateAndHangAsync(_hosts.HostB, AttemptCall.RestoreToGate);

        await _hosts.KillAsync(TwoHosts.A);
        gate.TrySetResult();

        await EndOfAsync(TwoHosts.B, attempt);
        AwaitTrees(Tree.Frozen, Tree.Running);
        _hosts.Start(_hosts.HostA);
        Assert.Equal(AttemptOutcome.Committed, (await EndOfAsync(TwoHosts.A, attempt)).Outcome);
        AwaitTrees(Tree.None, Tree.Running);
    }

    [Fact]
    public async Task A_destination_that_dies_in_the_restore_gives_up_and_the_source_thaws()
    {
        var (attempt, gate) = await MigrateAndHangAsync(_hosts.HostB, AttemptCall.RestoreToGate);

        await _hosts.KillAsync(TwoHosts.B);
        gate.TrySetResult();

        Assert.Equal(AttemptOutcome.Aborted, (await EndOfAsync(TwoHosts.A, attempt)).Outcome);
        Assert.Equal(Tree.Running, _hosts.HostA.Tree);
        _hosts.HostB.Hanging = null;
        _hosts.Start(_hosts.HostB);
        await EndOfAsync(TwoHosts.B, attempt);
        AwaitTrees(Tree.Running, Tree.None);
    }

    [Fact]
    public async Task Without_a_majority_after_the_freeze_both_stay_stopped_until_it_is_back()
    {
        var (attempt, gate) = await MigrateAndHangAsync(_hosts.HostB, AttemptCall.RestoreToGate);
        _hosts.DeadVoters[TwoHosts.A] = true;
        _hosts.DeadVoters[new HostName("w")] = true;
        gate.TrySetResult();

        // Longer than the stop deadline: the source has proposed SOURCE, and nothing has moved.
        AwaitAssert(() => Assert.Contains(_hosts.JournalOf(TwoHosts.A), e => e is JournalEntry.Proposed), Patience);
        Assert.Equal((Tree.Frozen, Tree.Gated), (_hosts.HostA.Tree, _hosts.HostB.Tree));

        _hosts.DeadVoters.Clear();
        await EndOfAsync(TwoHosts.A, attempt);
        AwaitAssert(() => Assert.True(_hosts.HostA.Tree == Tree.Running ^ _hosts.HostB.Tree == Tree.Running), Patience);
    }

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
        var attempt = await MigrateAndHoldAsync(_hosts.HostA, step);

        Assert.IsType<CancelAccepted>(await _hosts.Of(TwoHosts.A).Ask<object>(new CancelMigration(attempt), Patience));

        var details = await EndOfAsync(TwoHosts.A, attempt);
        Assert.Equal((AttemptOutcome.Aborted, MigrationFailure.Cancelled), (details.Outcome, details.Failure));
        AwaitTrees(Tree.Running, Tree.None);
    }

    [Fact]
    public async Task A_cancel_when_the_hand_over_is_out_is_a_wish_and_exactly_one_side_runs()
    {
        var attempt = await MigrateAndHoldAsync(_hosts.HostA, "Source.AwaitingVerdict");

        Assert.IsType<CancelAccepted>(await _hosts.Of(TwoHosts.A).Ask<object>(new CancelMigration(attempt), Patience));

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
        var (attempt, _) = await MigrateAndHangAsync(_hosts.HostA, during);

        await _hosts.KillAsync(TwoHosts.B);

        var details = await EndOfAsync(TwoHosts.A, attempt);
        Assert.Equal((AttemptOutcome.Aborted, MigrationFailure.PeerLost), (details.Outcome, details.Failure));
        Assert.Equal(Tree.Running, _hosts.HostA.Tree);
    }

    [Fact]
    public async Task A_round_that_takes_longer_than_all_patience_goes_on_while_the_destination_answers()
    {
        var (attempt, gate) = await MigrateAndHangAsync(_hosts.HostA, AttemptCall.RunRound);

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
        _hosts.HostB.Held = step == "Source.AwaitingRunning" ? "Destination.OpeningGate" : null;
        var attempt = await MigrateAndHoldAsync(_hosts.HostA, step);

        var refused = Assert.IsType<CommandRefused>(await _hosts.Of(TwoHosts.A).Ask<object>(new CancelMigration(attempt), Patience));
        Assert.Equal((MigrationFailure.TooLate, step), (refused.Failure, _hosts.HostA.Waiting));
        Assert.StartsWith("too late to cancel", refused.Sentence, StringComparison.Ordinal);

        (_hosts.HostA.Held, _hosts.HostB.Held) = (null, null);
        Assert.Equal(AttemptOutcome.Committed, (await EndOfAsync(TwoHosts.A, attempt)).Outcome);
        AwaitTrees(Tree.None, Tree.Running);
    }

    [Fact]
    public async Task A_held_step_does_nothing_until_it_is_let_go()
    {
        var attempt = await MigrateAndHoldAsync(_hosts.HostB, "Destination.OpeningGate");
        AwaitAssert(() => Assert.Equal(Tree.None, _hosts.HostA.Tree), Patience);
        Assert.DoesNotContain(AttemptCall.OpenGate, _hosts.HostB.Calls);

        _hosts.HostB.Held = null;

        Assert.Equal(AttemptOutcome.Committed, (await EndOfAsync(TwoHosts.B, attempt)).Outcome);
        Assert.Null(_hosts.HostB.Waiting);
    }

    [Fact]
    public async Task A_copy_that_hangs_on_the_destination_ends_at_the_stop_deadline_and_the_container_runs_on()
    {
        var (attempt, _) = await MigrateAndHangAsync(_hosts.HostA, AttemptCall.CopyFrozen, Policy with { StopDeadlineMs = 500 });

        var details = await EndOfAsync(TwoHosts.A, attempt);

        Assert.Equal((AttemptOutcome.Aborted, MigrationFailure.PeerLost), (details.Outcome, details.Failure));
        AwaitTrees(Tree.Running, Tree.None);
    }

    [Fact]
    public async Task A_destination_that_hangs_in_the_restore_ends_it_when_the_source_has_its_container_back()
    {
        var (attempt, _) = await MigrateAndHangAsync(_hosts.HostB, AttemptCall.RestoreToGate, Policy with { StopDeadlineMs = 500 });

        Assert.Equal(AttemptOutcome.Aborted, (await EndOfAsync(TwoHosts.A, attempt)).Outcome);
        Assert.Equal(AttemptOutcome.Aborted, (await EndOfAsync(TwoHosts.B, attempt)).Outcome);
        AwaitTrees(Tree.Running, Tree.None);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_tree_that_dies_between_the_verdict_and_its_gate_is_lost_by_name_and_runs_nowhere(bool sourceIsLate)
    {
        _hosts.HostA.Held = sourceIsLate ? "Source.JournalingVerdict" : null;
        var attempt = await MigrateAndHoldAsync(_hosts.HostB, "Destination.OpeningGate");

        _hosts.HostB.Tree = Tree.None;
        _hosts.HostB.Held = null;
        var destination = await EndOfAsync(TwoHosts.B, attempt);
        _hosts.HostA.Held = null;
        var source = await EndOfAsync(TwoHosts.A, attempt);

        Assert.Equal((AttemptOutcome.Lost, MigrationFailure.ContainerLost), (destination.Outcome, destination.Failure));
        Assert.Equal((AttemptOutcome.Lost, MigrationFailure.ContainerLost), (source.Outcome, source.Failure));
        Assert.Equal(destination.Sentence, source.Sentence);
        Assert.Equal((Tree.None, Tree.None), (_hosts.HostA.Tree, _hosts.HostB.Tree));
        Assert.Single(_hosts.HostB.Calls, AttemptCall.OpenGate);
        Assert.DoesNotContain(AttemptCall.PlugAndThaw, _hosts.HostA.Calls);
    }

    [Fact]
    public async Task Bad_orders_are_refused_with_a_sentence()
    {
        var (attempt, gate) = await MigrateAndHangAsync(_hosts.HostA, AttemptCall.RunRound);

        await AssertRefusedAsync(new MigrateContainer(TwoHosts.Container, TwoHosts.B, Policy), MigrationFailure.AttemptInProgress);
        await AssertRefusedAsync(new MigrateContainer(new ContainerName("c2"), TwoHosts.B, Policy), MigrationFailure.UnknownContainer);
        await AssertRefusedAsync(new MigrateContainer(TwoHosts.Container, TwoHosts.A, Policy), MigrationFailure.AlreadyThere);
        await AssertRefusedAsync(new MigrateContainer(TwoHosts.Container, new HostName("z"), Policy), MigrationFailure.UnknownHost);
        await AssertRefusedAsync(new CancelMigration(AttemptId.New()), MigrationFailure.UnknownContainer);

        gate.TrySetResult();
        Assert.Equal(AttemptOutcome.Committed, (await EndOfAsync(TwoHosts.A, attempt)).Outcome);
    }

    private async Task AssertRefusedAsync(IWire command, MigrationFailure failure)
    {
        var refused = Assert.IsType<CommandRefused>(await _hosts.Of(TwoHosts.A).Ask<object>(command, Patience));
        Assert.Equal(failure, refused.Failure);
        Assert.NotEmpty(refused.Sentence);
    }

    private async Task AssertStaysAsync(MigrationFailure failure, string sentence)
    {
        var details = await EndOfAsync(TwoHosts.A, await MigrateAsync());

        Assert.Equal((AttemptOutcome.Aborted, failure), (details.Outcome, details.Failure));
        Assert.Contains(sentence, details.Sentence, StringComparison.Ordinal);
        AwaitTrees(Tree.Running, Tree.None);
    }

    private void AwaitTrees(Tree a, Tree b) => AwaitAssert(() => Assert.Equal((a, b), (_hosts.HostA.Tree, _hosts.HostB.Tree)), Patience);

    private async Task<AttemptId> MigrateAsync(MigrationPolicy? policy = null)
        => Assert.IsType<MigrationAccepted>(await _hosts.Of(TwoHosts.A).Ask<object>(new MigrateContainer(TwoHosts.Container, TwoHosts.B, policy ?? Policy), Patience)).Attempt;

    private async Task<(AttemptId Attempt, TaskCompletionSource Gate)> MigrateAndHangAsync(FakeHost host, AttemptCall call, MigrationPolicy? policy = null)
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Hanging = (call, gate);
        var attempt = await MigrateAsync(policy);
        AwaitAssert(() => Assert.Contains(call, host.Calls), Patience);
        return (attempt, gate);
    }

    private async Task<AttemptId> MigrateAndHoldAsync(FakeHost host, string step)
    {
        host.Held = step;
        var attempt = await MigrateAsync();
        AwaitAssert(() => Assert.Equal(step, host.Waiting), Patience);
        return attempt;
    }

    /// <summary>The ended attempt as the host's history has it.</summary>
    private async Task<AttemptDetails> EndOfAsync(HostName host, AttemptId attempt)
    {
        AttemptDetails? ended = null;
        await AwaitAssertAsync(
            () =>
            {
                ended = _hosts.JournalOf(host).OfType<JournalEntry.Ended>().FirstOrDefault(e => e.Details.Attempt == attempt)?.Details;
                Assert.NotNull(ended);
            },
            Patience);
        var shown = await _hosts.Of(host).Ask<object>(new ShowMigration(attempt), Patience);
        Assert.Equal(ended!.Outcome, Assert.IsType<AttemptDetails>(shown).Outcome);
        return ended;
    }
}
