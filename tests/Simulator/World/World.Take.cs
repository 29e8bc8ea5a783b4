using System.Collections.Immutable;
using ActorMigration.Actors;
using ActorMigration.Contracts;

namespace ActorMigration.Simulator;

/// <summary>What happens when an item is taken, and where its daemon may crash around it.</summary>
internal sealed partial class World
{
    private void Take(Pending item, Outcome outcome, CrashPoint crash, int mask)
    {
        switch (item)
        {
            case Pending.Message m when m.To.IsUp && !IsCut(m.From, m.To):
                Receive(m.From, m.To, Rewritten(m), crash, mask);
                break;
            case Pending.Call c:
                var happened = Happen(c, outcome)!;
                Feed(c.Owner!, c.Attempt, happened, crash, mask);
                break;
            case Pending.Write w:
                TakeWrite(w, outcome, crash, mask);
                break;
            case Pending.Timer t:
                Feed(t.Owner!, t.Attempt, t.Fired, crash, mask);
                break;
            case Pending.Local { Happened: AttemptEvent.Received told } l:
                Receive(l.Owner!, l.Owner!, told.Message, crash, mask);
                break;
            case Pending.Local l:
                Feed(l.Owner!, l.Attempt, l.Happened, crash, mask);
                break;
            case Pending.Request r:
                AskVoter(r, crash, mask);
                break;
            case Pending.Reply r when IsCut(r.Voter, r.To):
                NoReply(r.To, r.Asker, r.Voter);
                break;
            case Pending.Reply r:
                Hear(r, crash, mask);
                break;
            case Pending.Retry r:
                FeedProposer(r.Owner!, r.Attempt, r.Owner!.Life, new ProposerEvent.RetryDue(r.AfterCounter), crash, mask);
                break;
            case Pending.VoterWork w:
                TakeVoterWork(w, outcome, crash, mask);
                break;
            case Pending.VoterRetry r:
                Recover(r.Owner!);
                break;
            case Pending.MemoryDeadline d:
                EndMemory(d.Owner!, d.Asker);
                break;
            case Pending.Tick t:
                Pass(t);
                break;
            case Pending.PollDeadline d:
                EndPoll(d.Owner!, d.Poll);
                break;
        }
    }

    /// <summary>Does something to a cell of the coverage, and crashes the daemon before or after it, as the step or the trap says.</summary>
    private void Crossing(SimulatedHost daemon, int cell, CrashPoint crash, int mask, Action handle)
    {
        if (_trap is { } trap && trap.Cell == cell)
        {
            (_trap, crash, mask) = (null, trap.Crash, trap.Mask);
        }

        Coverage?.Count(cell, crash);
        if (crash != CrashPoint.Before)
        {
            handle();
        }

        if (crash != CrashPoint.None)
        {
            Crash(daemon, mask);
        }
    }

    /// <summary>The migrations actor of a host, in short: to the attempt, a new one, or unknown.</summary>
    private void Receive(SimulatedHost from, SimulatedHost to, IAttemptMessage message, CrashPoint crash, int mask)
    {
        if (to.IsStarting)
        {
            return;
        }

        if (to.Sides.ContainsKey(message.Attempt))
        {
            Feed(to, message.Attempt, new AttemptEvent.Received(message), crash, mask);
            return;
        }

        var past = to.Journal.History.Find(h => h.Attempt == message.Attempt);
        switch (message)
        {
            case OfferMigration offer when to.HasOpenAttempt || past is not null:
                Post(to, from, new MigrationRefused(offer.Attempt, offer.Fence, Phase.Attest, MigrationFailure.AttemptInProgress, "busy"));
                break;
            case OfferMigration offer:
                to.Sides[offer.Attempt] = _protocol.NewDestination(offer, to);
                Tell(to, offer.Attempt, new AttemptEvent.Started());
                break;
            case AbortAttempt:
                Post(to, from, new DestinationCleaned(message.Attempt, message.Fence));
                break;
            case VerdictReached verdict when past is not null:
                Acknowledge(to, verdict.Certificate);
                break;
            case AskAttempt when past is { Failure: MigrationFailure.ContainerLost }:
                Post(to, from, new TreeLost(message.Attempt, message.Fence, past.Sentence));
                break;
            case AskAttempt or SourceAttested or PrepareResources or StopImminent or SourceReattested or ClaimAddress or HandOver or ReadyForStop:
                Post(to, from, new AttemptUnknown(message.Attempt, message.Fence));
                break;
        }
    }

    private void Feed(SimulatedHost host, AttemptId attempt, AttemptEvent happened, CrashPoint crash, int mask)
    {
        if (!host.IsUp || !host.Sides.TryGetValue(attempt, out var side))
        {
            return;
        }

        if (VerdictIn(happened) is { } verdict && !MayActOn(host, side, verdict))
        {
            Trace?.Invoke($"{host.Name} {side.Role} of attempt {AttemptNumber.Of(attempt)}: waits for the operator, and acts not on {verdict.Value} of the voters");
            return;
        }

        Crossing(host, Cells.Of(side, happened), crash, mask, () =>
        {
            var before = Trace is null ? "" : side.StateName;
            var actions = side.Step(happened, Now(host));
            Trace?.Invoke($"{host.Name} {side.Role} of attempt {AttemptNumber.Of(attempt)}: {before} -> {side.StateName} on {Cells.NameOf(happened)}: {string.Join(", ", actions)}");
            foreach (var action in actions)
            {
                Perform(host, attempt, side, action);
            }
        });
    }

    private void TakeWrite(Pending.Write w, Outcome outcome, CrashPoint crash, int mask)
    {
        var host = w.Owner!;
        var works = !host.IsJournalBroken && outcome == Outcome.Well;
        if (!host.IsJournalBroken)
        {
            Happen(w, outcome);
            host.IsJournalBroken = !works;
        }

        if (w.Entry is not JournalEntry.BallotUsed ballot)
        {
            Feed(host, w.Attempt, works ? new AttemptEvent.Journaled(w.Entry) : new AttemptEvent.JournalFailed(w.Entry, "the disk fails in this schedule"), crash, mask);
        }
        else if (works)
        {
            FeedProposer(host, w.Attempt, host.Life, new ProposerEvent.BallotWritten(ballot.Counter), crash, mask);
        }
    }

    /// <summary>What a call or a write does to the host, whether anybody hears of it or not.</summary>
    private AttemptEvent? Happen(Pending item, Outcome outcome)
    {
        switch (item)
        {
            case Pending.Call c:
                return DoCall(c.Owner!, c.Attempt, c.Action, outcome);
            case Pending.Write w when outcome != Outcome.Fails:
                var isDropped = (w.Entry is JournalEntry.Frozen && _mutant == Mutant.FrozenNotJournaled)
                                || (w.Entry is JournalEntry.BallotUsed && _mutant == Mutant.BallotNotJournaled);
                if (!isDropped)
                {
                    w.Owner!.Write(w.Owner.Journal.Apply(w.Entry));
                }

                return null;
            case Pending.VoterWork w when outcome != Outcome.Fails:
                DoVoterWork(w.Owner!, w.Action);
                return null;
            default:
                return null;
        }
    }

    private void Tell(SimulatedHost host, AttemptId attempt, AttemptEvent e) => _pending.Add(new Pending.Local(attempt, e) { Owner = host });

    private void Post(SimulatedHost from, SimulatedHost to, IAttemptMessage message)
    {
        _pending.Add(new Pending.Message(from, to, message));
        if (_copied.Count > 0 && _copied.Contains(Array.IndexOf(Cells.MessageNames, message.GetType().Name)))
        {
            _held.Add(new Pending.Message(from, to, message));
        }
    }

    /// <summary>With <see cref="Mutant.OrdinalNotChecked"/> a message of another attempt is what it would be if nothing but the epoch were compared.</summary>
    private IAttemptMessage Rewritten(Pending.Message m)
        => _mutant == Mutant.OrdinalNotChecked
           && m.To.Sides.FirstOrDefault(s => s.Value.Other == m.From.Name && s.Value.Fence.Epoch == m.Body.Fence.Epoch && s.Key != m.Body.Attempt) is { Value: { } side, Key: var attempt }
            ? ForeignMessage.As(m.Body, attempt, side.Fence)
            : m.Body;

    /// <summary>A crash that waits for the first time that a cell of the coverage is reached.</summary>
    private sealed record Trap(int Cell, CrashPoint Crash, int Mask);
}
