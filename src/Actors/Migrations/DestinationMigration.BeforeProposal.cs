using System.Collections.Immutable;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;

namespace ActorMigration.Actors;

/// <summary>Up to the gate: this side may give up, and then never proposes.</summary>
public sealed partial record DestinationMigration
{
    private (DestinationMigration, ImmutableArray<AttemptAction>) OnMessage(IAttemptMessage message)
    {
        if (message.Attempt != Attempt || message.Fence != Fence)
        {
            return Ignore($"{message.GetType().Name} is of attempt {message.Attempt} at {message.Fence}");
        }

        switch (State, message)
        {
            case (_, VerdictReached v):
                return OnCertificate(v.Certificate);
            case (_, AskAttempt):
                return OnAsked();
            case (_, AbortAttempt a) when State.MayGiveUp():
                return GiveUp(a.Failure, a.Sentence);
            case (_, AttemptUnknown) when State.MayGiveUp():
                return GiveUp(MigrationFailure.PeerLost, $"host {Source} does not know the attempt any more");
            case (DestinationState.Receiving, AttemptGoesOn):
                return (this with { Unanswered = 0 }, []);
            case (DestinationState.AwaitingSourceEvidence, OfferMigration):
            case (DestinationState.AwaitingOrder, SourceAttested):
            case (DestinationState.Receiving, PrepareResources):
            case (DestinationState.AwaitingFreshEvidence, StopImminent) when SameNonce(message):
            case (DestinationState.AwaitingHandOver, SourceReattested):
            case (DestinationState.JournalingPrepared or DestinationState.LookingAtTree or DestinationState.JournalingProposed or DestinationState.Deciding, Contracts.HandOver):
                // The answer was lost: it is said again.
                return LastSaid is { } last ? Say(last) : Ignore("nothing was said yet");
            case (DestinationState.AwaitingSourceEvidence, SourceAttested m):
                return Go(
                    DestinationState.CheckingSource,
                    new AttemptAction.CheckEvidence(m.Evidence, Source, Binding(AttestationRole.Source), ChallengedAt));
            case (DestinationState.AwaitingOrder, PrepareResources m):
                return OnOrder(m);
            case (DestinationState.Receiving or DestinationState.AwaitingFreshEvidence or DestinationState.AwaitingHandOver, StopImminent m)
                when m.Nonce is { Length: AttestationBinding.NonceBytes } && HandOver is null:
                return OnStopImminent(m);
            case (DestinationState.AwaitingFreshEvidence, SourceReattested m):
                return Go(
                    DestinationState.RecheckingSource,
                    new AttemptAction.CheckEvidence(m.Evidence, Source, Binding(AttestationRole.Source), ChallengedAt));
            case (DestinationState.AwaitingHandOver, ClaimAddress):
                return IsClaimed ? Say(new AddressClaimed(Attempt, Fence)) : (this with { IsClaimWanted = true }).GoOnInStop();
            case (DestinationState.AwaitingHandOver, HandOver m) when HandOver is null:
                return OnHandOver(m);
            default:
                return Ignore($"{message.GetType().Name} is not expected in {State}");
        }
    }

    private bool SameNonce(IAttemptMessage message) => message is StopImminent m && m.Nonce.AsSpan().SequenceEqual(SourceNonce);

    private (DestinationMigration, ImmutableArray<AttemptAction>) OnAsked()
        => Certificate is { } certificate
            ? (this, [new AttemptAction.Send(new VerdictReached(Attempt, Fence, certificate)), .. LastSaid is Running or Filled or TreeLost ? [new AttemptAction.Send(LastSaid)] : ImmutableArray<AttemptAction>.Empty])
            : LastSaid is { } last ? Say(last) : Ignore("nothing was said yet");

    /// <summary>Answers of the TPM, the verifier, the voters, and of a look at the tree.</summary>
    private (DestinationMigration, ImmutableArray<AttemptAction>) OnAnswer(AttemptEvent e)
    {
        switch (State, e)
        {
            case (DestinationState.Quoting or DestinationState.Promising, AttemptEvent.QuoteFailed failed):
                return GiveUp(MigrationFailure.NotAttestable, $"host {Self} cannot prove what it is: {failed.Sentence}");
            case (DestinationState.Quoting, AttemptEvent.QuoteMade quote):
                return GoSaying(
                    DestinationState.AwaitingSourceEvidence,
                    new DestinationAttested(Attempt, Fence, Nonce, KeyDigest, PolicyDigest, quote.Evidence),
                    Times.Patience);
            case (DestinationState.CheckingSource or DestinationState.RecheckingSource, AttemptEvent.EvidenceChecked { Rejection: { Length: > 0 } why }):
                return GiveUp(MigrationFailure.AttestationFailed, why);
            case (DestinationState.CheckingSource, AttemptEvent.EvidenceChecked):
                return GoSaying(DestinationState.AwaitingOrder, new EvidenceAccepted(Attempt, Fence), Times.Patience);
            case (DestinationState.RecheckingSource, AttemptEvent.EvidenceChecked):
                return GoSaying(DestinationState.AwaitingHandOver, new StopAgreed(Attempt, Fence), Times.HandOverPatience);
            case (DestinationState.Promising, AttemptEvent.QuoteMade quote):
                return (this with { FreshEvidence = quote.Evidence }).ReadyWhenBoth();
            case (_, AttemptEvent.PromisesHeld):
                return State == DestinationState.Promising ? (this with { HasPromises = true }).ReadyWhenBoth() : (this with { HasPromises = true }, []);
            case (DestinationState.LookingAtTree, AttemptEvent.TreeLooked { Alive: false }):
                return GiveUp(MigrationFailure.RestoreFailed, $"the restored tree of {Container} died at its gate on host {Self}");
            case (DestinationState.Deciding, AttemptEvent.TreeLooked { Alive: true }) when !IsTreeDead:
                var watch = new AttemptAction.StartTimer(AttemptTimer.Resend, Times.Resend, Serial);
                return (this with { IsProposing = true }, IsProposing ? [watch] : [watch, new AttemptAction.Propose(Verdict.Dest, Token)]);
            case (DestinationState.Deciding, AttemptEvent.TreeLooked):
                var dead = $"the restored tree of {Container} died at its gate on host {Self}";
                return (
                    this with { IsTreeDead = true, Failure = MigrationFailure.RestoreFailed, Sentence = dead },
                    [
                        // The source wishes for the same then, and knows why.
                        new AttemptAction.Send(new MigrationRefused(Attempt, Fence, State.Phase(), MigrationFailure.RestoreFailed, dead)),
                        new AttemptAction.Propose(Verdict.Source, null),
                    ]);
            case (DestinationState.LookingAtTree, AttemptEvent.TreeLooked):
                return Go(DestinationState.JournalingProposed, new AttemptAction.Journal(new JournalEntry.Proposed(Attempt, Verdict.Dest)));
            default:
                return Ignore($"{e.GetType().Name} is not expected in {State}");
        }
    }

    private (DestinationMigration, ImmutableArray<AttemptAction>) OnOrder(PrepareResources m)
    {
        var r = m.Registration;
        return r.Register != new RegisterId(Container, Fence, Attempt) || r.Kind != RegisterKind.Migration || r.Source != Source || r.Destination != Self
               || !r.SourceKeyDigest.AsSpan().SequenceEqual(SourceKeyDigest)
               || VerdictCheck.WhyNotVoters([.. r.Voters.Select(v => v.Host)]) is not null
               || !Keys.Verify(Source, DecisionBytes.ToSign(r), r.Signature)
            ? GiveUp(MigrationFailure.WrongPeer, $"the registration that host {Source} sent is not the one of this attempt")
            : (this with { Order = m.Order, Registration = r, IsBegun = true })
                .Go(DestinationState.JournalingBegun, new AttemptAction.JournalBegun(AttemptRole.Destination, r));
    }

    private (DestinationMigration, ImmutableArray<AttemptAction>) OnStopImminent(StopImminent m)
    {
        var fresh = this with { SourceNonce = m.Nonce, Nonce = NewNonce(), ChallengedAt = Now, FreshEvidence = null, DirtyPagesPerSecond = CounterRates.Amount(m.DirtyPagesPerSecond) };
        var (next, actions) = fresh.Go(
            DestinationState.Promising, new AttemptAction.Quote(fresh.Binding(AttestationRole.Destination), StopPhase: true));
        actions = actions.Add(new AttemptAction.StartTimer(AttemptTimer.Patience, Times.Patience, next.Serial));
        return (next, HasPromises ? actions : actions.Add(new AttemptAction.SeekPromises()));
    }

    private (DestinationMigration, ImmutableArray<AttemptAction>) ReadyWhenBoth()
        => HasPromises && FreshEvidence is { } evidence
            ? GoSaying(DestinationState.AwaitingFreshEvidence, new ReadyForStop(Attempt, Fence, Nonce, evidence), Times.Patience)
            : (this, []);

    private (DestinationMigration, ImmutableArray<AttemptAction>) OnHandOver(HandOver m)
    {
        var why = !HandOverSignature.Root(m.Manifest).AsSpan().SequenceEqual(m.Token.ManifestRoot) ? "names another manifest"
            : !m.Token.DestinationKey.AsSpan().SequenceEqual(KeyDigest) ? "is for another destination"
            : m.Token.Attempt != Attempt || m.Token.Container != Container || m.Token.Fence != Fence ? "is of another attempt"
            : !TokenIsValid(m.Token, Registration!.SourceKeyDigest) ? "is not signed with the key that the source registered"
            : null;
        return why is null
            ? (this with { HandOver = m, Token = m.Token }).GoOnInStop()
            : GiveUp(MigrationFailure.WrongPeer, $"the hand-over token of host {Source} {why}");
    }

    /// <summary>Claim, then restore; one call at a time.</summary>
    private (DestinationMigration, ImmutableArray<AttemptAction>) GoOnInStop()
        => Busy != AttemptCall.None ? (this, [])
            : !IsClaimed && (IsClaimWanted || HandOver is not null) ? Make(AttemptCall.ClaimAddress, new AttemptAction.Call(AttemptCall.ClaimAddress))
            : HandOver is { } handOver ? GoCalling(DestinationState.Restoring, AttemptCall.RestoreToGate, new AttemptAction.RestoreToGate(handOver.Manifest))
            : (this, []);

    private (DestinationMigration, ImmutableArray<AttemptAction>) OnCallDoneBeforeProposal(AttemptEvent e, AttemptCall call)
    {
        switch (State, e)
        {
            case (DestinationState.Preparing, AttemptEvent.ResourcesReady ready):
                // Pages may come for as long as the source likes; a source that says nothing is asked from time to time.
                return GoSaying(DestinationState.Receiving, new ResourcesPrepared(Attempt, Fence, ready.Endpoint), Times.Patience);
            case (DestinationState.AwaitingHandOver, AttemptEvent.CallDone) when call == AttemptCall.ClaimAddress:
                var (next, actions) = (this with { IsClaimed = true }).GoOnInStop();
                return (next, [new AttemptAction.Send(new AddressClaimed(Attempt, Fence)), .. actions]);
            case (DestinationState.Restoring, AttemptEvent.Gated gated):
                var gate = new AtGate(Attempt, Fence, gated.Report);
                return (this with { Gate = gated.Report, GatedAt = Now, LastSaid = gate }).Go(
                    DestinationState.JournalingPrepared,
                    new AttemptAction.Journal(new JournalEntry.Prepared(Attempt, BootId, gated.Report.InitPid, Token!)),
                    new AttemptAction.Send(gate));
            default:
                return Ignore($"a {call} is done in {State}");
        }
    }

    /// <summary>This side will never propose DEST in this attempt: it writes that down, then says it, kills what there is, and cleans up.</summary>
    private (DestinationMigration, ImmutableArray<AttemptAction>) GiveUp(MigrationFailure failure, string sentence)
    {
        var refused = new MigrationRefused(Attempt, Fence, State.Phase(), failure, sentence);
        var (next, _) = (this with { Failure = failure, Sentence = sentence, GaveUpIn = State, LastSaid = refused }).Go(DestinationState.JournalingNever);
        if (next.Busy != AttemptCall.None)
        {
            return (next, [new AttemptAction.CancelCall()]);
        }

        return next.WriteNever();
    }

    private (DestinationMigration, ImmutableArray<AttemptAction>) WriteNever()
    {
        if (IsBegun)
        {
            return (this, [new AttemptAction.Journal(new JournalEntry.Never(Attempt))]);
        }

        var (next, actions) = GoCalling(DestinationState.Cleaning, AttemptCall.Clean, new AttemptAction.Clean(Verdict.Source));
        return (next, [new AttemptAction.Send(LastSaid!), .. actions]);
    }
}
