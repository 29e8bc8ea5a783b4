using System.Collections.Concurrent;
using ActorMigration.Contracts;
using ActorMigration.Simulator;
using Microsoft.Extensions.Time.Testing;

namespace ActorMigration.Actors.Tests.Migrations;

/// <summary>The operator's way out when no majority of the voters is left: who gets the container, what is refused, and what becomes of those who come back.</summary>
public sealed class ResolveSpec : TwoHostsSpec
{
    private static readonly HostName W = new("w");

    private static ResolveOrder Order(AttemptId attempt, Verdict? value, params HostName[] fenced) => new(attempt.ToString()[..12], value, [.. fenced], "root", "b and w burnt down");

    [Fact]
    public async Task SOURCE_when_all_others_are_off_and_a_later_attempt_when_they_are_back()
    {
        var attempt = await StandsWithoutMajorityAsync();

        await ResolvedAsync(TwoHosts.A, Order(attempt, Verdict.Source, TwoHosts.B, W));

        AwaitTrees(Tree.Running, Tree.None);
        var details = await EndOfAsync(TwoHosts.A, attempt);
        Assert.Equal((AttemptOutcome.Aborted, MigrationFailure.Cancelled), (details.Outcome, details.Failure));
        Assert.Contains("resolved by root", details.Sentence, StringComparison.Ordinal);
        Assert.Contains("b and w burnt down", details.Sentence, StringComparison.Ordinal);

        await ComeBackAsync(TwoHosts.B);
        await EndOfAsync(TwoHosts.B, attempt);
        await AwaitFloorsAsync(new Fence(3, 1), TwoHosts.A);
        var next = await MigrateAsync();
        Assert.Equal(AttemptOutcome.Committed, (await EndOfAsync(TwoHosts.A, next)).Outcome);
        AwaitTrees(Tree.None, Tree.Running);
    }

    [Fact]
    public async Task DEST_opens_the_gate_and_the_source_that_was_off_has_nothing_left()
    {
        var attempt = await GatedWithoutMajorityAsync();

        await ResolvedAsync(TwoHosts.B, Order(attempt, Verdict.Dest, TwoHosts.A, W));

        AwaitTrees(Tree.None, Tree.Running);
        await ComeBackAsync(TwoHosts.A);
        Assert.Equal(AttemptOutcome.Committed, (await EndOfAsync(TwoHosts.A, attempt)).Outcome);
        await AwaitFloorsAsync(new Fence(3, 1), TwoHosts.B);
        AwaitTrees(Tree.None, Tree.Running);
    }

    [Fact]
    public async Task A_source_that_was_said_to_be_off_and_was_not_keeps_its_copy_frozen()
    {
        var attempt = await GatedWithoutMajorityAsync(sourceLosesItsTree: false);
        await ResolvedAsync(TwoHosts.B, Order(attempt, Verdict.Dest, TwoHosts.A, W));

        await ComeBackAsync(TwoHosts.A);

        AwaitAssert(() => Assert.Contains(Hosts.JournalOf(TwoHosts.A), entry => entry is JournalEntry.VerdictLearned { Certificate.Generation: 1 }), Patience);
        await Task.Delay(500);
        Assert.Equal((Tree.Frozen, Tree.Running), (Hosts.HostA.Tree, Hosts.HostB.Tree));
        Assert.DoesNotContain(Hosts.JournalOf(TwoHosts.A), entry => entry is JournalEntry.Ended);
    }

    [Fact]
    public async Task A_destination_that_was_said_to_be_off_when_the_container_was_taken_for_lost_keeps_its_tree_at_the_gate()
    {
        var attempt = await MigrateAndHoldAsync(Hosts.HostB, "Destination.Deciding");
        await Hosts.KillAsync(TwoHosts.B);
        Hosts.DeadVoters[TwoHosts.B] = Hosts.DeadVoters[W] = true;
        Hosts.HostA.Tree = Tree.None;
        await ResolvedAsync(TwoHosts.A, Order(attempt, null, TwoHosts.B, W));

        await ComeBackAsync(TwoHosts.B);

        AwaitAssert(() => Assert.Contains(Hosts.JournalOf(TwoHosts.B), entry => entry is JournalEntry.VerdictLearned { Certificate.Generation: 1 }), Patience);
        await Task.Delay(500);
        Assert.Equal(Tree.Gated, Hosts.HostB.Tree);
        Assert.DoesNotContain(Hosts.JournalOf(TwoHosts.B), entry => entry is JournalEntry.Ended);

        // The operator has removed it.
        Hosts.HostB.Tree = Tree.None;
        Assert.Equal(AttemptOutcome.Aborted, (await EndOfAsync(TwoHosts.B, attempt)).Outcome);
    }

    [Fact]
    public async Task A_side_at_which_it_runs_by_a_verdict_that_its_disk_did_not_take_does_not_lose_it()
    {
        var attempt = await GatedWithoutMajorityAsync(sourceLosesItsTree: false);
        Hosts.HostB.Place(FakeHost.Spec(TwoHosts.Container), Hosts.HostB.Fence);
        Hosts.DeadVoters.TryRemove(TwoHosts.A, out _);
        Hosts.SilentVoters[TwoHosts.A] = true;

        Assert.Contains("c1 runs on host b, which a verdict", await RefusedAsync(TwoHosts.B, Order(attempt, Verdict.Source, W)), StringComparison.Ordinal);
        Assert.Equal(Tree.Frozen, Hosts.HostA.Tree);

        // That is the operator's to say, then: it goes on where it runs.
        Hosts.DeadVoters[TwoHosts.A] = true;
        await ResolvedAsync(TwoHosts.B, Order(attempt, Verdict.Dest, TwoHosts.A, W));
        Assert.Equal(AttemptOutcome.Committed, (await EndOfAsync(TwoHosts.B, attempt)).Outcome);
        Assert.Equal(Tree.Running, Hosts.HostB.Tree);
    }

    [Fact]
    public async Task Two_resolutions_of_sides_that_were_never_on_together_are_told_when_they_meet()
    {
        var attempt = await GatedWithoutMajorityAsync(sourceLosesItsTree: false);
        await ResolvedAsync(TwoHosts.B, Order(attempt, Verdict.Dest, TwoHosts.A, W));
        Hosts.DeadVoters[TwoHosts.B] = true;
        Hosts.DeadVoters.TryRemove(TwoHosts.A, out _);
        await ResolvedAsync(TwoHosts.A, Order(attempt, Verdict.Source, TwoHosts.B, W));

        Hosts.DeadVoters.TryRemove(TwoHosts.B, out _);
        var said = new ConcurrentQueue<string>();
        using var end = new CancellationTokenSource();
        var spreading = Hosts.SpreadAsync(TwoHosts.A, end.Token, said.Enqueue);

        AwaitAssert(() => Assert.Contains(said, sentence => sentence.StartsWith($"Host b does not take an operator's resolution: attempt {attempt} was resolved twice", StringComparison.Ordinal)), Patience);
        await Task.Delay(ResolutionNews.TellEvery + TimeSpan.FromMilliseconds(500));
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => spreading);
        Assert.Single(said);
    }

    [Fact]
    public async Task Who_may_still_act_is_named_and_nothing_is_changed()
    {
        var attempt = await StandsWithoutMajorityAsync();

        Assert.StartsWith("No answer from b, w: a host that may still act could run c1 a second time.", await RefusedAsync(TwoHosts.A, Order(attempt, Verdict.Source)), StringComparison.Ordinal);
        Assert.StartsWith("No answer from w:", await RefusedAsync(TwoHosts.A, Order(attempt, Verdict.Source, TwoHosts.B)), StringComparison.Ordinal);
        Assert.Equal("Host a is said to be off, but answers. Switch it off, or leave it out of --fenced.", await RefusedAsync(TwoHosts.A, Order(attempt, Verdict.Dest, TwoHosts.A, W)));
        Assert.Contains("is said to be off", await RefusedAsync(TwoHosts.A, Order(attempt, Verdict.Dest, TwoHosts.B, W)), StringComparison.Ordinal);
        Assert.Contains("has no part", await RefusedAsync(TwoHosts.A, Order(attempt, Verdict.Source, TwoHosts.B, W, new HostName("x"))), StringComparison.Ordinal);
        Assert.Contains("knows of no open migration", await RefusedAsync(TwoHosts.A, Order(AttemptId.New(), Verdict.Source, TwoHosts.B, W)), StringComparison.Ordinal);
        Assert.Equal(Tree.Frozen, Hosts.HostA.Tree);

        // The voters are back, and decide as if nobody had asked.
        Hosts.DeadVoters.Clear();
        AwaitTrees(Tree.Running, Tree.None);
    }

    [Fact]
    public async Task A_majority_decides_by_itself()
    {
        var attempt = await MigrateAndHoldAsync(Hosts.HostB, "Destination.Deciding");
        Hosts.DeadVoters[W] = true;

        Assert.StartsWith("2 of the 3 voters", await RefusedAsync(TwoHosts.A, Order(attempt, Verdict.Source, W)), StringComparison.Ordinal);

        Hosts.HostB.Held = null;
        AwaitTrees(Tree.None, Tree.Running);
    }

    [Fact]
    public async Task What_the_voters_have_decided_is_said()
    {
        var attempt = await MigrateAndHoldAsync(Hosts.HostB, "Destination.OpeningGate");
        Hosts.DeadVoters[W] = true;
        AwaitAssert(() => Assert.Contains(Hosts.JournalOf(TwoHosts.A), entry => entry is JournalEntry.VerdictLearned), Patience);

        Assert.StartsWith($"The voters have decided attempt {attempt}: c1 was given to host b", await RefusedAsync(TwoHosts.A, Order(attempt, Verdict.Source, W)), StringComparison.Ordinal);

        Hosts.HostB.Held = null;
        AwaitTrees(Tree.None, Tree.Running);
    }

    [Fact]
    public async Task DEST_without_a_tree_at_its_gate_is_refused_and_SOURCE_is_still_possible()
    {
        var attempt = await MigrateAndHoldAsync(Hosts.HostB, "Destination.Restoring");
        Hosts.DeadVoters[TwoHosts.A] = Hosts.DeadVoters[W] = true;

        Assert.Contains("does not wait at its gate", await RefusedAsync(TwoHosts.B, Order(attempt, Verdict.Dest, TwoHosts.A, W)), StringComparison.Ordinal);

        Hosts.DeadVoters.Clear();
        Hosts.HostB.Held = null;
        AwaitTrees(Tree.None, Tree.Running);
    }

    [Fact]
    public async Task DEST_is_refused_when_the_tree_at_the_gate_has_died_and_nobody_has_promised_anything_then()
    {
        await MigrateAndHoldAsync(Hosts.HostB, "Destination.Deciding");
        var attempt = Assert.Single(Hosts.JournalOf(TwoHosts.B).OfType<JournalEntry.Proposed>()).Attempt;
        Hosts.DeadVoters[W] = Hosts.SilentVoters[TwoHosts.A] = true;
        Hosts.HostB.Tree = Tree.None;

        Assert.Contains("does not wait at its gate on host b", await RefusedAsync(TwoHosts.A, Order(attempt, Verdict.Dest, W)), StringComparison.Ordinal);

        Assert.Empty(Hosts.VoterRecordsOf(TwoHosts.A).OfType<VoterRecord.GenerationPromised>());
        await ResolvedAsync(TwoHosts.A, Order(attempt, Verdict.Source, W));
        Hosts.HostB.Held = null;
        AwaitTrees(Tree.Running, Tree.None);
    }

    [Fact]
    public async Task SOURCE_is_refused_when_no_copy_stands_there_any_more()
    {
        var attempt = await StandsWithoutMajorityAsync();
        Hosts.HostA.Tree = Tree.None;

        Assert.Contains("no copy of c1 stands on host a", await RefusedAsync(TwoHosts.A, Order(attempt, Verdict.Source, TwoHosts.B, W)), StringComparison.Ordinal);
        Assert.Empty(Hosts.VoterRecordsOf(TwoHosts.A).OfType<VoterRecord.GenerationPromised>());
    }

    [Fact]
    public async Task Whoever_has_promised_is_told_the_verdict_that_another_host_acts_on_already()
    {
        var attempt = await DecidedForBOnlyAsync();

        var verdict = Assert.IsType<ResolveOutcome.Verdict>(await Hosts.ResolveAsync(TwoHosts.A, Order(attempt, Verdict.Source, W))).Certificate;

        Assert.Equal((Verdict.Dest, 0), (verdict.Value, verdict.Generation));
        Assert.Single(Hosts.VoterRecordsOf(TwoHosts.A).OfType<VoterRecord.GenerationPromised>());
        AwaitTrees(Tree.None, Tree.Gated);
        Hosts.HostB.Held = null;
        AwaitTrees(Tree.None, Tree.Running);
        Assert.Equal(AttemptOutcome.Committed, (await EndOfAsync(TwoHosts.A, attempt)).Outcome);
    }

    [Fact]
    public async Task A_promise_of_an_earlier_run_is_none_for_the_other_side_which_is_looked_at_anew()
    {
        var attempt = await MigrateAndHoldAsync(Hosts.HostB, "Destination.Restoring");
        Hosts.SilentVoters[TwoHosts.A] = Hosts.SilentVoters[W] = true;
        Hosts.Loses = static (host, request) => host == W && request is VoterRequest.PrepareResolution;

        Assert.Contains("has stopped answering", await RefusedAsync(TwoHosts.A, Order(attempt, Verdict.Source)), StringComparison.Ordinal);
        Assert.NotEmpty(Hosts.VoterRecordsOf(TwoHosts.B).OfType<VoterRecord.GenerationPromised>());
        Hosts.Loses = static (_, _) => false;

        Assert.Contains("does not wait at its gate", await RefusedAsync(TwoHosts.A, Order(attempt, Verdict.Dest)), StringComparison.Ordinal);
        Assert.Equal(Tree.Frozen, Hosts.HostA.Tree);
        await ResolvedAsync(TwoHosts.A, Order(attempt, Verdict.Source));
        Hosts.HostB.Held = null;
        AwaitTrees(Tree.Running, Tree.None);
    }

    [Fact]
    public async Task A_promise_that_was_left_is_resolved_though_a_majority_votes_again()
    {
        var attempt = await StandsWithoutMajorityAsync();
        Hosts.DeadVoters.TryRemove(W, out _);
        Hosts.SilentVoters[W] = true;
        Hosts.Loses = static (host, request) => host == W && request is VoterRequest.PrepareResolution;
        Assert.Contains("has stopped answering", await RefusedAsync(TwoHosts.A, Order(attempt, Verdict.Source, TwoHosts.B)), StringComparison.Ordinal);

        // All are back, and would decide; but the source's own host has promised to act on nothing of theirs.
        Hosts.Loses = static (_, _) => false;
        Hosts.SilentVoters.Clear();
        Hosts.DeadVoters.Clear();
        await Task.Delay(500);
        Assert.Equal(Tree.Frozen, Hosts.HostA.Tree);
        Assert.IsType<ResolveOutcome.Verdict>(await Hosts.ResolveAsync(TwoHosts.A, Order(attempt, Verdict.Source)));

        AwaitTrees(Tree.Running, Tree.None);
    }

    [Fact]
    public async Task Whoever_does_not_hear_that_it_is_let_go_hears_it_in_the_next_run_whatever_that_wants()
    {
        var attempt = await DecidedForBOnlyAsync();
        Hosts.Loses = static (host, request) => host == TwoHosts.A && request is VoterRequest.SpreadResolution;
        Assert.Contains("a has stopped answering, and waits for the operator", await RefusedAsync(TwoHosts.A, Order(attempt, Verdict.Source, W)), StringComparison.Ordinal);
        Hosts.Loses = static (_, _) => false;

        Assert.IsType<ResolveOutcome.Verdict>(await Hosts.ResolveAsync(TwoHosts.B, Order(attempt, Verdict.Dest, W)));

        AwaitTrees(Tree.None, Tree.Gated);
        Hosts.HostB.Held = null;
        AwaitTrees(Tree.None, Tree.Running);
    }

    [Fact]
    public async Task Whoever_has_consented_stays_bound_when_another_host_acts_on_the_voters_and_the_way_out_is_said()
    {
        var attempt = await DecidedForBOnlyAsync();
        await Hosts.KillAsync(TwoHosts.B);
        Hosts.DeadVoters[TwoHosts.B] = true;
        await ConsentUnheardAsync(TwoHosts.A, Order(attempt, Verdict.Source, TwoHosts.B, W));
        Hosts.DeadVoters.TryRemove(TwoHosts.B, out _);

        Assert.Contains("Switch b off and say so with --fenced", await RefusedAsync(TwoHosts.A, Order(attempt, Verdict.Source, W)), StringComparison.Ordinal);
        Assert.Equal(Tree.Frozen, Hosts.HostA.Tree);

        Hosts.DeadVoters[TwoHosts.B] = true;
        await ResolvedAsync(TwoHosts.A, Order(attempt, Verdict.Source, TwoHosts.B, W));
        AwaitTrees(Tree.Running, Tree.Gated);
    }

    [Fact]
    public async Task What_a_host_has_consented_to_is_finished_though_nothing_stands_there_any_more()
    {
        var attempt = await StandsWithoutMajorityAsync();
        await ConsentUnheardAsync(TwoHosts.A, Order(attempt, Verdict.Source, TwoHosts.B, W));
        Hosts.HostA.Tree = Tree.None;

        await ResolvedAsync(TwoHosts.A, Order(attempt, Verdict.Source, TwoHosts.B, W));
    }

    [Fact]
    public async Task A_verdict_that_the_voter_heard_while_no_attempt_was_there_is_acted_on_by_the_one_that_comes()
    {
        await MigrateAndHoldAsync(Hosts.HostB, "Destination.Deciding");
        await Hosts.KillAsync(TwoHosts.A);
        Hosts.HostB.Held = "Destination.OpeningGate";
        AwaitAssert(() => Assert.Equal("Destination.OpeningGate", Hosts.HostB.Waiting), Patience);
        var verdict = Assert.Single(Hosts.JournalOf(TwoHosts.B).OfType<JournalEntry.VerdictLearned>()).Certificate;
        Assert.IsType<VoterReply.Done>(await Hosts.VoterOf(TwoHosts.A).AnswerAsync(TwoHosts.B, new VoterRequest.Learn(verdict)));

        // There is nobody left to ask.
        await Hosts.KillAsync(TwoHosts.B);
        Hosts.DeadVoters[TwoHosts.A] = Hosts.DeadVoters[TwoHosts.B] = Hosts.DeadVoters[W] = true;
        Assert.Equal(Tree.Frozen, Hosts.HostA.Tree);
        Hosts.Start(Hosts.HostA);

        AwaitAssert(() => Assert.Equal(Tree.None, Hosts.HostA.Tree), Patience);
    }

    [Fact]
    public async Task A_host_that_was_booted_waits_for_no_voter_that_is_none_any_more()
    {
        await StandsWithoutMajorityAsync();
        Hosts.DeadVoters.TryRemove(TwoHosts.B, out _);

        await Hosts.CatchUpAsync(TwoHosts.A, new FakeTimeProvider(), null, TwoHosts.A, TwoHosts.B).WaitAsync(Patience);
    }

    [Fact]
    public async Task A_host_that_was_booted_waits_for_every_voter_of_what_it_had_open()
    {
        await StandsWithoutMajorityAsync();
        var clock = new FakeTimeProvider();
        var said = new ConcurrentQueue<string>();
        Hosts.DeadVoters.TryRemove(TwoHosts.B, out _);

        var catchUp = Hosts.CatchUpAsync(TwoHosts.A, clock, said.Enqueue);
        await PassAsync(clock, ResolutionNews.BootPatience - TimeSpan.FromSeconds(2));
        Assert.False(catchUp.IsCompleted);
        Assert.Contains("waits for w,", Assert.Single(said), StringComparison.Ordinal);
        Hosts.DeadVoters.Clear();
        await PassAsync(clock, ResolutionNews.TellEvery);

        await catchUp.WaitAsync(Patience);
        Assert.Single(said);
    }

    [Fact]
    public async Task It_does_not_wait_for_ever_and_without_anything_open_not_at_all()
    {
        Hosts.DeadVoters[W] = true;
        await Hosts.CatchUpAsync(TwoHosts.A, new FakeTimeProvider()).WaitAsync(Patience);
        Hosts.DeadVoters.Clear();
        await StandsWithoutMajorityAsync();
        var clock = new FakeTimeProvider();
        var said = new ConcurrentQueue<string>();

        var catchUp = Hosts.CatchUpAsync(TwoHosts.A, clock, said.Enqueue);
        await PassAsync(clock, ResolutionNews.BootPatience + ResolutionNews.TellEvery);

        await catchUp.WaitAsync(Patience);
        Assert.Contains("No answer from b, w: this host goes on without", said.Last(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_that_may_form_a_cluster_asks_again_while_nobody_answers_and_not_for_ever()
    {
        Hosts.VoterOf(W).IsMember = static () => true;
        Hosts.DeadVoters[TwoHosts.B] = Hosts.DeadVoters[W] = true;
        var clock = new FakeTimeProvider();
        Assert.False(await Hosts.CatchUpAsync(TwoHosts.A, isFounder: false, clock).WaitAsync(Patience));

        var catchUp = Hosts.CatchUpAsync(TwoHosts.A, isFounder: true, clock);
        await PassAsync(clock, ResolutionNews.FounderPatience - TimeSpan.FromSeconds(2));
        Assert.False(catchUp.IsCompleted);
        Hosts.DeadVoters.Clear();
        for (var tick = 0; tick < 100 && !catchUp.IsCompleted; tick++)
        {
            await PassAsync(clock, TimeSpan.FromMilliseconds(10));
        }

        Assert.True(await catchUp.WaitAsync(Patience));

        Hosts.DeadVoters[TwoHosts.B] = Hosts.DeadVoters[W] = true;
        catchUp = Hosts.CatchUpAsync(TwoHosts.A, isFounder: true, clock);
        await PassAsync(clock, ResolutionNews.FounderPatience + ResolutionNews.TellEvery);
        Assert.False(await catchUp.WaitAsync(Patience));
    }

    [Fact]
    public async Task The_side_that_gets_it_consents_first_so_that_what_is_lost_there_meanwhile_leaves_nobody_bound()
    {
        await MigrateAndHoldAsync(Hosts.HostB, "Destination.Deciding");
        var attempt = Assert.Single(Hosts.JournalOf(TwoHosts.B).OfType<JournalEntry.Proposed>()).Attempt;
        Hosts.DeadVoters[W] = Hosts.SilentVoters[TwoHosts.A] = true;
        Hosts.Loses = static (host, request) => host == TwoHosts.B && request is VoterRequest.ConsentToResolution;
        Assert.Contains("Host b has stopped answering", await RefusedAsync(TwoHosts.A, Order(attempt, Verdict.Dest, W)), StringComparison.Ordinal);

        Hosts.Loses = static (_, _) => false;
        Hosts.HostB.Tree = Tree.None;

        Assert.Empty(Hosts.VoterRecordsOf(TwoHosts.A).OfType<VoterRecord.ResolutionConsented>());
        Assert.Contains("does not wait at its gate", await RefusedAsync(TwoHosts.A, Order(attempt, Verdict.Dest, W)), StringComparison.Ordinal);
        await ResolvedAsync(TwoHosts.A, Order(attempt, Verdict.Source, W));
        Hosts.HostB.Held = null;
        AwaitTrees(Tree.Running, Tree.None);
    }

    [Fact]
    public async Task What_is_lost_on_both_sides_is_given_to_nobody_so_that_its_attempt_ends_though_promises_were_left()
    {
        var attempt = await GatedWithoutMajorityAsync(sourceLosesItsTree: false);
        Hosts.DeadVoters.TryRemove(TwoHosts.A, out _);
        Hosts.SilentVoters[TwoHosts.A] = true;
        Hosts.Loses = static (_, request) => request is VoterRequest.ConsentToResolution;
        Assert.Contains("has stopped answering", await RefusedAsync(TwoHosts.B, Order(attempt, Verdict.Dest, W)), StringComparison.Ordinal);
        Assert.NotEmpty(Hosts.VoterRecordsOf(TwoHosts.B).OfType<VoterRecord.GenerationPromised>());
        Hosts.Loses = static (_, _) => false;
        Hosts.HostB.Tree = Tree.None;

        // Neither side can go on, and what was promised is not let go.
        Hosts.DeadVoters[TwoHosts.A] = true;
        Assert.Contains("does not wait at its gate", await RefusedAsync(TwoHosts.B, Order(attempt, Verdict.Dest, TwoHosts.A, W)), StringComparison.Ordinal);
        await ResolvedAsync(TwoHosts.B, Order(attempt, null, TwoHosts.A, W));

        Hosts.HostB.Held = null;
        var details = await EndOfAsync(TwoHosts.B, attempt);
        Assert.Equal(AttemptOutcome.Aborted, details.Outcome);
        Assert.Contains("the container is lost", details.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_stands_on_either_side_is_not_lost()
    {
        var attempt = await GatedWithoutMajorityAsync(sourceLosesItsTree: false);
        Assert.Contains($"c1 still stands on host b, the destination of attempt {attempt}: it is not lost", await RefusedAsync(TwoHosts.B, Order(attempt, null, TwoHosts.A, W)), StringComparison.Ordinal);
        Assert.Empty(Hosts.VoterRecordsOf(TwoHosts.B).OfType<VoterRecord.GenerationPromised>());

        Hosts.HostB.Tree = Tree.None;
        Hosts.DeadVoters.TryRemove(TwoHosts.A, out _);
        Hosts.SilentVoters[TwoHosts.A] = true;
        Assert.Contains("c1 still stands on host a, the source", await RefusedAsync(TwoHosts.B, Order(attempt, null, W)), StringComparison.Ordinal);
        Assert.Empty(Hosts.VoterRecordsOf(TwoHosts.B).OfType<VoterRecord.GenerationPromised>());

        // Whatever state it is in: this one has gone through its gate, and the disk does not say so yet.
        Hosts.DeadVoters[TwoHosts.A] = true;
        Hosts.HostB.Tree = Tree.Running;
        Assert.Contains("c1 still stands on host b", await RefusedAsync(TwoHosts.B, Order(attempt, null, TwoHosts.A, W)), StringComparison.Ordinal);
        Assert.Equal(Tree.Frozen, Hosts.HostA.Tree);
    }

    [Fact]
    public async Task What_may_still_be_restored_is_not_lost()
    {
        var attempt = await MigrateAndHoldAsync(Hosts.HostB, "Destination.Restoring");
        Hosts.DeadVoters[TwoHosts.A] = Hosts.DeadVoters[W] = true;

        Assert.Contains($"attempt {attempt} may still be about to restore c1 on host b", await RefusedAsync(TwoHosts.B, Order(attempt, null, TwoHosts.A, W)), StringComparison.Ordinal);

        Hosts.DeadVoters.Clear();
        Hosts.HostB.Held = null;
        AwaitTrees(Tree.None, Tree.Running);
    }

    [Fact]
    public async Task Who_has_consented_to_one_side_before_is_followed_when_it_is_lost()
    {
        var attempt = await GatedWithoutMajorityAsync();
        await ConsentUnheardAsync(TwoHosts.B, Order(attempt, Verdict.Dest, TwoHosts.A, W));
        Hosts.HostB.Tree = Tree.None;

        // Somebody may have heard that it is the destination's.
        await ResolvedAsync(TwoHosts.B, Order(attempt, null, TwoHosts.A, W));

        Hosts.HostB.Held = null;
        Assert.Equal(AttemptOutcome.Lost, (await EndOfAsync(TwoHosts.B, attempt)).Outcome);
        Assert.Equal(Verdict.Dest, Hosts.VoterOf(TwoHosts.B).VerdictOf(Assert.Single(Hosts.JournalOf(TwoHosts.B).OfType<JournalEntry.Begun>()).Registration.Register)!.Value);
    }

    [Fact]
    public async Task What_was_given_to_a_side_that_is_off_by_now_is_given_to_the_other_after_all()
    {
        await MigrateAndHoldAsync(Hosts.HostB, "Destination.Deciding");
        var attempt = Assert.Single(Hosts.JournalOf(TwoHosts.B).OfType<JournalEntry.Proposed>()).Attempt;
        Hosts.DeadVoters[W] = Hosts.SilentVoters[TwoHosts.A] = true;
        await ConsentUnheardAsync(TwoHosts.A, Order(attempt, Verdict.Source, W), of: TwoHosts.B);

        // All have consented, and nobody knows it. While a is there it may not be given to b any more.
        Assert.Single(Hosts.VoterRecordsOf(TwoHosts.B).OfType<VoterRecord.ResolutionConsented>());
        Assert.Contains("may have given the container to the source: run this with --to source", await RefusedAsync(TwoHosts.A, Order(attempt, Verdict.Dest, W)), StringComparison.Ordinal);

        await LoseAsync(TwoHosts.A);
        await ResolvedAsync(TwoHosts.B, Order(attempt, Verdict.Dest, TwoHosts.A, W));
        Hosts.HostB.Held = null;
        AwaitTrees(Tree.None, Tree.Running);

        await ComeBackAsync(TwoHosts.A);
        Assert.Equal(AttemptOutcome.Committed, (await EndOfAsync(TwoHosts.A, attempt)).Outcome);
        AwaitTrees(Tree.None, Tree.Running);
    }

    [Fact]
    public async Task What_the_voters_said_before_does_not_overtake_the_operators_verdict_on_its_way_to_the_attempt()
    {
        await MigrateAndHoldAsync(Hosts.HostB, "Destination.JournalingVerdict");
        var said = Decided(Assert.Single(Hosts.JournalOf(TwoHosts.B).OfType<JournalEntry.Begun>()).Registration);
        Hosts.DeadVoters[W] = Hosts.DeadVoters[TwoHosts.B] = true;
        var attempt = said.Register.Attempt;
        await ResolvedAsync(TwoHosts.A, Order(attempt, Verdict.Source, TwoHosts.B, W));

        Assert.False(Hosts.VoterOf(TwoHosts.A).Admit(said));
        Assert.True(Hosts.VoterOf(TwoHosts.A).Admit(Assert.IsType<VerdictCertificate>(Hosts.VoterOf(TwoHosts.A).VerdictOf(said.Register))));
    }

    /// <summary>What b and w may have said.</summary>
    private static VerdictCertificate Decided(Registration registration)
        => new(registration.Register, Verdict.Dest, [.. registration.Voters.Where(v => v.Host != TwoHosts.A)
            .Select(v => new SignedAccept(v.Host, v.Incarnation, registration.Register, new Ballot(1, TwoHosts.B), Verdict.Dest, []))
            .Select(a => a with { Signature = new FakeSigner(a.Voter).Sign(DecisionBytes.ToSign(a)) })]);

    [Fact]
    public async Task Asked_again_it_says_the_same_and_never_the_other()
    {
        var attempt = await StandsWithoutMajorityAsync();
        var first = await ResolvedAsync(TwoHosts.A, Order(attempt, Verdict.Source, TwoHosts.B, W));

        Assert.Equal(first.Generation, (await ResolvedAsync(TwoHosts.A, Order(attempt, Verdict.Source, TwoHosts.B, W))).Generation);

        AwaitTrees(Tree.Running, Tree.None);
        var other = Assert.IsType<ResolveOutcome.Refused>(await Hosts.ResolveAsync(TwoHosts.A, Order(attempt, Verdict.Dest, W)));
        Assert.StartsWith("No answer from b", other.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_verdict_that_the_others_had_and_took_with_them_is_void_when_they_come_back()
    {
        // The destination and the witness decided DEST; both were lost before anybody heard, and the operator gave the container back to its source.
        Hosts.HostB.Held = "Destination.JournalingVerdict";
        var attempt = await MigrateAsync();
        AwaitAssert(() => Assert.Equal("Destination.JournalingVerdict", Hosts.HostB.Waiting), Patience);
        await LoseAsync(TwoHosts.B);
        Hosts.DeadVoters[W] = true;
        Assert.Equal(Tree.Frozen, Hosts.HostA.Tree);

        await ResolvedAsync(TwoHosts.A, Order(attempt, Verdict.Source, TwoHosts.B, W));
        AwaitTrees(Tree.Running, Tree.None);

        await ComeBackAsync(TwoHosts.B);
        await EndOfAsync(TwoHosts.B, attempt);
        await AwaitFloorsAsync(new Fence(3, 1), TwoHosts.A);
        AwaitTrees(Tree.Running, Tree.None);
        Assert.DoesNotContain(Hosts.JournalOf(TwoHosts.B), entry => entry is JournalEntry.VerdictLearned { Certificate.Value: Verdict.Dest });
    }

    /// <summary>DEST is decided and the destination acts on it, held before its gate; nobody else knows, the witness is off, and the source's voter does not vote.</summary>
    private async Task<AttemptId> DecidedForBOnlyAsync()
    {
        var attempt = await MigrateAndHoldAsync(Hosts.HostB, "Destination.JournalingVerdict");
        Hosts.DeadVoters[W] = Hosts.SilentVoters[TwoHosts.A] = true;
        return attempt;
    }

    /// <summary>The source's copy stands, its destination and the witness are gone before anything was decided.</summary>
    private async Task<AttemptId> StandsWithoutMajorityAsync()
    {
        var attempt = await MigrateAndHoldAsync(Hosts.HostB, "Destination.Deciding");
        await LoseAsync(TwoHosts.B);
        Hosts.DeadVoters[W] = true;
        Assert.Equal(Tree.Frozen, Hosts.HostA.Tree);
        return attempt;
    }

    /// <summary>The destination's tree stands at its gate and has been proposed, the source and the witness are gone.</summary>
    private async Task<AttemptId> GatedWithoutMajorityAsync(bool sourceLosesItsTree = true)
    {
        var attempt = await MigrateAndHoldAsync(Hosts.HostB, "Destination.Deciding");
        await Hosts.KillAsync(TwoHosts.A);
        Hosts.DeadVoters[TwoHosts.A] = Hosts.DeadVoters[W] = true;
        if (sourceLosesItsTree)
        {
            Hosts.HostA.Tree = Tree.None;
        }

        Hosts.HostB.Held = null;
        return attempt;
    }

    /// <summary>Second by second, as what waits looks again after each.</summary>
    private static async Task PassAsync(FakeTimeProvider clock, TimeSpan time)
    {
        var step = time < TimeSpan.FromSeconds(1) ? time : TimeSpan.FromSeconds(1);
        for (var passed = TimeSpan.Zero; passed < time; passed += step)
        {
            await Task.Delay(20);
            clock.Advance(step);
        }

        await Task.Delay(20);
    }

    private async Task LoseAsync(HostName host)
    {
        await Hosts.KillAsync(host);
        Hosts.DeadVoters[host] = true;
        (host == TwoHosts.A ? Hosts.HostA : Hosts.HostB).Tree = Tree.None;
    }

    /// <summary>Powered on again, with the witness: first the news, then what the journal says.</summary>
    private async Task ComeBackAsync(HostName host)
    {
        var back = host == TwoHosts.A ? Hosts.HostA : Hosts.HostB;
        back.Held = null;
        Hosts.DeadVoters.Clear();
        await Hosts.CatchUpAsync(host);
        Hosts.Start(back);
    }

    private async Task<VerdictCertificate> ResolvedAsync(HostName at, ResolveOrder order)
    {
        var outcome = await Hosts.ResolveAsync(at, order);
        var verdict = Assert.IsType<ResolveOutcome.Verdict>(outcome).Certificate;
        Assert.Equal(order.Value ?? verdict.Value, verdict.Value);
        return verdict;
    }

    /// <summary>A run whose consents, all or those of one host, are on disks when their answers are lost.</summary>
    private async Task ConsentUnheardAsync(HostName at, ResolveOrder order, HostName? of = null)
    {
        Hosts.LosesAnswers = (host, request) => request is VoterRequest.ConsentToResolution && (of is null || host == of);
        Assert.Contains("has stopped answering", await RefusedAsync(at, order), StringComparison.Ordinal);
        Hosts.LosesAnswers = static (_, _) => false;
    }

    private async Task<string> RefusedAsync(HostName at, ResolveOrder order) => Assert.IsType<ResolveOutcome.Refused>(await Hosts.ResolveAsync(at, order)).Sentence;

    /// <summary>All voters say the same of the container, those that were off too.</summary>
    private async Task AwaitFloorsAsync(Fence lowest, HostName owner)
    {
        using var end = new CancellationTokenSource();
        var spreading = Hosts.SpreadAsync(owner, end.Token);
        foreach (var voter in (HostName[])[TwoHosts.A, TwoHosts.B, W])
        {
            await AwaitAssertAsync(
                async () =>
                {
                    var floor = Assert.IsType<VoterReply.Floor>(await Hosts.VoterOf(voter).AnswerAsync(TwoHosts.A, new VoterRequest.AskFloor(TwoHosts.Container)));
                    Assert.Equal((voter, lowest, owner), (voter, floor.Lowest, floor.Owner));
                },
                Patience);
        }

        await end.CancelAsync();
        await spreading.ContinueWith(static _ => { }, TaskScheduler.Default);
    }
}
