using ActorMigration.Actors;
using ActorMigration.Contracts;

namespace ActorMigration.Simulator;

/// <summary>Voters, polls and proposers.</summary>
internal sealed partial class World
{
    /// <summary>Asks all voters the same; the attempt hears what came when all have answered, were missed, or took too long.</summary>
    private void Poll(SimulatedHost host, AttemptId attempt, VoterRequest question)
    {
        var poll = new Asker.Poll(attempt, host.Life, question, _hosts.Length);
        foreach (var voter in _hosts)
        {
            _pending.Add(new Pending.Request(host, voter, question, poll));
        }

        _pending.Add(new Pending.PollDeadline(poll) { Owner = host });
    }

    private void EndPoll(SimulatedHost host, Asker.Poll poll)
    {
        if (poll.IsOver || poll.Life != host.Life || !host.IsUp)
        {
            return;
        }

        poll.IsOver = true;
        _pending.RemoveAll(p => p is Pending.PollDeadline d && d.Poll == poll);
        Tell(host, poll.Attempt, poll.Question switch
        {
            VoterRequest.AskFloor => new AttemptEvent.FloorRead(FloorReading.Read(_voters, poll.Replies.OfType<VoterReply.Floor>())),
            _ when poll.Replies.OfType<VoterReply.Registered>().Count() >= VerdictCheck.Majority(_voters.Length) => new AttemptEvent.RegisterAnswered(MigrationFailure.None, ""),
            _ => new AttemptEvent.RegisterAnswered(MigrationFailure.NoMajority, "no majority"),
        });
    }

    private void Acknowledge(SimulatedHost host, VerdictCertificate certificate) => TellVoters(host, new VoterRequest.Learn(certificate));

    /// <summary>Nobody waits for the answers.</summary>
    private void TellVoters(SimulatedHost host, VoterRequest request)
    {
        foreach (var voter in _hosts)
        {
            _pending.Add(new Pending.Request(host, voter, request, null));
        }
    }

    private void AskVoter(Pending.Request r, CrashPoint crash, int mask)
    {
        if (!r.Voter.IsUp || IsCut(r.From, r.Voter))
        {
            NoReply(r.From, r.Asker, r.Voter);
            return;
        }

        var isAnswered = false;
        Crossing(r.Voter, Cells.Of(r.Voter, r.Body), crash, mask, () =>
        {
            isAnswered = true;
            var reply = Vote(r.Voter, r.From, r.Body);
            WakeNews(r.Voter);
            if (r.Asker is { } asker)
            {
                _pending.Add(new Pending.Reply(r.Voter, r.From, reply, asker));
            }
        });
        if (!isAnswered)
        {
            NoReply(r.From, r.Asker, r.Voter);
        }
    }

    private void Hear(Pending.Reply r, CrashPoint crash, int mask)
    {
        if (r.Asker is Asker.Memory memory)
        {
            HearMemory(r.To, memory, r.Voter.Name, r.Body, crash, mask);
        }
        else if (r.Asker is Asker.Ballot ballot)
        {
            FeedProposer(r.To, r.Asker.Attempt, r.Asker.Life, new ProposerEvent.Replied(r.Voter.Name, ballot.Under, r.Body), crash, mask);
        }
        else if (r.Asker is Asker.Errand errand)
        {
            HearErrand(r.To, errand, r.Voter, r.Body, crash, mask);
        }
        else
        {
            HearPoll(r.To, (Asker.Poll)r.Asker, r.Body);
        }
    }

    private void NoReply(SimulatedHost to, Asker? asker, SimulatedHost voter)
    {
        if (asker is Asker.Ballot ballot)
        {
            FeedProposer(to, asker.Attempt, asker.Life, new ProposerEvent.NoReply(voter.Name, ballot.Under, ballot.Phase), CrashPoint.None, 0);
        }
        else if (asker is Asker.Poll poll)
        {
            HearPoll(to, poll, null);
        }
        else if (asker is Asker.Memory memory)
        {
            HearMemory(to, memory, voter.Name, null, CrashPoint.None, 0);
        }
        else if (asker is Asker.Errand errand)
        {
            HearErrand(to, errand, voter, null, CrashPoint.None, 0);
        }
    }

    private void HearPoll(SimulatedHost host, Asker.Poll poll, VoterReply? reply)
    {
        if (reply is not null && !poll.IsOver)
        {
            poll.Replies.Add(reply);
        }

        if (--poll.Waiting == 0)
        {
            EndPoll(host, poll);
        }
    }

    private void FeedProposer(SimulatedHost host, AttemptId attempt, int life, ProposerEvent e, CrashPoint crash, int mask)
    {
        if (!host.IsUp || life != host.Life || !host.Sides.TryGetValue(attempt, out var side) || side.Registration is not { } registration)
        {
            return;
        }

        var proposer = host.Proposers.TryGetValue(attempt, out var known)
            ? known
            : new Proposer(registration, host.Name, FakeKeys.Instance, host.Journal.Open.TryGetValue(attempt, out var open) ? open.Ballot : 0);
        Crossing(host, Cells.Of(proposer, e), crash, mask, () =>
        {
            var (next, actions) = proposer.Step(e);
            host.Proposers[attempt] = next;
            Trace?.Invoke($"{host.Name} proposer of attempt {AttemptNumber.Of(attempt)}: {proposer.State} -> {next.State} on {e}");
            foreach (var action in actions)
            {
                Perform(host, attempt, action);
            }
        });
    }

    private void Perform(SimulatedHost host, AttemptId attempt, ProposerAction action)
    {
        switch (action)
        {
            case ProposerAction.WriteBallot w:
                Write(host, attempt, new JournalEntry.BallotUsed(attempt, w.Counter));
                break;
            case ProposerAction.Ask ask:
                CheckBallot(host, attempt, ask);
                _pending.Add(new Pending.Request(host, Host(ask.Voter), ask.Request, new Asker.Ballot(attempt, host.Life, ask.Ballot, ask.Phase)));
                break;
            case ProposerAction.BackOff backOff:
                _pending.Add(new Pending.Retry(attempt, backOff.AfterCounter) { Owner = host });
                break;
            case ProposerAction.PromisesHeld:
                Tell(host, attempt, new AttemptEvent.PromisesHeld());
                break;
            case ProposerAction.Decided decided:
                Tell(host, attempt, new AttemptEvent.VerdictLearned(decided.Certificate));
                break;
        }
    }
}
