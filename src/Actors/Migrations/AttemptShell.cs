using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using ActorMigration.Contracts;
using Akka.Actor;
using Akka.Event;

namespace ActorMigration.Actors;

/// <summary>
/// What the shells of both sides have in common: it feeds a state machine with events, performs its actions and reports back to itself. It decides nothing.
///
/// Supervision: the migrations actor stops an attempt on any exception and never restarts it blindly; what to do next is read from the journal
/// (<see cref="MigrationsActor"/>). Stopping this actor leaves the container, its gate and the register exactly as they are.
///
/// A test may hold it at a step (<see cref="IStepHolds"/>): it has decided what to do there and does nothing of it, and hears nothing, until it is let go or cancelled.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "an actor ends with PostStop, where both are disposed of")]
public abstract class AttemptShell : UntypedActor, IWithTimers, IWithUnboundedStash
{
    private readonly AttemptId _attempt;
    private readonly HostName _other;
    private readonly SteadyClock _clock;
    private readonly IActorRef _attestor;
    private IActorRef? _proposer;
    private CancellationTokenSource _cancel = new();
    private CancellationTokenSource? _cancelled;
    private HeldStep? _held;
    private Task _calls = Task.CompletedTask;

    private protected AttemptShell(AttemptServices services, AttemptId attempt, HostName other)
    {
        Services = services;
        _attempt = attempt;
        _other = other;
        _clock = new SteadyClock(services.Clock);
        _attestor = Context.ActorOf(AttestorActor.Props(services.Attestation, _clock), "attestor");
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public IStash Stash { get; set; } = null!;

    private protected AttemptServices Services { get; }

    private protected ILoggingAdapter Log { get; } = Context.GetLogger();

    /// <summary>Token of the call that is about to be made.</summary>
    private protected CancellationToken CallToken => _cancel.Token;

    private protected abstract string StateName { get; }

    /// <summary>Which of the two sides this is.</summary>
    private protected abstract AttemptRole Role { get; }

    /// <summary>True while a wish to cancel changes something.</summary>
    private protected abstract bool IsCancellable { get; }

    private protected abstract Registration? Registration { get; }

    private protected abstract AttemptDetails Details();

    private protected abstract ImmutableArray<AttemptAction> Advance(AttemptEvent e, DateTimeOffset now);

    /// <summary>Makes a call of the port; null for an action that is no call.</summary>
    private protected abstract Task<AttemptEvent>? TryCall(AttemptAction action);

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    protected override void PreStart()
    {
        Self.Tell(new AttemptEvent.Started());
        if (Registration is { } registration && Services.Decision.Seat.VerdictOf(registration.Register) is { } verdict)
        {
            // Heard while no actor was here.
            Self.Tell(new AttemptEvent.VerdictLearned(verdict));
        }
    }

    protected override void PostStop()
    {
        if (_held is { } held)
        {
            Services.Holds.Left(held.Step);
        }

        _cancel.Cancel();
        _cancel.Dispose();
        _cancelled?.Dispose();
    }

    protected sealed override void OnReceive(object message)
    {
        switch (message)
        {
            case LookAtHold when _held is { } held && Services.Holds.IsHeld(held.Step):
                LookAgain();
                break;
            case LookAtHold:
                LetGo();
                break;
            case CancelMigration when _held is not null:
                if (IsCancellable)
                {
                    LetGo();
                }

                Handle(message);
                break;
            case not null when _held is not null:
                Stash.Stash();
                break;
            default:
                Handle(message!);
                break;
        }
    }

    /// <summary>A message that comes while no step is held.</summary>
    private protected virtual void Handle(object message)
    {
        switch (message)
        {
            case AttemptEvent.VerdictLearned { Certificate: var certificate } when !MayActOn(certificate):
            case VerdictReached { Certificate: var told } when !MayActOn(told):
                Log.Error("Attempt {0} in {1}: a verdict of the voters is not acted on, as this host has promised to wait for the operator's resolution, or has it", _attempt, StateName);
                break;
            case AttemptEvent e:
                Feed(e);
                break;
            case IAttemptMessage m:
                Feed(new AttemptEvent.Received(m));
                break;
            case Status.Failure failure:
                // A port threw something else than its contract says: a defect. What the attempt holds is safe in the journal.
                throw new InvalidOperationException($"attempt {_attempt} failed in {StateName}", failure.Cause);
            default:
                Unhandled(message);
                break;
        }
    }

    private protected void Feed(AttemptEvent e)
    {
        var before = StateName;
        var actions = Advance(e, _clock.GetUtcNow());
        if (before != StateName)
        {
            Log.Info("Attempt {0}: {1} -> {2} on {3}", _attempt, before, StateName, NameOf(e));
        }

        if (before != StateName || e is AttemptEvent.RoundDone)
        {
            Context.Parent.Tell(new AttemptProgressed(Details()));
        }

        if ((before != StateName || e is AttemptEvent.Started) && Hold(actions, e))
        {
            return;
        }

        Perform(actions, e);
    }

    private bool MayActOn(VerdictCertificate certificate) => Services.Decision.Seat.MayActOn(Registration, certificate, Services.Decision.Keys);

    private void Perform(ImmutableArray<AttemptAction> actions, AttemptEvent e)
    {
        foreach (var action in actions)
        {
            Perform(action, e);
        }
    }

    private bool Hold(ImmutableArray<AttemptAction> actions, AttemptEvent e)
    {
        var step = $"{Role}.{StateName}";
        if (Services.Holds.LookEvery is null || !Services.Holds.IsHeld(step))
        {
            return false;
        }

        Log.Warning("Attempt {0} is held at {1}, as amig.debug.hold-dir says", _attempt, step);
        _held = new HeldStep(step, actions, e);
        Services.Holds.Reached(step, _attempt);
        LookAgain();
        return true;
    }

    private void LookAgain() => Timers.StartSingleTimer(LookAtHold.Instance, LookAtHold.Instance, Services.Holds.LookEvery!.Value);

    private void LetGo()
    {
        if (_held is { } held)
        {
            _held = null;
            Services.Holds.Left(held.Step);
            Perform(held.Actions, held.Event);
            Stash.UnstashAll();
        }
    }

    private void Perform(AttemptAction action, AttemptEvent e)
    {
        switch (action)
        {
            case AttemptAction.Send send:
                // An answer comes back the way that everything else comes, so that it overtakes nothing: "unknown" must not be heard before the reason that was sent first.
                Services.Peers.Migrations(_other)?.Tell(send.Message, Context.Parent);
                break;
            case AttemptAction.CancelCall:
                _cancel.Cancel();
                _cancelled?.Dispose();
                (_cancelled, _cancel) = (_cancel, new CancellationTokenSource());
                break;
            case AttemptAction.Quote or AttemptAction.CheckEvidence:
                _attestor.Tell(action);
                break;
            case AttemptAction.ReadFloor:
                ReadFloorAsync().PipeTo(Self);
                break;
            case AttemptAction.JournalBegun begun:
                var signed = begun.Role == AttemptRole.Source
                    ? begun.Registration with { Signature = Services.Decision.Signer.Sign(DecisionBytes.ToSign(begun.Registration)) }
                    : begun.Registration;
                AppendAsync(new JournalEntry.Begun(begun.Role, signed, Services.Clock.GetUtcNow().ToUnixTimeMilliseconds())).PipeTo(Self);
                break;
            case AttemptAction.OpenRegister open:
                OpenRegisterAsync(open.Registration).PipeTo(Self);
                break;
            case AttemptAction.Journal journal:
                AppendAsync(journal.Entry).PipeTo(Self);
                break;
            case AttemptAction.JournalEnded:
                AppendAsync(new JournalEntry.Ended(Details())).PipeTo(Self);
                break;
            case AttemptAction.SeekPromises:
                ProposerRef().Tell(new ProposerEvent.SeekPromises());
                break;
            case AttemptAction.Propose propose:
                ProposerRef().Tell(new ProposerEvent.Propose(propose.Value, propose.Token));
                break;
            case AttemptAction.Acknowledge acknowledge:
                Acknowledge(acknowledge.Certificate);
                break;
            case AttemptAction.AnnounceAgain:
                Context.Parent.Tell(new ClaimedLate(_attempt, Container));
                break;
            case AttemptAction.StartTimer timer:
                Timers.StartSingleTimer(timer.Timer, new AttemptEvent.TimerFired(timer.Timer, timer.Serial), timer.After);
                break;
            case AttemptAction.Ignore ignore:
                Log.Debug("Attempt {0} in {1}: {2} ignored: {3}", _attempt, StateName, NameOf(e), ignore.Reason);
                break;
            case AttemptAction.Alarm alarm:
                Log.Error("Attempt {0} in {1}: {2}", _attempt, StateName, alarm.Sentence);
                break;
            case AttemptAction.End:
                // The parent ends this actor, behind what it has forwarded to it before it hears this.
                Context.Parent.Tell(new AttemptEnded(_attempt, Details()));
                break;
            default:
                var call = TryCall(action) ?? throw new InvalidOperationException($"nobody performs {action.GetType().Name}");
                _calls = Task.WhenAll(_calls, call);
                call.PipeTo(Self);
                break;
        }
    }

    /// <summary>
    /// Gives the port up once its calls have come back, when this actor has stopped: the daemon may be told to end in the middle of one. A gate that is opened by a port
    /// which loses its parts meanwhile takes its tree for dead, or is recorded without its network.
    /// </summary>
    private protected async Task ReleaseAsync(IAsyncDisposable port)
    {
        await _calls.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await port.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Makes one call of the port and says how it went; a cancelled call is a failed one.</summary>
    private protected static async Task<AttemptEvent> CallAsync(AttemptCall call, Func<Task<AttemptEvent>> body)
    {
        try
        {
            return await body().ConfigureAwait(false);
        }
        catch (AttemptException e)
        {
            return new AttemptEvent.CallFailed(call, e.Failure, e.Message, e.Retryable);
        }
        catch (OperationCanceledException)
        {
            return new AttemptEvent.CallFailed(call, MigrationFailure.Cancelled, $"{call} was cancelled");
        }
    }

    private protected static Task<AttemptEvent> CallAsync(AttemptCall call, Func<Task> body) => CallAsync(call, async () =>
    {
        await body().ConfigureAwait(false);
        return new AttemptEvent.CallDone(call);
    });

    private IActorRef ProposerRef()
    {
        if (_proposer is null)
        {
            var ballot = Services.Decision.Journal.State.Open.TryGetValue(_attempt, out var open) ? open.Ballot : 0;
            var proposer = new Proposer(Registration!, Services.Self, Services.Decision.Keys, ballot);
            _proposer = Context.ActorOf(
                ProposerActor.Props(proposer, Services.Decision.Client, Services.Decision.Journal, Services.Decision.Times, Services.Clock), "proposer");
        }

        return _proposer;
    }

    private async Task<AttemptEvent> ReadFloorAsync()
        => new AttemptEvent.FloorRead(await Services.Decision.Poll.ReadFloorAsync(Container).ConfigureAwait(false));

    private async Task<AttemptEvent> OpenRegisterAsync(Registration registration)
    {
        var (failure, sentence) = await Services.Decision.Poll.OpenAsync(registration).ConfigureAwait(false);
        return new AttemptEvent.RegisterAnswered(failure, sentence);
    }

    private async Task<AttemptEvent> AppendAsync(JournalEntry entry)
    {
        try
        {
            await Services.Decision.Journal.AppendAsync(entry).ConfigureAwait(false);
            return new AttemptEvent.Journaled(entry);
        }
        catch (AttemptException e)
        {
            return new AttemptEvent.JournalFailed(entry, e.Message);
        }
    }

    /// <summary>Voters that do not hear it keep the verdict a little longer; nothing waits for it.</summary>
    private void Acknowledge(VerdictCertificate certificate)
        => _ = Services.Decision.Poll.AskAllAsync(new VoterRequest.Learn(certificate));

    private protected abstract ContainerName Container { get; }

    private static string NameOf(AttemptEvent e) => e is AttemptEvent.Received r ? r.Message.GetType().Name : e.GetType().Name;

    /// <summary>Self-message: may the held step go on?</summary>
    private sealed record LookAtHold : INoSerializationVerificationNeeded
    {
        internal static LookAtHold Instance { get; } = new();
    }

    /// <summary>What was decided on entering a step that is held.</summary>
    private sealed record HeldStep(string Step, ImmutableArray<AttemptAction> Actions, AttemptEvent Event);
}
