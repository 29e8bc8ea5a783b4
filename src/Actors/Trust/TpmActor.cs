using ActorMigration.Contracts.Trust;
using Akka.Actor;
using Akka.Event;

namespace ActorMigration.Actors.Trust;

/// <summary>
/// The only owner of the host's TPM. One command at a time, stop-phase quotes first. A command that fails at the connection or
/// exceeds its deadline closes the connection; until a new one is open (with back-off) the circuit is open: every command is answered
/// at once with <see cref="TpmReplies.NotAttestable"/> and the reason, so no attempt waits for a dead chip.
///
/// The calls block, so each runs on a pool thread and comes back as a message. After a deadline the actor closes the connection under
/// the call and waits for that call to end before it opens another: never two calls, never a second stuck thread.
///
/// Supervision: restarted with back-off. Everything it holds (connection, objects in the TPM, queue) can be made anew; who waited is answered.
/// </summary>
public sealed class TpmActor : UntypedActor, IWithTimers
{
    /// <summary>Self-message: a call ended, with a reply or an exception. The token tells it from a call that this actor made before a restart.</summary>
    private sealed record CallEnded(object Call, object? Reply, Exception? Failure) : INoSerializationVerificationNeeded;

    /// <summary>Self-message: the call of the moment took longer than it may. Its timer is cancelled when the call ends, so it is never late.</summary>
    private sealed record DeadlinePassed : INoSerializationVerificationNeeded
    {
        public static DeadlinePassed Instance { get; } = new();
    }

    /// <summary>Self-message: the back-off is over.</summary>
    private sealed record OpenAgain : INoSerializationVerificationNeeded
    {
        public static OpenAgain Instance { get; } = new();
    }

    /// <summary>What the call of the moment is for; the reply of <see cref="ITpm.Open"/>.</summary>
    private sealed record Opened : INoSerializationVerificationNeeded
    {
        public static Opened Instance { get; } = new();
    }

    private readonly Func<ITpm> _connect;
    private readonly TpmSettings _settings;
    private readonly AttestationIdentity _identity;
    private readonly TpmQueue _queue;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private ITpm? _tpm;
    private object? _call;
    private WaitingTpmCommand? _current;
    private WaitingTpmCommand? _again;
    private bool _repeated;
    private string? _circuitOpen;
    private TimeSpan _backOff;

    public TpmActor(Func<ITpm> connect, TpmSettings settings, AttestationIdentity identity)
    {
        _connect = connect;
        _settings = settings;
        _identity = identity;
        _queue = new TpmQueue(settings.QueueLimit);
        _backOff = settings.FirstBackOff;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <param name="connect">Makes an unopened connection; does no I/O.</param>
    /// <param name="settings">Limits.</param>
    /// <param name="identity">What goes into evidence besides the quote.</param>
    public static Props Props(Func<ITpm> connect, TpmSettings settings, AttestationIdentity identity)
        => Akka.Actor.Props.Create(() => new TpmActor(connect, settings, identity));

    protected override void PreStart() => Open();

    protected override void PostStop()
    {
        _tpm?.Dispose();
        AnswerAll("the TPM actor of this host stops");
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ITpmCommand command:
                Accept(new WaitingTpmCommand(command, Sender));
                break;
            case CallEnded ended when ended.Call == _call:
                End(ended);
                break;
            case CallEnded:
                break;
            case DeadlinePassed:
                GiveUp();
                break;
            case OpenAgain:
                Open();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Accept(WaitingTpmCommand waiting)
    {
        if (_circuitOpen is not null)
        {
            waiting.Asker.Tell(new TpmReplies.NotAttestable(_circuitOpen));
        }
        else if (!_queue.TryAdd(waiting))
        {
            waiting.Asker.Tell(new TpmReplies.NotAttestable($"{_settings.QueueLimit} commands already wait for the TPM of this host"));
        }
        else
        {
            StartNext();
        }
    }

    private void StartNext()
    {
        if (_call is null && _tpm is { } tpm && (_again ?? TakeNext()) is { } next)
        {
            _again = null;
            _current = next;
            Run(() => Perform(tpm, next.Command, _identity));
        }
    }

    private WaitingTpmCommand? TakeNext() => _queue.TryTake(out var next) ? next : null;

    private void Open()
    {
        var tpm = _connect();
        _tpm = tpm;
        Run(() =>
        {
            tpm.Open();
            return Opened.Instance;
        });
    }

    private void Run(Func<object> blocking)
    {
        var call = new object();
        _call = call;
        Timers.StartSingleTimer(nameof(DeadlinePassed), DeadlinePassed.Instance, _settings.CommandDeadline);
        Task.Run(blocking).PipeTo(
            Self, Self, reply => new CallEnded(call, reply, null), failure => new CallEnded(call, null, failure));
    }

    private static object Perform(ITpm tpm, ITpmCommand command, AttestationIdentity identity)
    {
        switch (command)
        {
            case TpmCommands.Quote quote:
                var made = tpm.Quote(quote.QualifyingData, quote.Pcrs ?? identity.Pcrs());
                return new TpmReplies.Quoted(new Evidence(
                    EvidenceKind.Tpm2Quote, made.Attest, made.Signature, [.. made.Pcrs], identity.AkCertificate, identity.AkChain));
            case TpmCommands.ReadCounter read:
                return new TpmReplies.CounterRead(read.NvIndex, tpm.ReadCounter(read.NvIndex));
            case TpmCommands.IncrementCounter increment:
                return new TpmReplies.CounterRead(increment.NvIndex, tpm.IncrementCounter(increment.NvIndex));
            case TpmCommands.ReadPcrs pcrs:
                return new TpmReplies.PcrsRead(tpm.ReadPcrs(pcrs.Pcrs));
            default:
                throw new TpmRefusedException($"{command.GetType().Name} is not a command of the TPM actor");
        }
    }

    private void End(CallEnded ended)
    {
        _call = null;
        Timers.Cancel(nameof(DeadlinePassed));
        switch (ended)
        {
            case { Reply: Opened } when _tpm is not null:
                _log.Info(_circuitOpen is null ? "TPM open" : "TPM open again");
                _circuitOpen = null;
                StartNext();
                break;
            case { Reply: { } reply } when _tpm is not null:
                _backOff = _settings.FirstBackOff;
                _repeated = false;
                Answer(reply);
                StartNext();
                break;
            case { Failure: TpmRefusedException refused } when _current is not null:
                Answer(new TpmReplies.NotAttestable(refused.Message));
                StartNext();
                break;
            case { Failure: not null } when _tpm is not null && !_repeated && _current is { Command: not TpmCommands.IncrementCounter } lost:
                // A chip that was power-cycled shows only at the next command: what changes nothing in it is asked once more over a new connection.
                _log.Info("TPM connection lost ({0}); {1} is repeated", ended.Failure.GetBaseException().Message, lost.Command.GetType().Name);
                _repeated = true;
                _again = lost;
                _current = null;
                _tpm.Dispose();
                Open();
                break;
            case { Failure: { } failure } when _tpm is not null:
                Break(failure.GetBaseException().Message);
                OpenLater();
                break;
            default:
                // The call that was given up has ended, one way or the other; its asker has its answer.
                OpenLater();
                break;
        }
    }

    private void GiveUp()
        => Break($"the TPM did not finish {_current?.Command.GetType().Name ?? "opening"} within {_settings.CommandDeadline.TotalMilliseconds:0} ms");

    private void Break(string reason)
    {
        _log.Warning("TPM connection closed: {0}", reason);
        _circuitOpen = $"the TPM of this host is not available: {reason}";
        _tpm?.Dispose();
        _tpm = null;
        AnswerAll(_circuitOpen);
    }

    private void OpenLater()
    {
        Timers.StartSingleTimer(nameof(OpenAgain), OpenAgain.Instance, _backOff);
        var doubled = 2 * _backOff;
        _backOff = doubled < _settings.LongestBackOff ? doubled : _settings.LongestBackOff;
    }

    private void Answer(object reply)
    {
        _current?.Asker.Tell(reply);
        _current = null;
    }

    private void AnswerAll(string reason)
    {
        var reply = new TpmReplies.NotAttestable(reason);
        Answer(reply);
        _again?.Asker.Tell(reply);
        _again = null;
        while (_queue.TryTake(out var waiting))
        {
            waiting.Asker.Tell(reply);
        }
    }
}
