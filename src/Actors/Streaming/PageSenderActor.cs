using ActorMigration.Contracts;
using ActorMigration.Contracts.Wire;
using Akka.Actor;
using Akka.Event;

namespace ActorMigration.Actors.Streaming;

/// <summary>
/// Owns the credits of one page stream of one attempt: the pump moves the bytes on its own threads, and how far it may go is
/// decided here, as consumed bytes plus the window. Back-pressure is thus a number that a test can see.
///
/// Supervision: the attempt stops this actor on any exception and never restarts it: a stream has no second start.
/// <see cref="PostStop"/> closes the credits and ends the pump.
/// </summary>
public sealed class PageSenderActor : UntypedActor
{
    private readonly AttemptId _attempt;
    private readonly IPagePump _pump;
    private readonly long _window;
    private readonly StreamCredits _credits = new();
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private long _sent;
    private long _consumed;
    private int _lastRoundStored = -1;
    private bool _paused;
    private bool _over;

    public PageSenderActor(AttemptId attempt, IPagePump pump, long window)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(window, StreamCredits.LeastWindow);
        _attempt = attempt;
        _pump = pump;
        _window = window;
    }

    /// <summary>Sender for one attempt; <paramref name="window"/> in bytes, at least <see cref="StreamCredits.LeastWindow"/>.</summary>
    public static Props Props(AttemptId attempt, IPagePump pump, long window = StreamCredits.DefaultWindow)
        => Akka.Actor.Props.Create(() => new PageSenderActor(attempt, pump, window));

    protected override void PreStart()
    {
        var self = Self;
        _credits.RaiseTo(_window);
        _pump.Start(_credits, happened => self.Tell(happened));
    }

    protected override void PostStop()
    {
        _credits.Close();
        _pump.Stop();
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case PagePumpEvent happened when !_over:
                OnPump(happened);
                break;
            case PagePumpEvent:
                break;
            case PageSenderCommands.Pause:
                _paused = true;
                break;
            case PageSenderCommands.Resume:
                _paused = false;
                GiveCredit();
                break;
            case PageSenderCommands.GetStreamStatus:
                Sender.Tell(new PageSenderEvents.StreamStatus(_attempt, _sent, _consumed, _lastRoundStored, _paused));
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void OnPump(PagePumpEvent happened)
    {
        switch (happened)
        {
            case PagePumpEvent.Sent sent:
                _sent = Math.Max(_sent, sent.Total);
                break;
            case PagePumpEvent.Consumed consumed when consumed.Total < _consumed || consumed.Total > _credits.Limit:
                Fail(StreamFailure.BadFrame, $"the receiver says it took {consumed.Total} bytes; it had taken {_consumed} before and may have got {_credits.Limit}");
                break;
            case PagePumpEvent.Consumed consumed:
                _consumed = consumed.Total;
                _sent = Math.Max(_sent, _consumed);
                GiveCredit();
                break;
            case PagePumpEvent.RoundStored stored when stored.Round <= _lastRoundStored:
                Fail(StreamFailure.BadFrame, $"the receiver says round {stored.Round} is stored after round {_lastRoundStored}");
                break;
            case PagePumpEvent.RoundStored stored:
                _lastRoundStored = stored.Round;
                Context.Parent.Tell(new PageSenderEvents.RoundStored(_attempt, stored.Round));
                break;
            case PagePumpEvent.FinalStored final:
                Context.Parent.Tell(new PageSenderEvents.PageStreamStored(_attempt, final.IndexBytes));
                break;
            case PagePumpEvent.PumpFailed failed:
                Fail(failed.Failure, failed.Reason);
                break;
        }
    }

    private void GiveCredit()
    {
        if (!_paused)
        {
            _credits.RaiseTo(_consumed + _window);
        }
    }

    /// <summary>Once: later events of the same broken stream would only repeat it.</summary>
    private void Fail(StreamFailure failure, string reason)
    {
        _over = true;
        _credits.Close();
        _log.Warning("Attempt {0}: page stream failed ({1}): {2}", _attempt, failure, reason);
        Context.Parent.Tell(new PageSenderEvents.PageStreamFailed(_attempt, failure, reason));
    }
}
