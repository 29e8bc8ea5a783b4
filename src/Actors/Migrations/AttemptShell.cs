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
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "an actor ends with PostStop, where both are disposed of")]
public abstract class AttemptShell : UntypedActor, IWithTimers
{
    private readonly AttemptId _attempt;
    private readonly HostName _other;
    private readonly IActorRef _attestor;
    private IActorRef? _proposer;
    private CancellationTokenSource _cancel = new();
    private CancellationTokenSource? _cancelled;

    private protected AttemptShell(AttemptServices services, AttemptId attempt, HostName other)
    {
        Services = services;
        _attempt = attempt;
        _other = other;
        _attestor = Context.ActorOf(AttestorActor.Props(services.Attestation, services.Clock), "attestor");
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private protected AttemptServices Services { get; }

    private protected ILoggingAdapter Log { get; } = Context.GetLogger();

    /// <summary>Token of the call that is about to be made.</summary>
    private protected CancellationToken CallToken => _cancel.Token;

    private protected abstract string StateName { get; }

    private protected abstract Registration? Registration { get; }

    private protected abstract AttemptDetails Details();

    private protected abstract ImmutableArray<AttemptAction> Advance(AttemptEvent e, DateTimeOffset now);

    /// <summary>Makes a call of the port; null for an action that is no call.</summary>
    private protected abstract Task<AttemptEvent>? TryCall(AttemptAction action);

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    protected override void PreStart() => Self.Tell(new AttemptEvent.Started());

    protected override void PostStop()
    {
        _cancel.Cancel();
        _cancel.Dispose();
        _cancelled?.Dispose();
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
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
        var actions = Advance(e, Services.Clock.GetUtcNow());
        if (before != StateName)
        {
            Log.Info("Attempt {0}: {1} -> {2} on {3}", _attempt, before, StateName, NameOf(e));
        }

        if (before != StateName || e is AttemptEvent.RoundDone)
        {
            Context.Parent.Tell(new AttemptProgressed(Details()));
        }

        foreach (var action in actions)
        {
            Perform(action, e);
        }
    }

    private void Perform(AttemptAction action, AttemptEvent e)
    {
        switch (action)
        {
            case AttemptAction.Send send:
                Services.Peers.Migrations(_other)?.Tell(send.Message, Self);
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
                Context.Parent.Tell(new AttemptEnded(_attempt, Details()));
                Context.Stop(Self);
                break;
            default:
                (TryCall(action) ?? throw new InvalidOperationException($"nobody performs {action.GetType().Name}")).PipeTo(Self);
                break;
        }
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
}
