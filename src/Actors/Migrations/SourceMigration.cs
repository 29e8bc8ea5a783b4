using System.Collections.Immutable;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;

namespace ActorMigration.Actors;

/// <summary>
/// One attempt on the host that the container leaves. Pure: (event, time) -> (next state, actions), so that a test can drive it by the million.
///
///   ReadingFloor -> Surveying -> Offering -> CheckingDestination -> Quoting -> AwaitingAcceptance          Attest
///   -> JournalingBegun -> Registering -> AwaitingResources -> Connecting                                  PrepareResources
///   -> Copying -> AgreeingStop -> RecheckingDestination -> Requoting -> AwaitingConsent                   PreCopy
///   -> JournalingFrozen -> Freezing -> Unplugging -> CopyingFrozen -> Signing -> AwaitingVerdict          StopAndCopy
///   -> JournalingVerdict -> Thawing | Killing                                                            Resume
///   -> AwaitingRunning -> Cleaning -> JournalingEnded -> Ended                                            Teardown
///   any state before JournalingFrozen -> Aborting -> ClosingRegister -> JournalingEnded -> Ended
///
/// Invariants: before FROZEN is journalled nothing stops the container and anything may end the attempt; from then on nothing but a checked verdict
/// certificate thaws or kills it: a time-out, a refusal, a failed call and a cancel only make this side propose SOURCE. A token is signed once at most,
/// and only after the freeze. At most one call of the port is out at any time.
/// </summary>
public sealed partial record SourceMigration
{
    public required AttemptId Attempt { get; init; }

    public required ContainerName Container { get; init; }

    public required HostName Self { get; init; }

    public required HostName Destination { get; init; }

    public required MigrationPolicy Policy { get; init; }

    public required AttemptTimes Times { get; init; }

    /// <summary>Checks certificates.</summary>
    public required INodeKeys Keys { get; init; }

    /// <summary>Makes a nonce for each round of quotes; the only thing here that is not a function of its input.</summary>
    public required Func<byte[]> NewNonce { get; init; }

    /// <summary>Digest of the attestation policy by which this host checks.</summary>
    public required byte[] PolicyDigest { get; init; }

    /// <summary>Last verdict of this container in this host's journal.</summary>
    public ClosedRegister? LastClosed { get; init; }

    public SourceState State { get; init; } = SourceState.ReadingFloor;

    public Fence Fence { get; init; }

    public Registration? Registration { get; init; }

    public VerdictCertificate? Certificate { get; init; }

    /// <summary>Why the container will not move, or did not.</summary>
    public MigrationFailure Failure { get; init; }

    public string Sentence { get; init; } = "";

    /// <summary>The call of the port that is out.</summary>
    public AttemptCall Busy { get; init; }

    /// <summary>True once this side has asked its proposer for SOURCE.</summary>
    public bool IsProposing { get; init; }

    /// <summary>Questions without an answer after which a destination that is silent during pre-copy is taken for lost.</summary>
    private const int MostUnanswered = 3;

    private int Serial { get; init; }

    private int Unanswered { get; init; }

    private DateTimeOffset Now { get; init; }

    /// <summary>Voters may have heard of the register: it must be closed before the attempt ends.</summary>
    private bool IsBegun { get; init; }

    private bool IsPortOpen { get; init; }

    private bool IsVerdictOnDisk { get; init; }

    /// <summary>What was sent last and not answered.</summary>
    private IAttemptMessage? Awaited { get; init; }

    private SourceSurvey? Survey { get; init; }

    private byte[] KeyDigest { get; init; } = [];

    private byte[] DestinationKeyDigest { get; init; } = [];

    private byte[] DestinationPolicyDigest { get; init; } = [];

    private byte[] Nonce { get; init; } = [];

    private byte[] DestinationNonce { get; init; } = [];

    /// <summary>When the nonce of the destination's evidence was given out.</summary>
    private DateTimeOffset ChallengedAt { get; init; }

    private Manifest? Manifest { get; init; }

    /// <summary>After a daemon restart: nothing frozen, so the attempt is given up; frozen, so SOURCE is proposed; decided, so the verdict is carried out again.</summary>
    public SourceMigration Recovered(OpenAttempt open) => this with
    {
        Fence = open.Begun.Registration.Register.Fence,
        Registration = open.Begun.Registration,
        Certificate = open.Certificate,
        IsBegun = true,
        IsPortOpen = true,
        IsVerdictOnDisk = open.Certificate is not null,
        IsFrozen = open.Frozen,
        StartedAt = DateTimeOffset.FromUnixTimeMilliseconds(open.Begun.StartedUnixMs),
        Failure = MigrationFailure.Internal,
        Sentence = $"the attempt had to be taken up from the journal of host {Self}: its daemon ended, or its disk failed",
        State = open.Certificate is not null ? SourceState.JournalingVerdict : open.Frozen ? SourceState.AwaitingVerdict : SourceState.Aborting,
    };

    /// <summary>The one door.</summary>
    public (SourceMigration Next, ImmutableArray<AttemptAction> Actions) Step(AttemptEvent e, DateTimeOffset now)
    {
        var timed = this with { Now = now, StartedAt = StartedAt == default ? now : StartedAt };
        var (next, actions) = e switch
        {
            AttemptEvent.Started => timed.OnStarted(),
            AttemptEvent.Received r => (timed with { Unanswered = 0 }).OnMessage(r.Message),
            AttemptEvent.TimerFired t => timed.OnTimer(t),
            AttemptEvent.CancelRequested c => timed.OnCancel(c.Why),
            AttemptEvent.StreamFailed s => timed.OnStreamFailed(s.Sentence),
            AttemptEvent.VerdictLearned v => timed.OnCertificate(v.Certificate),
            AttemptEvent.CopyThawed t => timed.OnThawedByOthers(t.Sentence),
            AttemptEvent.CallFailed f => timed.OnCallFailed(f),
            AttemptEvent.CallDone or AttemptEvent.Surveyed or AttemptEvent.RoundDone or AttemptEvent.FrozenCopied or AttemptEvent.HandOverSigned => timed.OnCallDone(e),
            AttemptEvent.Journaled or AttemptEvent.JournalFailed => timed.OnJournal(e),
            _ => timed.OnAnswer(e),
        };
        return (next.WithPhaseTimes(State, now), actions);
    }

    private (SourceMigration, ImmutableArray<AttemptAction>) OnStarted() => State switch
    {
        SourceState.ReadingFloor => Go(SourceState.ReadingFloor, new AttemptAction.ReadFloor()),
        SourceState.JournalingVerdict => CarryOut(),
        SourceState.AwaitingVerdict => ProposeSource(Failure, Sentence),
        SourceState.Aborting => Make(AttemptCall.Clean, new AttemptAction.Send(new AbortAttempt(Attempt, Fence, Failure, Sentence)), new AttemptAction.Clean(Verdict.Source)),
        _ => Ignore("started twice"),
    };

    private (SourceMigration, ImmutableArray<AttemptAction>) OnMessage(IAttemptMessage message)
    {
        if (message.Attempt != Attempt || message.Fence != Fence)
        {
            return Ignore($"{message.GetType().Name} is of attempt {message.Attempt} at {message.Fence}");
        }

        return message switch
        {
            VerdictReached v => OnCertificate(v.Certificate),
            MigrationRefused r when State.IsBeforeFreeze() => Abort(r.Failure, r.Sentence),
            MigrationRefused r when State.IsStopped() => ProposeSource(r.Failure, r.Sentence),
            AskAttempt when Certificate is not null => (this, [new AttemptAction.Send(new VerdictReached(Attempt, Fence, Certificate))]),
            AskAttempt when Awaited is not null => (this, [new AttemptAction.Send(Awaited)]),
            AskAttempt when State >= SourceState.Aborting => (this, [new AttemptAction.Send(new AbortAttempt(Attempt, Fence, Failure, Sentence))]),
            AskAttempt => (this, [new AttemptAction.Send(new AttemptGoesOn(Attempt, Fence))]),
            AttemptUnknown when State.IsBeforeFreeze() => Abort(MigrationFailure.PeerLost, $"host {Destination} does not know the attempt any more; its daemon was restarted"),
            AttemptUnknown when State.IsStopped() => ProposeSource(MigrationFailure.PeerLost, $"host {Destination} does not know the attempt any more"),
            _ when State.IsBeforeFreeze() => OnMessageBeforeFreeze(message),
            _ => OnMessageAfterFreeze(message),
        };
    }

    private (SourceMigration, ImmutableArray<AttemptAction>) OnTimer(AttemptEvent.TimerFired timer) => timer.Timer switch
    {
        AttemptTimer.StopDeadline when State.IsStopped() && !IsProposing =>
            ProposeSource(MigrationFailure.PeerLost, $"no verdict within {Policy.StopDeadlineMs} ms of the freeze; host {Destination} may be gone"),
        _ when timer.Serial != Serial => Ignore($"the {timer.Timer} timer is of an earlier step"),
        AttemptTimer.Resend when Awaited is not null => Repeat(Awaited),
        AttemptTimer.Patience when State is SourceState.Connecting or SourceState.Copying && Unanswered < MostUnanswered => AskWhileCopying(),
        AttemptTimer.Patience when State.IsBeforeFreeze() =>
            Abort(MigrationFailure.PeerLost, $"host {Destination} did not answer in phase {State.Phase()} ({State})"),
        AttemptTimer.Retry => Retry(),
        _ => Ignore($"the {timer.Timer} timer means nothing in {State}"),
    };

    /// <summary>For the operator who comes too late.</summary>
    public string WhyNotCancelled() => Certificate switch
    {
        { Value: Verdict.Dest } => $"too late to cancel: the voters have given {Container} to host {Destination}; move it back with 'amig migrate {Container} --to {Self}'",
        { Value: Verdict.Source } => $"nothing to cancel: the voters have given {Container} back to host {Self} ({Sentence})",
        _ => $"nothing to cancel: the attempt has been given up, {Container} stays on host {Self} ({Sentence})",
    };

    private (SourceMigration, ImmutableArray<AttemptAction>) OnCancel(string why)
    {
        var cancelled = $"{why} in phase {State.Phase()}; {Container} stays on host {Self}";
        return State.IsBeforeFreeze() ? Abort(MigrationFailure.Cancelled, cancelled)
            : State.IsStopped() ? ProposeSource(MigrationFailure.Cancelled, cancelled)
            : Ignore($"too late to cancel in {State}");
    }

    /// <summary>The call that needed the stream fails as well; this is only faster.</summary>
    private (SourceMigration, ImmutableArray<AttemptAction>) OnStreamFailed(string sentence)
        => State.IsBeforeFreeze() ? Abort(MigrationFailure.StreamBroken, sentence)
            : State == SourceState.CopyingFrozen ? ProposeSource(MigrationFailure.StreamBroken, sentence)
            : Ignore($"the page stream is not needed in {State}");

    private (SourceMigration, ImmutableArray<AttemptAction>) OnCallFailed(AttemptEvent.CallFailed failed)
    {
        if (failed.Call != Busy)
        {
            return Ignore($"a {failed.Call} that nobody waits for failed");
        }

        var idle = this with { Busy = AttemptCall.None };
        return State switch
        {
            SourceState.Aborting when failed.Call != AttemptCall.Clean => idle.CleanAfterAbort(),
            SourceState.Aborting or SourceState.Cleaning or SourceState.Thawing or SourceState.Killing =>
                (idle, [new AttemptAction.Alarm(failed.Sentence), new AttemptAction.StartTimer(AttemptTimer.Retry, Times.Retry, Serial)]),
            _ when State.IsBeforeFreeze() => idle.Abort(failed.Failure, failed.Sentence),
            SourceState.AwaitingVerdict when Certificate is not null => idle.OnCertificate(Certificate),
            _ => idle.ProposeSource(failed.Failure, failed.Retryable ? $"{failed.Sentence}; the same migration may succeed at once if it is ordered again" : failed.Sentence),
        };
    }

    private (SourceMigration, ImmutableArray<AttemptAction>) OnCallDone(AttemptEvent e)
    {
        var call = e switch
        {
            AttemptEvent.CallDone d => d.Call,
            AttemptEvent.Surveyed => AttemptCall.Survey,
            AttemptEvent.RoundDone => AttemptCall.RunRound,
            AttemptEvent.FrozenCopied => AttemptCall.CopyFrozen,
            _ => AttemptCall.SignHandOver,
        };
        if (call != Busy)
        {
            return Ignore($"a {call} that nobody waits for is done");
        }

        var idle = this with { Busy = AttemptCall.None };
        return State switch
        {
            SourceState.Aborting when call != AttemptCall.Clean => idle.CleanAfterAbort(),
            _ when State.IsBeforeFreeze() => idle.OnCallDoneBeforeFreeze(e),
            _ when State.IsStopped() => idle.OnCallDoneInStop(e),
            _ => idle.OnCallDoneAfterVerdict(call),
        };
    }

    private (SourceMigration, ImmutableArray<AttemptAction>) Go(SourceState state, params ReadOnlySpan<AttemptAction> actions)
        => (this with { State = state, Serial = Serial + 1, Awaited = null }, [.. actions]);

    /// <summary>Go on with a call of the port out.</summary>
    private (SourceMigration, ImmutableArray<AttemptAction>) GoCalling(SourceState state, AttemptCall call, params ReadOnlySpan<AttemptAction> actions)
        => (this with { State = state, Serial = Serial + 1, Awaited = null, Busy = call }, [.. actions]);

    /// <summary>Stay and make a call.</summary>
    private (SourceMigration, ImmutableArray<AttemptAction>) Make(AttemptCall call, params ReadOnlySpan<AttemptAction> actions)
        => (this with { Busy = call }, [.. actions]);

    /// <summary>Go on by asking the other side, again and again until it answers.</summary>
    private (SourceMigration, ImmutableArray<AttemptAction>) GoAsking(SourceState state, IAttemptMessage message, TimeSpan? patience)
    {
        var next = this with { State = state, Serial = Serial + 1, Awaited = message };
        ImmutableArray<AttemptAction> actions = [new AttemptAction.Send(message), new AttemptAction.StartTimer(AttemptTimer.Resend, Times.Resend, next.Serial)];
        return (next, patience is { } limit ? actions.Add(new AttemptAction.StartTimer(AttemptTimer.Patience, limit, next.Serial)) : actions);
    }

    /// <summary>The other side is asked as well once everything is with it: its answer may be the verdict.</summary>
    private (SourceMigration, ImmutableArray<AttemptAction>) Repeat(IAttemptMessage message)
    {
        var again = new AttemptAction.StartTimer(AttemptTimer.Resend, Times.Resend, Serial);
        return message is HandOver
            ? (this, [new AttemptAction.Send(message), new AttemptAction.Send(new AskAttempt(Attempt, Fence)), again])
            : (this, [new AttemptAction.Send(message), again]);
    }

    private (SourceMigration, ImmutableArray<AttemptAction>) Ignore(string reason) => (this, [new AttemptAction.Ignore(reason)]);

    private AttestationBinding Binding(AttestationRole role) => new(
        role, Nonce, DestinationNonce, KeyDigest, DestinationKeyDigest, Attempt, Container, Fence,
        role == AttestationRole.Source ? DestinationPolicyDigest : PolicyDigest);
}
