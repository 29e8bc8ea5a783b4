using ActorMigration.Contracts;
using Akka.Actor;
using Akka.Event;

namespace ActorMigration.Actors;

/// <summary>
/// Gets a value chosen in one register, or learns the one that was: the shell of <see cref="Proposer"/>. Child of an attempt, to which it tells
/// <see cref="AttemptEvent.PromisesHeld"/> and <see cref="AttemptEvent.VerdictLearned"/>; takes <see cref="ProposerEvent.SeekPromises"/> and
/// <see cref="ProposerEvent.Propose"/> from it.
///
/// Supervision: stopped with its attempt; ballots are on the disk, so its successor starts above them.
/// </summary>
public sealed class ProposerActor : UntypedActor, IWithTimers
{
    private const string RetryTimer = "retry";

    private readonly IVoterClient _client;
    private readonly AttemptJournal _journal;
    private readonly VoterTimes _times;
    private readonly TimeProvider _clock;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private Proposer _proposer;

    public ProposerActor(Proposer proposer, IVoterClient client, AttemptJournal journal, VoterTimes times, TimeProvider clock)
    {
        _proposer = proposer;
        _client = client;
        _journal = journal;
        _times = times;
        _clock = clock;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(Proposer proposer, IVoterClient client, AttemptJournal journal, VoterTimes times, TimeProvider clock)
        => Akka.Actor.Props.Create(() => new ProposerActor(proposer, client, journal, times, clock));

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ProposerEvent e:
                var (next, actions) = _proposer.Step(e);
                _proposer = next;
                foreach (var action in actions)
                {
                    Perform(action);
                }

                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Perform(ProposerAction action)
    {
        switch (action)
        {
            case ProposerAction.WriteBallot write:
                WriteAsync(write.Counter).PipeTo(Self);
                break;
            case ProposerAction.Ask ask:
                AskAsync(ask).PipeTo(Self);
                break;
            case ProposerAction.BackOff backOff:
                Timers.StartSingleTimer(
                    RetryTimer, new ProposerEvent.RetryDue(backOff.AfterCounter), _times.BackOff(backOff.Failures, Random.Shared.NextDouble()));
                break;
            case ProposerAction.PromisesHeld:
                Context.Parent.Tell(new AttemptEvent.PromisesHeld());
                break;
            case ProposerAction.Decided decided:
                Context.Parent.Tell(new AttemptEvent.VerdictLearned(decided.Certificate));
                break;
        }
    }

    private async Task<ProposerEvent> WriteAsync(long counter)
    {
        var attempt = _proposer.Registration.Register.Attempt;
        try
        {
            await _journal.AppendAsync(new JournalEntry.BallotUsed(attempt, counter)).ConfigureAwait(false);
            return new ProposerEvent.BallotWritten(counter);
        }
        catch (AttemptException e)
        {
            // A ballot that may not be on the disk must not be used. The register waits for a later one.
            _log.Error("Attempt {0}: ballot {1} cannot be written: {2}", attempt, counter, e.Message);
            return new ProposerEvent.BallotFailed(counter);
        }
    }

    private async Task<ProposerEvent> AskAsync(ProposerAction.Ask ask)
    {
        using var deadline = new CancellationTokenSource(_times.Reply, _clock);
        try
        {
            var reply = await _client.AskAsync(ask.Voter, ask.Request, deadline.Token).ConfigureAwait(false);
            return new ProposerEvent.Replied(ask.Voter, ask.Ballot, reply);
        }
        catch (Exception e) when (e is VoterUnreachableException or OperationCanceledException)
        {
            // Whether the voter acted is not known, and nothing is concluded from it: the ballot lives from the others.
            return new ProposerEvent.NoReply(ask.Voter, ask.Ballot, ask.Phase);
        }
    }
}
