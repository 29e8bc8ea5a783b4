using System.Collections.Immutable;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;

namespace ActorMigration.Actors;

/// <summary>
/// One attempt on the host that the container goes to. Pure, like <see cref="SourceMigration"/>.
///
///   Quoting -> AwaitingSourceEvidence -> CheckingSource                                                    Attest
///   -> AwaitingOrder -> JournalingBegun -> Preparing                                                      PrepareResources
///   -> Receiving -> Promising -> AwaitingFreshEvidence -> RecheckingSource                                PreCopy
///   -> AwaitingHandOver -> Restoring -> JournalingPrepared -> LookingAtTree -> JournalingProposed -> Deciding   StopAndCopy
///   -> JournalingVerdict -> OpeningGate | KillingGated                                                    Resume
///   -> Filling -> Cleaning -> JournalingEnded -> Ended                                                    Teardown
///   OpeningGate -> KillingGated -> Cleaning -> ...   when the tree died before it ran: the container is lost
///   any state up to LookingAtTree -> JournalingNever -> KillingGated -> Cleaning -> JournalingEnded -> Ended
///
/// Invariants: the gate is opened by a checked DEST certificate and by nothing else. DEST is proposed at most after: token valid for this manifest and this key,
/// every page accounted for, tree at its gate, PREPARED on the disk, tree alive. Once PROPOSED may be on the disk only a certificate ends the wait; before
/// that this side may give up, writes NEVER first, and is then free to kill its gated tree.
/// </summary>
public sealed partial record DestinationMigration
{
    public required AttemptId Attempt { get; init; }

    public required ContainerName Container { get; init; }

    public required Fence Fence { get; init; }

    public required HostName Self { get; init; }

    public required HostName Source { get; init; }

    public required AttemptTimes Times { get; init; }

    /// <summary>Checks certificates.</summary>
    public required INodeKeys Keys { get; init; }

    /// <summary>Checks a token against the registered key digest; <see cref="HandOverSignature.Verify"/> in a daemon.</summary>
    public required Func<HandOverToken, byte[], bool> TokenIsValid { get; init; }

    /// <summary>Makes a nonce for each round of quotes; the only thing here that is not a function of its input.</summary>
    public required Func<byte[]> NewNonce { get; init; }

    /// <summary>Digest of the attestation policy by which this host checks.</summary>
    public required byte[] PolicyDigest { get; init; }

    /// <summary>Digest of this host's TLS key of the attempt.</summary>
    public required byte[] KeyDigest { get; init; }

    /// <summary>Boot id of this host now; PREPARED of another boot does not count.</summary>
    public required string BootId { get; init; }

    public DestinationState State { get; init; } = DestinationState.Quoting;

    public Registration? Registration { get; init; }

    public VerdictCertificate? Certificate { get; init; }

    public HandOverToken? Token { get; init; }

    public MigrationFailure Failure { get; init; }

    public string Sentence { get; init; } = "";

    /// <summary>The call of the port that is out.</summary>
    public AttemptCall Busy { get; init; }

    /// <summary>Questions without an answer after which a source that was silent during pre-copy is taken for lost.</summary>
    private const int MostUnanswered = 3;

    private int Serial { get; init; }

    private int Unanswered { get; init; }

    /// <summary>The tree died after DEST was proposed: SOURCE is wished for now, though DEST may have been chosen.</summary>
    private bool IsTreeDead { get; init; }

    private bool IsProposing { get; init; }

    private bool IsBegun { get; init; }

    private bool IsVerdictOnDisk { get; init; }

    private bool IsNeverOnDisk { get; init; }

    /// <summary>SOURCE, which came after this side had given up, while the disk did not say so: a restart might read PREPARED and ask the register, so that the voters have to keep it until the end is on the disk.</summary>
    private VerdictCertificate? Unacknowledged { get; init; }

    private bool IsClaimWanted { get; init; }

    private bool IsClaimed { get; init; }

    private HandOver? HandOver { get; init; }

    /// <summary>As the source has measured it; forgotten when this daemon is started anew, which costs no more than a worse guess.</summary>
    private double DirtyPagesPerSecond { get; init; }

    /// <summary>Last answer to the source; said again when it asks again.</summary>
    private IAttemptMessage? LastSaid { get; init; }

    private byte[] SourceKeyDigest { get; init; } = [];

    private byte[] SourcePolicyDigest { get; init; } = [];

    private byte[] Nonce { get; init; } = [];

    private byte[] SourceNonce { get; init; } = [];

    private DateTimeOffset ChallengedAt { get; init; }

    private bool HasPromises { get; init; }

    private Evidence? FreshEvidence { get; init; }

    private PrepareOrder? Order { get; init; }

    private DateTimeOffset Now { get; init; }

    /// <summary>A new attempt out of an offer.</summary>
    public DestinationMigration Offered(OfferMigration offer) => this with
    {
        SourceNonce = offer.Nonce,
        SourceKeyDigest = offer.KeyDigest,
        SourcePolicyDigest = offer.PolicyDigest,
        Nonce = NewNonce(),
    };

    /// <summary>
    /// After a daemon restart: decided, so the verdict is carried out again; proposed, so the register is asked; at the gate on this same boot, so the tree is
    /// looked at and DEST proposed; anything else is given up.
    /// </summary>
    public DestinationMigration Recovered(OpenAttempt open) => this with
    {
        Registration = open.Begun.Registration,
        SourceKeyDigest = open.Begun.Registration.SourceKeyDigest,
        Certificate = open.Certificate,
        Token = open.Prepared?.Token,
        IsBegun = true,
        IsVerdictOnDisk = open.Certificate is not null,
        StartedAt = DateTimeOffset.FromUnixTimeMilliseconds(open.Begun.StartedUnixMs),
        State = open.Certificate is not null ? DestinationState.JournalingVerdict
            : open.Proposed is not null ? DestinationState.Deciding
            : open.Prepared is { } prepared && prepared.BootId == BootId && !open.Never ? DestinationState.LookingAtTree
            : DestinationState.JournalingNever,
    };

    /// <summary>The one door.</summary>
    public (DestinationMigration Next, ImmutableArray<AttemptAction> Actions) Step(AttemptEvent e, DateTimeOffset now)
    {
        var timed = this with { Now = now, StartedAt = StartedAt == default ? now : StartedAt };
        var (next, actions) = e switch
        {
            AttemptEvent.Started => timed.OnStarted(),
            AttemptEvent.Received r => timed.OnMessage(r.Message),
            AttemptEvent.TimerFired t => timed.OnTimer(t),
            AttemptEvent.VerdictLearned v => timed.OnCertificate(v.Certificate),
            AttemptEvent.CallFailed f => timed.OnCallFailed(f),
            AttemptEvent.CallDone or AttemptEvent.ResourcesReady or AttemptEvent.Gated or AttemptEvent.FillDone => timed.OnCallDone(e),
            AttemptEvent.Journaled or AttemptEvent.JournalFailed => timed.OnJournal(e),
            _ => timed.OnAnswer(e),
        };
        return (next.WithPhaseTimes(State, now), actions);
    }

    private (DestinationMigration, ImmutableArray<AttemptAction>) OnStarted()
    {
        switch (State)
        {
            case DestinationState.Quoting:
                return WhyNotDigests() is { } why
                    ? GiveUp(MigrationFailure.AttestationFailed, why)
                    : (this with { ChallengedAt = Now }).Go(DestinationState.Quoting, new AttemptAction.Quote(Binding(AttestationRole.Destination), StopPhase: false));
            case DestinationState.JournalingVerdict:
                return CarryOut();
            case DestinationState.LookingAtTree or DestinationState.Deciding:
                return (this, [new AttemptAction.LookAtTree()]);
            case DestinationState.JournalingNever:
                return (this with { State = DestinationState.Preparing }).GiveUp(MigrationFailure.Internal, $"the daemon of host {Self} ended during the attempt, before it could complete it");
            default:
                return Ignore("started twice");
        }
    }

    private (DestinationMigration, ImmutableArray<AttemptAction>) OnTimer(AttemptEvent.TimerFired timer)
    {
        if (timer.Serial != Serial)
        {
            return Ignore($"the {timer.Timer} timer is of an earlier step");
        }

        return (timer.Timer, State) switch
        {
            (AttemptTimer.Patience, DestinationState.Receiving) when Unanswered < MostUnanswered =>
                (this with { Unanswered = Unanswered + 1 }, [new AttemptAction.Send(new AskAttempt(Attempt, Fence)), ListenForSource()]),
            (AttemptTimer.Patience, _) when State.MayGiveUp() => GiveUp(MigrationFailure.PeerLost, $"host {Source} went silent in phase {State.Phase()} ({State})"),
            (AttemptTimer.Resend, DestinationState.Deciding) => (this, [new AttemptAction.LookAtTree()]),
            (AttemptTimer.Retry, _) => Retry(),
            _ => Ignore($"the {timer.Timer} timer means nothing in {State}"),
        };
    }

    private (DestinationMigration, ImmutableArray<AttemptAction>) OnCallFailed(AttemptEvent.CallFailed failed)
    {
        if (failed.Call != Busy)
        {
            return Ignore($"a {failed.Call} that nobody waits for failed");
        }

        var idle = this with { Busy = AttemptCall.None };
        return State switch
        {
            DestinationState.JournalingNever => idle.WriteNever(),
            _ when State.MayGiveUp() => idle.GiveUp(failed.Failure, failed.Sentence),
            DestinationState.OpeningGate when failed.Failure == MigrationFailure.ContainerLost => idle.LoseTree(failed.Sentence),
            _ => (idle, [new AttemptAction.Alarm(failed.Sentence), new AttemptAction.StartTimer(AttemptTimer.Retry, Times.Retry, Serial)]),
        };
    }

    private (DestinationMigration, ImmutableArray<AttemptAction>) OnCallDone(AttemptEvent e)
    {
        var call = e switch
        {
            AttemptEvent.CallDone d => d.Call,
            AttemptEvent.ResourcesReady => AttemptCall.Prepare,
            AttemptEvent.Gated => AttemptCall.RestoreToGate,
            _ => AttemptCall.AwaitFill,
        };
        if (call != Busy)
        {
            return Ignore($"a {call} that nobody waits for is done");
        }

        var idle = this with { Busy = AttemptCall.None };
        return State switch
        {
            DestinationState.JournalingNever => idle.WriteNever(),
            _ when State.MayGiveUp() => idle.OnCallDoneBeforeProposal(e, call),
            _ => idle.OnCallDoneAfterVerdict(e),
        };
    }

    private (DestinationMigration, ImmutableArray<AttemptAction>) Go(DestinationState state, params ReadOnlySpan<AttemptAction> actions)
        => (this with { State = state, Serial = Serial + 1 }, [.. actions]);

    private (DestinationMigration, ImmutableArray<AttemptAction>) GoCalling(DestinationState state, AttemptCall call, params ReadOnlySpan<AttemptAction> actions)
        => (this with { State = state, Serial = Serial + 1, Busy = call }, [.. actions]);

    private (DestinationMigration, ImmutableArray<AttemptAction>) Make(AttemptCall call, params ReadOnlySpan<AttemptAction> actions)
        => (this with { Busy = call }, [.. actions]);

    /// <summary>Go on, say so, and wait for the source no longer than this.</summary>
    private (DestinationMigration, ImmutableArray<AttemptAction>) GoSaying(DestinationState state, IAttemptMessage message, TimeSpan patience)
    {
        var next = this with { State = state, Serial = Serial + 1, LastSaid = message };
        return (next, [new AttemptAction.Send(message), new AttemptAction.StartTimer(AttemptTimer.Patience, patience, next.Serial)]);
    }

    private AttemptAction.StartTimer ListenForSource() => new(AttemptTimer.Patience, Times.Patience, Serial);

    private (DestinationMigration, ImmutableArray<AttemptAction>) Say(IAttemptMessage message) => (this, [new AttemptAction.Send(message)]);

    private (DestinationMigration, ImmutableArray<AttemptAction>) Ignore(string reason) => (this, [new AttemptAction.Ignore(reason)]);

    private AttestationBinding Binding(AttestationRole role) => new(
        role, SourceNonce, Nonce, SourceKeyDigest, KeyDigest, Attempt, Container, Fence,
        role == AttestationRole.Destination ? SourcePolicyDigest : PolicyDigest);

    private string? WhyNotDigests()
        => SourceNonce is { Length: AttestationBinding.NonceBytes } && SourceKeyDigest is { Length: AttestationBinding.NonceBytes }
           && SourcePolicyDigest is { Length: AttestationBinding.NonceBytes }
            ? null
            : $"host {Source} sent a nonce or digest that is not {AttestationBinding.NonceBytes} bytes long";
}
