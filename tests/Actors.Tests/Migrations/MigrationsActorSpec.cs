using ActorMigration.Actors.Tests.Trust;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;
using ActorMigration.Simulator;
using Akka.Actor;
using Akka.TestKit.Xunit2;

namespace ActorMigration.Actors.Tests.Migrations;

public sealed class MigrationsActorSpec : TwoHostsSpec
{
    [Fact]
    public async Task A_container_moves_and_both_sides_remember_it()
    {
        var attempt = await MigrateAsync();

        var source = await EndOfAsync(TwoHosts.A, attempt);
        var destination = await EndOfAsync(TwoHosts.B, attempt);

        Assert.Equal((AttemptOutcome.Committed, MigrationFailure.None), (source.Outcome, source.Failure));
        Assert.Equal(AttemptOutcome.Committed, destination.Outcome);
        Assert.Equal((Tree.None, Tree.Running), (Hosts.HostA.Tree, Hosts.HostB.Tree));
        Assert.True(source.StopMs > 0, $"the stop took {source.StopMs} ms: {source}; {string.Join(" ", source.Phases.AsEnumerable())}");
        Assert.NotEmpty(source.Rounds);
        Assert.True(source.DirtyPagesPerSecond > 0);

        // So that the next move of it is no guess.
        Assert.Equal(source.DirtyPagesPerSecond, destination.DirtyPagesPerSecond);
    }

    [Fact]
    public async Task An_attempt_is_known_as_soon_as_its_id_is()
    {
        // A race that the attempt's actor could lose: each order is one more chance.
        var migrations = Hosts.Of(TwoHosts.A);
        Hosts.HostA.Failing = AttemptCall.Survey;
        for (var known = 0; known < 30;)
        {
            if (await migrations.Ask<object>(new MigrateContainer(TwoHosts.Container, TwoHosts.B, Policy), Patience) is MigrationAccepted accepted)
            {
                Assert.IsType<AttemptDetails>(await migrations.Ask<object>(new ShowMigration(accepted.Attempt), Patience));
                known++;
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_address_is_announced_again_when_a_destination_has_claimed_it_or_let_go_of_it_after_the_end(bool isClaim)
    {
        Hosts.HostA.Failing = AttemptCall.Survey;
        var ended = await EndOfAsync(TwoHosts.A, await MigrateAsync());

        Hosts.Of(TwoHosts.A).Tell(isClaim ? new AddressClaimed(ended.Attempt, ended.Fence) : new DestinationCleaned(ended.Attempt, ended.Fence));

        await AwaitAssertAsync(() => Assert.Equal(1, Hosts.HostA.Announcements));
    }

    [Fact]
    public async Task A_late_word_of_an_earlier_destination_takes_no_address_from_the_one_of_an_open_attempt()
    {
        Hosts.HostA.Failing = AttemptCall.Survey;
        var ended = await EndOfAsync(TwoHosts.A, await MigrateAsync());
        Hosts.HostA.Failing = AttemptCall.None;
        var attempt = await MigrateAndHoldAsync(Hosts.HostA, "Source.CopyingFrozen");

        Hosts.Of(TwoHosts.A).Tell(new AddressClaimed(ended.Attempt, ended.Fence));
        Hosts.HostA.Held = null;

        await EndOfAsync(TwoHosts.A, attempt);
        Assert.Equal(0, Hosts.HostA.Announcements);
    }

    [Fact]
    public async Task It_moves_back_at_the_next_epoch()
    {
        await EndOfAsync(TwoHosts.B, await MigrateAsync());
        var reply = await Hosts.Of(TwoHosts.B).Ask<object>(new MigrateContainer(TwoHosts.Container, TwoHosts.A, Policy), Patience);
        var back = Assert.IsType<MigrationAccepted>(reply).Attempt;

        var details = await EndOfAsync(TwoHosts.B, back);

        Assert.Equal((AttemptOutcome.Committed, new Fence(2, 1)), (details.Outcome, details.Fence));
        Assert.Equal((Tree.Running, Tree.None), (Hosts.HostA.Tree, Hosts.HostB.Tree));
    }

    [Fact]
    public async Task A_host_whose_PCR_changed_gets_nothing_and_the_rule_is_named()
    {
        Hosts.PcrOfB = 1;

        var details = await EndOfAsync(TwoHosts.A, await MigrateAsync());

        Assert.Equal(MigrationFailure.AttestationFailed, details.Failure);
        Assert.Contains("PcrValueNotAllowed", details.Sentence, StringComparison.Ordinal);
        Assert.DoesNotContain(AttemptCall.Prepare, Hosts.HostB.Calls);
        Assert.Equal(Tree.Running, Hosts.HostA.Tree);
    }

    [Fact]
    public async Task Without_a_majority_nothing_is_begun()
    {
        Hosts.DeadVoters[TwoHosts.B] = true;
        Hosts.DeadVoters[new HostName("w")] = true;

        var details = await EndOfAsync(TwoHosts.A, await MigrateAsync());

        Assert.Equal(MigrationFailure.NoMajority, details.Failure);
        Assert.DoesNotContain(Hosts.JournalOf(TwoHosts.A), e => e is JournalEntry.Begun);
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
        Hosts.HostA.Failing = call;

        await AssertStaysAsync(MigrationFailure.Internal, $"{call} fails on host a");
    }

    [Fact]
    public async Task An_answer_to_an_attempt_goes_the_way_of_everything_else_that_the_other_host_sends_it()
    {
        await Hosts.KillAsync(TwoHosts.B);
        var other = CreateTestProbe();
        Hosts.Replace(TwoHosts.B, other);

        await MigrateAsync();

        await other.ExpectMsgAsync<OfferMigration>(Patience);
        Assert.Equal(Hosts.Of(TwoHosts.A), other.Sender);
    }

    [Theory]
    [InlineData(AttemptCall.Prepare)]
    [InlineData(AttemptCall.ClaimAddress)]
    [InlineData(AttemptCall.RestoreToGate)]
    public async Task A_failing_call_of_the_destination_leaves_the_container_where_it_is(AttemptCall call)
    {
        Hosts.HostB.Failing = call;

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
        var (attempt, gate) = await MigrateAndHangAsync(atSource ? Hosts.HostA : Hosts.HostB, during);

        Assert.IsType<CancelAccepted>(await Hosts.Of(TwoHosts.A).Ask<object>(new CancelMigration(attempt), Patience));
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
        var (attempt, gate) = await MigrateAndHangAsync(Hosts.HostA, during);

        await Hosts.KillAsync(TwoHosts.A);
        gate.TrySetResult();
        Hosts.HostA.Hanging = null;
        Hosts.Start(Hosts.HostA);

        var details = await EndOfAsync(TwoHosts.A, attempt);
        Assert.Equal(AttemptOutcome.Aborted, details.Outcome);
        AwaitTrees(Tree.Running, Tree.None);
    }

    [Fact]
    public async Task A_source_that_dies_at_the_gate_loses_nothing_as_the_destination_decides()
    {
        var (attempt, gate) = await MigrateAndHangAsync(Hosts.HostB, AttemptCall.RestoreToGate);

        await Hosts.KillAsync(TwoHosts.A);
        gate.TrySetResult();

        await EndOfAsync(TwoHosts.B, attempt);
        AwaitTrees(Tree.Frozen, Tree.Running);
        Hosts.Start(Hosts.HostA);
        Assert.Equal(AttemptOutcome.Committed, (await EndOfAsync(TwoHosts.A, attempt)).Outcome);
        AwaitTrees(Tree.None, Tree.Running);
    }

    [Fact]
    public async Task A_destination_that_dies_in_the_restore_gives_up_and_the_source_thaws()
    {
        var (attempt, gate) = await MigrateAndHangAsync(Hosts.HostB, AttemptCall.RestoreToGate);

        await Hosts.KillAsync(TwoHosts.B);
        gate.TrySetResult();

        Assert.Equal(AttemptOutcome.Aborted, (await EndOfAsync(TwoHosts.A, attempt)).Outcome);
        Assert.Equal(Tree.Running, Hosts.HostA.Tree);
        Hosts.HostB.Hanging = null;
        Hosts.Start(Hosts.HostB);
        await EndOfAsync(TwoHosts.B, attempt);
        AwaitTrees(Tree.Running, Tree.None);
    }

    [Fact]
    public async Task Without_a_majority_after_the_freeze_both_stay_stopped_until_it_is_back()
    {
        var (attempt, gate) = await MigrateAndHangAsync(Hosts.HostB, AttemptCall.RestoreToGate);
        Hosts.DeadVoters[TwoHosts.A] = true;
        Hosts.DeadVoters[new HostName("w")] = true;
        gate.TrySetResult();

        // Longer than the stop deadline: the source has proposed SOURCE, and nothing has moved.
        AwaitAssert(() => Assert.Contains(Hosts.JournalOf(TwoHosts.A), e => e is JournalEntry.Proposed), Patience);
        Assert.Equal((Tree.Frozen, Tree.Gated), (Hosts.HostA.Tree, Hosts.HostB.Tree));

        Hosts.DeadVoters.Clear();
        await EndOfAsync(TwoHosts.A, attempt);
        AwaitAssert(() => Assert.True(Hosts.HostA.Tree == Tree.Running ^ Hosts.HostB.Tree == Tree.Running), Patience);
    }

    [Fact]
    public async Task Bad_orders_are_refused_with_a_sentence()
    {
        var (attempt, gate) = await MigrateAndHangAsync(Hosts.HostA, AttemptCall.RunRound);

        await AssertRefusedAsync(new MigrateContainer(TwoHosts.Container, TwoHosts.B, Policy), MigrationFailure.AttemptInProgress);
        await AssertRefusedAsync(new MigrateContainer(new ContainerName("c2"), TwoHosts.B, Policy), MigrationFailure.UnknownContainer);
        await AssertRefusedAsync(new MigrateContainer(TwoHosts.Container, TwoHosts.A, Policy), MigrationFailure.AlreadyThere);
        await AssertRefusedAsync(new MigrateContainer(TwoHosts.Container, new HostName("z"), Policy), MigrationFailure.UnknownHost);
        await AssertRefusedAsync(new CancelMigration(AttemptId.New()), MigrationFailure.UnknownContainer);

        gate.TrySetResult();
        Assert.Equal(AttemptOutcome.Committed, (await EndOfAsync(TwoHosts.A, attempt)).Outcome);
    }

    [Fact]
    public async Task A_move_that_was_planned_for_another_fence_is_refused_and_one_for_this_is_made()
    {
        var order = new MigrateContainer(TwoHosts.Container, TwoHosts.B, Policy);
        var now = Hosts.HostA.Fence;

        await AssertRefusedAsync(new MoveAsPlanned(order, new Fence(now.Epoch + 1, now.Ordinal)), MigrationFailure.TooLate);
        Assert.Equal(Tree.Running, Hosts.HostA.Tree);

        var accepted = Assert.IsType<MigrationAccepted>(await Hosts.Of(TwoHosts.A).Ask<object>(new MoveAsPlanned(order, now), Patience));
        Assert.Equal(AttemptOutcome.Committed, (await EndOfAsync(TwoHosts.A, accepted.Attempt)).Outcome);
    }

    [Fact]
    public async Task A_drained_host_takes_no_container_and_gives_those_that_it_has()
    {
        Hosts.HostB.Drain.Set(DrainCause.Operator);
        await AssertStaysAsync(MigrationFailure.Draining, "host b is drained and takes no containers");
        var containers = Sys.ActorOf(ContainersActor.Props(Hosts.Services[TwoHosts.B], Hosts.HostB));
        var refused = Assert.IsType<CommandRefused>(await containers.Ask<object>(new RunContainer(Hosts.HostA.Container! with { Name = new ContainerName("another") }, TwoHosts.B), Patience));
        Assert.Equal(MigrationFailure.Draining, refused.Failure);
        Assert.Null(Hosts.HostB.Container);

        Hosts.HostA.Drain.Set(DrainCause.Operator);
        Hosts.HostB.Drain.Set(DrainCause.None);
        Assert.Equal(AttemptOutcome.Committed, (await EndOfAsync(TwoHosts.A, await MigrateAsync())).Outcome);
    }

    [Fact]
    public async Task A_host_that_is_not_trusted_takes_no_container_and_nobody_takes_one_of_it()
    {
        Hosts.Trust.Say("b", HostTrust.Rejected, "a", "w");
        await AssertRefusedAsync(new MigrateContainer(TwoHosts.Container, TwoHosts.B, Policy), MigrationFailure.NotTrusted);
        var containers = Sys.ActorOf(ContainersActor.Props(Hosts.Services[TwoHosts.B], Hosts.HostB));
        var refused = Assert.IsType<CommandRefused>(await containers.Ask<object>(new RunContainer(Hosts.HostA.Container! with { Name = new ContainerName("another") }, TwoHosts.B), Patience));
        Assert.Equal(MigrationFailure.NotTrusted, refused.Failure);
        Assert.Null(Hosts.HostB.Container);

        Hosts.Trust.Say("b", HostTrust.Unproved, "a", "w");
        await AssertRefusedAsync(new MigrateContainer(TwoHosts.Container, TwoHosts.B, Policy), MigrationFailure.NotTrusted);

        Hosts.Trust.Say("b", HostTrust.Proved, "a", "w");
        Hosts.Trust.Say("a", HostTrust.Rejected, "b", "w");
        await AssertRefusedAsync(new MigrateContainer(TwoHosts.Container, TwoHosts.B, Policy), MigrationFailure.NotTrusted);
        Assert.Equal(Tree.Running, Hosts.HostA.Tree);

        Hosts.Trust.Say("a", HostTrust.Proved, "b", "w");
        Assert.Equal(AttemptOutcome.Committed, (await EndOfAsync(TwoHosts.A, await MigrateAsync())).Outcome);
    }

    [Fact]
    public async Task An_offer_of_a_host_that_is_not_trusted_is_refused_also_when_it_does_not_keep_to_that_itself()
    {
        var (attempt, fence) = (AttemptId.New(), new Fence(1, 1));
        Hosts.Trust.Say("a", HostTrust.Rejected, "b", "w");

        Hosts.Of(TwoHosts.B).Tell(new OfferMigration(attempt, fence, TwoHosts.Container, TwoHosts.A, new byte[32], new byte[32], new byte[32]), TestActor);

        var refused = ExpectMsg<MigrationRefused>();
        Assert.Equal((MigrationFailure.NotTrusted, attempt), (refused.Failure, refused.Attempt));
    }

    [Theory]
    [InlineData("a", "host a is not trusted")]
    [InlineData("b", "host b is not trusted")]
    public async Task An_attempt_ends_before_its_stop_when_the_voters_find_out_about_one_of_its_hosts(string host, string sentence)
    {
        var attempt = await MigrateAndHoldAsync(Hosts.HostA, "Source.Copying");
        Hosts.Trust.Say(host, HostTrust.Rejected, "a", "b", "w");

        Hosts.HostA.Held = null;

        var details = await EndOfAsync(TwoHosts.A, attempt);
        Assert.Equal((AttemptOutcome.Aborted, MigrationFailure.AttestationFailed), (details.Outcome, details.Failure));
        Assert.Contains(sentence, details.Sentence, StringComparison.Ordinal);
        AwaitTrees(Tree.Running, Tree.None);
        Assert.DoesNotContain(AttemptCall.Freeze, Hosts.HostA.Calls);
    }

    [Fact]
    public async Task An_attempt_has_its_containers_lease_on_both_hosts_until_its_end_and_whoever_has_it_keeps_attempts_away()
    {
        var (a, b) = (Hosts.Services[TwoHosts.A].Leases, Hosts.Services[TwoHosts.B].Leases);
        Assert.True(a.TryTake(TwoHosts.Container, "trust"));
        await AssertRefusedAsync(new MigrateContainer(TwoHosts.Container, TwoHosts.B, Policy), MigrationFailure.AttemptInProgress);
        a.Return(TwoHosts.Container, "trust");
        Assert.True(b.TryTake(TwoHosts.Container, "trust"));
        await AssertStaysAsync(MigrationFailure.AttemptInProgress, "is busy with container c1");
        b.Return(TwoHosts.Container, "trust");

        var attempt = await MigrateAndHoldAsync(Hosts.HostA, "Source.Copying");
        Assert.False(a.TryTake(TwoHosts.Container, "trust") || b.TryTake(TwoHosts.Container, "trust"));
        Hosts.HostA.Held = null;
        await EndOfAsync(TwoHosts.A, attempt);
        await EndOfAsync(TwoHosts.B, attempt);

        await AwaitAssertAsync(() => Assert.True(a.TryTake(TwoHosts.Container, "trust") && b.TryTake(TwoHosts.Container, "trust")));
    }

    [Fact]
    public async Task An_attempt_that_waits_to_be_taken_up_is_not_said_to_be_unknown()
    {
        var attempt = await MigrateAndHoldAsync(Hosts.HostB, "Destination.Deciding");
        var fence = Hosts.HostB.Fence;
        await Hosts.KillAsync(TwoHosts.B);
        (Hosts.HostB.Held, Hosts.HostB.CannotAdopt) = (null, true);
        Hosts.Start(Hosts.HostB);

        Hosts.Of(TwoHosts.B).Tell(new AskAttempt(attempt, fence), TestActor);
        ExpectNoMsg(TimeSpan.FromMilliseconds(300));
        Hosts.HostB.CannotAdopt = false;

        Assert.Equal(AttemptOutcome.Committed, (await EndOfAsync(TwoHosts.A, attempt)).Outcome);
        Hosts.Of(TwoHosts.B).Tell(new AskAttempt(AttemptId.New(), fence), TestActor);
        ExpectMsg<AttemptUnknown>(Patience);
    }

    [Theory]
    [InlineData("Destination.Restoring")]
    [InlineData("Destination.AwaitingHandOver")]
    [InlineData("Destination.Deciding")]
    public async Task The_voters_keep_no_verdict_of_an_attempt_that_has_ended_on_both_hosts(string step)
    {
        var attempt = await MigrateAndHoldAsync(Hosts.HostB, step);
        var register = Assert.Single(Hosts.JournalOf(TwoHosts.B).OfType<JournalEntry.Begun>()).Registration.Register;
        await Hosts.Of(TwoHosts.A).Ask<object>(new CancelMigration(attempt), Patience);
        AwaitAssert(() => Assert.Contains(Hosts.JournalOf(TwoHosts.A), entry => entry is JournalEntry.VerdictLearned), Patience);
        Hosts.HostB.Held = null;

        Assert.Equal(AttemptOutcome.Aborted, (await EndOfAsync(TwoHosts.A, attempt)).Outcome);
        await EndOfAsync(TwoHosts.B, attempt);

        AwaitAssert(() => Assert.All((HostName[])[TwoHosts.A, TwoHosts.B, new("w")], voter => Assert.Null(Hosts.VoterOf(voter).VerdictOf(register))), Patience);
    }

    [Fact]
    public async Task A_container_whose_lease_somebody_has_is_not_removed_and_its_own_is_returned()
    {
        var services = Hosts.Services[TwoHosts.A];
        var containers = Sys.ActorOf(ContainersActor.Props(services, Hosts.HostA));
        services.Leases.TryTake(TwoHosts.Container, "trust");

        var refused = Assert.IsType<CommandRefused>(await containers.Ask<object>(new RemoveContainer(TwoHosts.Container, 0), Patience));
        Assert.Equal(MigrationFailure.AttemptInProgress, refused.Failure);

        services.Leases.Return(TwoHosts.Container, "trust");
        Assert.IsType<ContainerRemoved>(await containers.Ask<object>(new RemoveContainer(TwoHosts.Container, 0), Patience));
        await AwaitAssertAsync(() => Assert.True(services.Leases.TryTake(TwoHosts.Container, "trust")));
    }

    private async Task AssertRefusedAsync(IWire command, MigrationFailure failure)
    {
        var refused = Assert.IsType<CommandRefused>(await Hosts.Of(TwoHosts.A).Ask<object>(command, Patience));
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
}
