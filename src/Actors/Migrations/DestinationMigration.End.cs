using System.Collections.Immutable;
using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>From the proposal to the end: only the register leaves the gate.</summary>
public sealed partial record DestinationMigration
{
    private DateTimeOffset StartedAt { get; init; }

    private DateTimeOffset? GatedAt { get; init; }

    private DateTimeOffset LastStepAt { get; init; }

    private DestinationState? GaveUpIn { get; init; }

    /// <summary>The tree died after DEST and before it ran.</summary>
    private bool IsLost { get; init; }

    private GateReport? Gate { get; init; }

    private FillReport? Fill { get; init; }

    private double GateToRunningMs { get; init; }

    private ImmutableSortedDictionary<Phase, double> PhaseMs { get; init; } = ImmutableSortedDictionary<Phase, double>.Empty;

    /// <summary>The attempt as it stands.</summary>
    public AttemptDetails Details() => new(
        Attempt,
        Container,
        Fence,
        Source,
        Self,
        Self,
        (GaveUpIn ?? State).Phase(),
        State.ToString(),
        IsLost ? AttemptOutcome.Lost
            : Certificate?.Value == Verdict.Dest ? AttemptOutcome.Committed
            : Certificate is not null || GaveUpIn is not null ? AttemptOutcome.Aborted
            : AttemptOutcome.Open,
        Failure,
        Sentence,
        StartedAt.ToUnixTimeMilliseconds(),
        [.. PhaseMs.Select(p => new NamedSpan(p.Key.ToString(), p.Value)), .. Fill is { } fill ? [new NamedSpan("fill", fill.Elapsed.TotalMilliseconds)] : Array.Empty<NamedSpan>()],
        [],
        0,
        0,
        Gate?.Spans ?? [],
        GateToRunningMs,
        DirtyPagesPerSecond,
        0,
        null);

    private (DestinationMigration, ImmutableArray<AttemptAction>) OnJournal(AttemptEvent e)
    {
        switch (State, e)
        {
            case (DestinationState.JournalingBegun, AttemptEvent.Journaled { Entry: JournalEntry.Begun }):
                return GoCalling(DestinationState.Preparing, AttemptCall.Prepare, new AttemptAction.Prepare(Order!));
            case (DestinationState.JournalingBegun, AttemptEvent.JournalFailed { Entry: JournalEntry.Begun } failed):
                return (this with { IsBegun = false }).GiveUp(MigrationFailure.Internal, failed.Sentence);
            case (DestinationState.JournalingPrepared, AttemptEvent.Journaled { Entry: JournalEntry.Prepared }):
                return Go(DestinationState.LookingAtTree, new AttemptAction.LookAtTree());
            case (DestinationState.JournalingPrepared, AttemptEvent.JournalFailed { Entry: JournalEntry.Prepared } failed):
                return GiveUp(MigrationFailure.Internal, failed.Sentence);
            case (DestinationState.JournalingProposed, AttemptEvent.Journaled { Entry: JournalEntry.Proposed }):
                // The disk may have taken its time: DEST for a tree that has died meanwhile would lose the container, SOURCE does not.
                return Go(DestinationState.Deciding, new AttemptAction.LookAtTree());
            case (DestinationState.JournalingProposed, AttemptEvent.JournalFailed { Entry: JournalEntry.Proposed } failed):
                // PROPOSED may be on the disk, but nothing was proposed, so giving up is still allowed. It is not: NEVER cannot be written either,
                // and a restart that reads PROPOSED would ask the register. So the gate waits for the disk, for that restart, or for the source.
                return (this, [new AttemptAction.Alarm(failed.Sentence), new AttemptAction.StartTimer(AttemptTimer.Retry, Times.Retry, Serial)]);
            case (DestinationState.JournalingNever, AttemptEvent.Journaled { Entry: JournalEntry.Never } or AttemptEvent.JournalFailed { Entry: JournalEntry.Never }):
                // When NEVER could not be written the attempt is found again after a restart, without its tree: it is then given up again.
                var (next, actions) = (this with { IsNeverOnDisk = e is AttemptEvent.Journaled })
                    .GoCalling(DestinationState.KillingGated, AttemptCall.KillGated, new AttemptAction.Call(AttemptCall.KillGated));
                return (next, [new AttemptAction.Send(LastSaid!), .. actions]);
            case (DestinationState.JournalingVerdict, AttemptEvent.Journaled { Entry: JournalEntry.VerdictLearned }):
                return (this with { IsVerdictOnDisk = true }).CarryOut();
            case (DestinationState.JournalingVerdict, AttemptEvent.JournalFailed { Entry: JournalEntry.VerdictLearned } failed):
                // The voters keep the verdict, as it is not acknowledged: after a restart this host learns it again. What it orders can be done now.
                var (carried, orders) = CarryOut();
                return (carried, [new AttemptAction.Alarm(failed.Sentence), .. orders]);
            case (DestinationState.JournalingEnded, AttemptEvent.Journaled { Entry: JournalEntry.Ended }) when Unacknowledged is { } late:
                return Go(DestinationState.Ended, new AttemptAction.Acknowledge(late), new AttemptAction.End());
            case (DestinationState.JournalingEnded, AttemptEvent.Journaled { Entry: JournalEntry.Ended } or AttemptEvent.JournalFailed { Entry: JournalEntry.Ended }):
                return Go(DestinationState.Ended, new AttemptAction.End());
            default:
                return Ignore($"{e.GetType().Name} is not expected in {State}");
        }
    }

    private (DestinationMigration, ImmutableArray<AttemptAction>) OnCertificate(VerdictCertificate certificate)
    {
        if (Registration is null || Certificate is not null)
        {
            return Ignore($"a verdict in {State}: {(Certificate is null ? "no register of this attempt is known" : "it is known already")}");
        }

        if (VerdictCheck.WhyNot(certificate, Registration, Keys) is { } why)
        {
            return (this, [new AttemptAction.Alarm($"a verdict that proves nothing was dropped: {why}")]);
        }

        if (State.MayGiveUp())
        {
            return certificate.Value == Verdict.Source
                ? (this with { Unacknowledged = certificate }).GiveUp(MigrationFailure.Cancelled, $"host {Source} kept the container")
                : (this, [new AttemptAction.Alarm($"DEST was decided for attempt {Attempt}, which this host has not proposed; nothing is done")]);
        }

        return State is DestinationState.Deciding or DestinationState.JournalingProposed
            ? (this with { Certificate = certificate }).Go(
                DestinationState.JournalingVerdict, new AttemptAction.Journal(new JournalEntry.VerdictLearned(Attempt, certificate)))
            : GaveUpIn is not null && certificate.Value == Verdict.Source
                ? IsNeverOnDisk ? (this, [new AttemptAction.Acknowledge(certificate)]) : (this with { Unacknowledged = certificate }, [])
                : Ignore($"a verdict in {State}: this side has given the attempt up");
    }

    private (DestinationMigration, ImmutableArray<AttemptAction>) CarryOut()
    {
        var (next, actions) = Certificate!.Value == Verdict.Dest
            ? (this with { Sentence = Certificate.ResolvedBy is { } given ? ResolutionCheck.Sentence(given) : Sentence })
                .GoCalling(DestinationState.OpeningGate, AttemptCall.OpenGate, new AttemptAction.OpenGate(Certificate))
            : (this with
            {
                Failure = Failure == MigrationFailure.None ? MigrationFailure.Cancelled : Failure,
                Sentence = Certificate.ResolvedBy is { } resolved ? ResolutionCheck.Sentence(resolved) : Sentence.Length == 0 ? $"host {Source} kept the container" : Sentence,
            })
                .GoCalling(DestinationState.KillingGated, AttemptCall.KillGated, KillGatedAction());
        return (next, [.. actions, new AttemptAction.Send(new VerdictReached(Attempt, Fence, Certificate)), .. IsVerdictOnDisk ? [new AttemptAction.Acknowledge(Certificate)] : ImmutableArray<AttemptAction>.Empty]);
    }

    /// <summary>
    /// An operator who takes the container for lost, and says that this host was off, has not looked here. When that was so nothing stands here; else the tree stays at its gate, as a
    /// wrong word must not cost what may be the only one.
    /// </summary>
    private AttemptAction KillGatedAction()
        => Certificate?.ResolvedBy is { Resolution: { IsLost: true } lost } && lost.Fenced.Contains(Self) ? new AttemptAction.RefuseTree() : new AttemptAction.Call(AttemptCall.KillGated);

    /// <summary>Nothing of the container ran here, and nothing of it may run anywhere else: what is left of the tree goes, its files stay, and the operator is told.</summary>
    private (DestinationMigration, ImmutableArray<AttemptAction>) LoseTree(string sentence)
    {
        var lost = new TreeLost(Attempt, Fence, sentence);
        return (this with { IsLost = true, Failure = MigrationFailure.ContainerLost, Sentence = sentence, LastSaid = lost }).GoCalling(
            DestinationState.KillingGated,
            AttemptCall.KillGated,
            new AttemptAction.Alarm(sentence),
            new AttemptAction.Send(lost),
            new AttemptAction.Call(AttemptCall.KillGated));
    }

    private (DestinationMigration, ImmutableArray<AttemptAction>) OnCallDoneAfterVerdict(AttemptEvent e)
    {
        switch (State, e)
        {
            case (DestinationState.OpeningGate, AttemptEvent.CallDone):
                var ms = GatedAt is { } gated ? (Now - gated).TotalMilliseconds : 0;
                var running = new Running(Attempt, Fence, ms);
                return (this with { LastSaid = running, GateToRunningMs = ms }).GoCalling(
                    DestinationState.Filling, AttemptCall.AwaitFill, new AttemptAction.Send(running), new AttemptAction.Call(AttemptCall.AwaitFill));
            case (DestinationState.Filling, AttemptEvent.FillDone fill):
                var filled = new Filled(Attempt, Fence, fill.Report);
                return (this with { LastSaid = filled, Fill = fill.Report }).GoCalling(
                    DestinationState.Cleaning, AttemptCall.Clean, new AttemptAction.Send(filled), new AttemptAction.Clean(Verdict.Dest));
            case (DestinationState.KillingGated, AttemptEvent.CallDone):
                return GoCalling(DestinationState.Cleaning, AttemptCall.Clean, new AttemptAction.Clean(IsLost ? Verdict.Dest : Verdict.Source));
            case (DestinationState.Cleaning, AttemptEvent.CallDone):
                var (next, actions) = Go(DestinationState.JournalingEnded, new AttemptAction.JournalEnded());
                return Certificate?.Value == Verdict.Dest ? (next, actions) : (next, [new AttemptAction.Send(new DestinationCleaned(Attempt, Fence)), .. actions]);
            default:
                return Ignore($"a call is done in {State}");
        }
    }

    /// <summary>A call that failed where nothing but success is left; every call looks first, so that it may be made twice.</summary>
    private (DestinationMigration, ImmutableArray<AttemptAction>) Retry() => (State, Busy) switch
    {
        (DestinationState.JournalingProposed, AttemptCall.None) => (this, [new AttemptAction.Journal(new JournalEntry.Proposed(Attempt, Verdict.Dest))]),
        (DestinationState.OpeningGate, AttemptCall.None) => Make(AttemptCall.OpenGate, new AttemptAction.OpenGate(Certificate!)),
        (DestinationState.KillingGated, AttemptCall.None) => Make(AttemptCall.KillGated, KillGatedAction()),
        (DestinationState.Filling, AttemptCall.None) => Make(AttemptCall.AwaitFill, new AttemptAction.Call(AttemptCall.AwaitFill)),
        (DestinationState.Cleaning, AttemptCall.None) => Make(
            AttemptCall.Clean, new AttemptAction.Clean(Certificate?.Value == Verdict.Dest ? Verdict.Dest : Verdict.Source)),
        _ => Ignore($"nothing is to be retried in {State}"),
    };

    private DestinationMigration WithPhaseTimes(DestinationState before, DateTimeOffset now)
    {
        var phase = before.Phase();
        var spent = LastStepAt == default ? 0 : (now - LastStepAt).TotalMilliseconds;
        return this with { LastStepAt = now, PhaseMs = PhaseMs.SetItem(phase, PhaseMs.GetValueOrDefault(phase) + spent) };
    }
}
