using System.Collections.Immutable;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;

namespace ActorMigration.Actors;

/// <summary>Attest, prepare, pre-copy: the container runs, and anything may end the attempt.</summary>
public sealed partial record SourceMigration
{
    private (SourceMigration, ImmutableArray<AttemptAction>) OnMessageBeforeFreeze(IAttemptMessage message)
    {
        switch (State, message)
        {
            case (SourceState.Offering, DestinationAttested m):
                var known = this with { DestinationNonce = m.Nonce, DestinationKeyDigest = m.KeyDigest, DestinationPolicyDigest = m.PolicyDigest };
                return known.WhyNotDigests() is { } why
                    ? known.Abort(MigrationFailure.AttestationFailed, why)
                    : known.Go(
                        SourceState.CheckingDestination,
                        new AttemptAction.CheckEvidence(m.Evidence, Destination, known.Binding(AttestationRole.Destination), ChallengedAt));
            case (SourceState.AwaitingAcceptance, EvidenceAccepted):
                return BeginRegister();
            case (SourceState.AwaitingResources, ResourcesPrepared m):
                return m.Endpoint.KeyDigest.AsSpan().SequenceEqual(DestinationKeyDigest)
                    ? Listening(GoCalling(SourceState.Connecting, AttemptCall.Connect, new AttemptAction.Connect(m.Endpoint)))
                    : Abort(MigrationFailure.WrongPeer, $"host {Destination} listens with another key than it attested");
            case (SourceState.AgreeingStop, ReadyForStop m) when m.Nonce is { Length: AttestationBinding.NonceBytes }:
                var fresh = this with { DestinationNonce = m.Nonce };
                return fresh.Go(
                    SourceState.RecheckingDestination,
                    new AttemptAction.CheckEvidence(m.Evidence, Destination, fresh.Binding(AttestationRole.Destination), ChallengedAt));
            case (SourceState.AwaitingConsent, StopAgreed):
                return (this with { HasConsent = true }).FreezeWhenReady();
            default:
                return Ignore($"{message.GetType().Name} is not expected in {State}");
        }
    }

    /// <summary>Answers of the TPM, the verifier and the voters.</summary>
    private (SourceMigration, ImmutableArray<AttemptAction>) OnAnswer(AttemptEvent e)
    {
        switch (State, e)
        {
            case (SourceState.ReadingFloor, AttemptEvent.FloorRead { Reading: null }):
                return Abort(MigrationFailure.NoMajority, $"no majority of the voters answers, so nothing was begun and {Container} stays on host {Self}; start the daemons of amig.voters that are missing ('amig hosts' shows who is there)");
            case (SourceState.ReadingFloor, AttemptEvent.FloorRead { Reading: { } reading }):
                return OnFloor(reading);
            case (SourceState.CheckingDestination or SourceState.RecheckingDestination, AttemptEvent.EvidenceChecked { Rejection: { Length: > 0 } why }):
                return Abort(MigrationFailure.AttestationFailed, why);
            case (SourceState.CheckingDestination, AttemptEvent.EvidenceChecked):
                return Go(SourceState.Quoting, new AttemptAction.Quote(Binding(AttestationRole.Source), StopPhase: false));
            case (SourceState.RecheckingDestination, AttemptEvent.EvidenceChecked):
                return Go(SourceState.Requoting, new AttemptAction.Quote(Binding(AttestationRole.Source), StopPhase: true));
            case (SourceState.Quoting or SourceState.Requoting, AttemptEvent.QuoteFailed failed):
                return Abort(MigrationFailure.NotAttestable, $"host {Self} cannot prove what it is: {failed.Sentence}");
            case (SourceState.Quoting, AttemptEvent.QuoteMade quote):
                return GoAsking(SourceState.AwaitingAcceptance, new SourceAttested(Attempt, Fence, quote.Evidence), Times.Patience);
            case (SourceState.Requoting, AttemptEvent.QuoteMade quote):
                return GoAsking(SourceState.AwaitingConsent, new SourceReattested(Attempt, Fence, quote.Evidence), Times.Patience);
            case (SourceState.Registering, AttemptEvent.RegisterAnswered { Failure: MigrationFailure.None }):
                return GoAsking(
                    SourceState.AwaitingResources,
                    new PrepareResources(Attempt, Fence, new PrepareOrder(Survey!, Self), Registration!),
                    Times.PreparePatience);
            case (SourceState.Registering, AttemptEvent.RegisterAnswered refused):
                return Abort(refused.Failure, refused.Sentence);
            default:
                return Ignore($"{e.GetType().Name} is not expected in {State}");
        }
    }

    private (SourceMigration, ImmutableArray<AttemptAction>) OnFloor(FloorReading reading)
    {
        // A verdict that only this host has learned so far counts as well.
        var (next, owner) = LastClosed is { } last && last.Next > reading.Next ? (last.Next, last.NextOwner) : (reading.Next, reading.Owner);
        return owner != Self
            ? Abort(MigrationFailure.UnknownContainer, $"the voters say that {Container} belongs to host {owner?.Value ?? "nobody"}, not to {Self}")
            : (this with { Fence = next, Voters = reading.Voters, IsPortOpen = true })
                .GoCalling(SourceState.Surveying, AttemptCall.Survey, new AttemptAction.Call(AttemptCall.Survey));
    }

    private (SourceMigration, ImmutableArray<AttemptAction>) OnCallDoneBeforeFreeze(AttemptEvent e)
    {
        switch (State, e)
        {
            case (SourceState.Surveying, AttemptEvent.Surveyed s):
                var offering = this with { Survey = s.Survey, KeyDigest = s.KeyDigest, Nonce = NewNonce(), ChallengedAt = Now };
                return offering.GoAsking(
                    SourceState.Offering,
                    new OfferMigration(Attempt, Fence, Container, Self, offering.Nonce, offering.KeyDigest, PolicyDigest),
                    Times.Patience);
            case (SourceState.Connecting, AttemptEvent.CallDone):
                return Listening(GoCalling(SourceState.Copying, AttemptCall.RunRound, new AttemptAction.RunRound(0)));
            case (SourceState.Copying, AttemptEvent.RoundDone r):
                return OnRound(r.Report);
            case (_, AttemptEvent.RoundDone r):
                var counted = this with { Rounds = Rounds.Add(r.Report), Convergence = Convergence.With(r.Report) };
                return counted.HasConsent ? counted.FreezeWhenReady() : counted.Make(AttemptCall.RunRound, new AttemptAction.RunRound(counted.Rounds.Count));
            default:
                return Ignore($"{e.GetType().Name} is not expected in {State}");
        }
    }

    private (SourceMigration, ImmutableArray<AttemptAction>) OnRound(RoundReport report)
    {
        var counted = this with { Rounds = Rounds.Add(report), Convergence = Convergence.With(report) };
        return counted.Convergence.Decide() switch
        {
            Actors.Convergence.Freeze => counted.AgreeStop(),
            Actors.Convergence.AnotherRound => counted.Make(AttemptCall.RunRound, new AttemptAction.RunRound(counted.Rounds.Count)),
            _ => counted.Abort(
                MigrationFailure.DoesNotConverge,
                FormattableString.Invariant(
                    $"after {counted.Rounds.Count} rounds the stop would still take {counted.Convergence.PredictedStopMs:0} ms against a target of {Policy.DowntimeTargetMs} ms ({counted.Convergence.DirtyPagesPerSecond:0} pages are written per second); use --force to stop anyway")),
        };
    }

    /// <summary>A round may take as long as it likes, but not because the destination hangs: while one is out the destination is asked from time to time.</summary>
    private (SourceMigration, ImmutableArray<AttemptAction>) Listening((SourceMigration Next, ImmutableArray<AttemptAction> Actions) step)
        => (step.Next, step.Actions.Add(new AttemptAction.StartTimer(AttemptTimer.Patience, Times.Patience, step.Next.Serial)));

    private (SourceMigration, ImmutableArray<AttemptAction>) AskWhileCopying()
        => Listening((this with { Unanswered = Unanswered + 1 }, [new AttemptAction.Send(new AskAttempt(Attempt, Fence))]));

    /// <summary>The stop is near: fresh quotes of both are made while rounds go on, so that a slow TPM costs nothing in the stop.</summary>
    private (SourceMigration, ImmutableArray<AttemptAction>) AgreeStop()
    {
        var near = this with { Nonce = NewNonce(), ChallengedAt = Now, HasConsent = false };
        var (next, actions) = near.GoAsking(SourceState.AgreeingStop, new StopImminent(Attempt, Fence, near.Nonce, Convergence.DirtyPagesPerSecond), Times.Patience);
        return (next with { Busy = AttemptCall.RunRound }, actions.Add(new AttemptAction.RunRound(Rounds.Count)));
    }

    private (SourceMigration, ImmutableArray<AttemptAction>) FreezeWhenReady()
    {
        if (Busy != AttemptCall.None)
        {
            return (this, []);
        }

        // Half of the age is left for the stop itself; older evidence is made anew while it costs nothing.
        return Now - ChallengedAt > TimeSpan.FromMilliseconds(Policy.EvidenceMaxAgeMs / 2.0)
            ? AgreeStop()
            : (this with { IsFrozen = true }).Go(SourceState.JournalingFrozen, new AttemptAction.Journal(new JournalEntry.Frozen(Attempt)));
    }

    private (SourceMigration, ImmutableArray<AttemptAction>) BeginRegister()
    {
        var registration = new Registration(
            new RegisterId(Container, Fence, Attempt), RegisterKind.Migration, Self, Destination, Voters, KeyDigest,
            LastClosed is { } last && last.Next == Fence ? [last] : [], []);
        return (this with { Registration = registration })
            .Go(SourceState.JournalingBegun, new AttemptAction.JournalBegun(AttemptRole.Source, registration));
    }

    private string? WhyNotDigests()
        => DestinationNonce is { Length: AttestationBinding.NonceBytes } && DestinationKeyDigest is { Length: AttestationBinding.NonceBytes }
           && DestinationPolicyDigest is { Length: AttestationBinding.NonceBytes }
            ? null
            : $"host {Destination} sent a nonce or digest that is not {AttestationBinding.NonceBytes} bytes long";

    /// <summary>Ends an attempt that has not stopped the container.</summary>
    private (SourceMigration, ImmutableArray<AttemptAction>) Abort(MigrationFailure failure, string sentence)
    {
        var (next, _) = (this with { Failure = failure, Sentence = sentence, AbortedIn = State }).Go(SourceState.Aborting);
        var tell = State >= SourceState.Offering ? ImmutableArray.Create<AttemptAction>(new AttemptAction.Send(new AbortAttempt(Attempt, Fence, failure, sentence))) : [];
        if (next.Busy != AttemptCall.None)
        {
            return (next, tell.Add(new AttemptAction.CancelCall()));
        }

        var (cleaning, actions) = next.CleanAfterAbort();
        return (cleaning, tell.AddRange(actions));
    }

    private (SourceMigration, ImmutableArray<AttemptAction>) CleanAfterAbort()
        => IsPortOpen ? Make(AttemptCall.Clean, new AttemptAction.Clean(Verdict.Source)) : CloseRegister();

    /// <summary>What was begun is closed by the same register as everything else: no token was signed, so it can only say SOURCE.</summary>
    private (SourceMigration, ImmutableArray<AttemptAction>) CloseRegister()
        => IsBegun
            ? (this with { IsProposing = true }).Go(SourceState.ClosingRegister, new AttemptAction.Propose(Verdict.Source, null))
            : Go(SourceState.JournalingEnded, new AttemptAction.JournalEnded());
}
