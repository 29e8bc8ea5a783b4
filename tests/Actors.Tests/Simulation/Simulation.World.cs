using ActorMigration.Contracts;

namespace ActorMigration.Actors.Tests.Simulation;

/// <summary>Calls, voters, and what must hold.</summary>
internal sealed partial class Simulation
{
    private AttemptEvent DoCall(SimulatedHost host, AttemptAction action)
    {
        var call = CallOf(action);
        if (Fails(40) && call is not (AttemptCall.SignHandOver or AttemptCall.None))
        {
            return new AttemptEvent.CallFailed(call, MigrationFailure.Internal, $"{call} fails in this schedule");
        }

        switch (action)
        {
            case AttemptAction.Call { What: AttemptCall.Survey }:
                return host.Tree == Tree.Running
                    ? new AttemptEvent.Surveyed(new SourceSurvey(null!, 0, 0, 0, 1, [], null!), Digest)
                    : new AttemptEvent.CallFailed(call, MigrationFailure.UnknownContainer, "it does not run here");
            case AttemptAction.RunRound round:
                return new AttemptEvent.RoundDone(new RoundReport(round.Round, 1, 0, 4096, 0, 0, TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(1)));
            case AttemptAction.Call { What: AttemptCall.CopyFrozen }:
                return new AttemptEvent.FrozenCopied(new FrozenCopy(Manifest(host), 1, 4096, [], null));
            case AttemptAction.SignHandOver sign:
                return new AttemptEvent.HandOverSigned(new HandOverToken(
                    sign.Manifest.Attempt, sign.Manifest.Container, sign.Manifest.Fence, HandOverSignature.Root(sign.Manifest), sign.DestinationKeyDigest, Digest, [1]));
            case AttemptAction.Prepare:
                return new AttemptEvent.ResourcesReady(new DataEndpoint("10.0.0.2", 1, Digest, []));
            case AttemptAction.RestoreToGate when host.Tree != Tree.None:
                Violation ??= $"host {host.Name} restores while its tree is {host.Tree}";
                return new AttemptEvent.CallFailed(call, MigrationFailure.LeftoversFound, "leftovers");
            case AttemptAction.RestoreToGate:
                host.Tree = Tree.Gated;
                return new AttemptEvent.Gated(new GateReport(1, []));
            case AttemptAction.LookAtTree:
                return new AttemptEvent.TreeLooked(host.Tree == Tree.Gated || _mutant == Mutant.ProposesWithDeadTree);
            case AttemptAction.OpenGate when host.Tree is Tree.None && DiedAfterProposal.Contains(host):
                // Died after DEST was chosen: the container has crashed on the host that owns it. Its restart is another story than this protocol's.
                return new AttemptEvent.CallDone(call);
            case AttemptAction.OpenGate when host.Tree == Tree.None:
                Violation ??= $"host {host.Name} opens a gate behind which nothing is";
                return new AttemptEvent.CallDone(call);
            case AttemptAction.OpenGate:
                host.Tree = Tree.Running;
                break;
            case AttemptAction.Call { What: AttemptCall.AwaitFill }:
                return new AttemptEvent.FillDone(new FillReport(1, 0, TimeSpan.Zero));
            case AttemptAction.Call { What: AttemptCall.Freeze } when host.Tree == Tree.Running:
                host.Tree = Tree.Frozen;
                break;
            case AttemptAction.Call { What: AttemptCall.PlugAndThaw } when host.Tree == Tree.Frozen:
                host.Tree = Tree.Running;
                break;
            case AttemptAction.Call { What: AttemptCall.Kill }:
                host.Tree = Tree.None;
                break;
            case AttemptAction.Call { What: AttemptCall.KillGated } when host.Tree == Tree.Gated:
                host.Tree = Tree.None;
                break;
        }

        return new AttemptEvent.CallDone(call);
    }

    private static AttemptCall CallOf(AttemptAction action) => action switch
    {
        AttemptAction.Call c => c.What,
        AttemptAction.Connect => AttemptCall.Connect,
        AttemptAction.RunRound => AttemptCall.RunRound,
        AttemptAction.SignHandOver => AttemptCall.SignHandOver,
        AttemptAction.Prepare => AttemptCall.Prepare,
        AttemptAction.RestoreToGate => AttemptCall.RestoreToGate,
        AttemptAction.OpenGate => AttemptCall.OpenGate,
        AttemptAction.Clean => AttemptCall.Clean,
        _ => AttemptCall.None,
    };

    private static Manifest Manifest(SimulatedHost host)
    {
        var source = host.Sources.Values.FirstOrDefault(s => s.State == SourceState.CopyingFrozen || s.Busy == AttemptCall.CopyFrozen);
        return new Manifest(source?.Attempt ?? default, Container, source?.Fence ?? default, Digest, Digest, Digest, Digest, Digest);
    }

    private FloorReading? ReadFloor(SimulatedHost asker)
    {
        var floors = _hosts.Where(v => v.IsUp && !IsCut(asker, v) && !Fails(8))
            .Select(v => (VoterReply.Floor)Vote(v, asker.Name, new VoterRequest.AskFloor(Container)))
            .ToList();
        return FloorReading.Read(_voters, floors);
    }

    private AttemptEvent.RegisterAnswered OpenRegister(SimulatedHost asker, Registration registration)
    {
        var count = 0;
        foreach (var voter in _hosts.Where(v => v.IsUp && !IsCut(asker, v) && !Fails(8)))
        {
            count += Vote(voter, asker.Name, new VoterRequest.Begin(registration)) is VoterReply.Registered ? 1 : 0;
        }

        return count >= VerdictCheck.Majority(_voters.Length)
            ? new AttemptEvent.RegisterAnswered(MigrationFailure.None, "")
            : new AttemptEvent.RegisterAnswered(MigrationFailure.NoMajority, "no majority");
    }

    private VoterReply Vote(SimulatedHost voter, HostName peer, VoterRequest request)
    {
        var core = new VoterCore(voter.Name, Guid.Empty, _voters, new FakeSigner(voter.Name), Keys, TokenIsValid);
        var answer = core.Answer(voter.Ballots, peer, request);
        Trace?.Invoke($"{voter.Name} votes on {request} of {peer}: {answer.Reply}");
        foreach (var record in answer.Records)
        {
            voter.Ballots = voter.Ballots.Apply(record);
            if (record is VoterRecord.Vote vote)
            {
                Count(voter, vote);
            }
        }

        return answer.Reply;
    }

    /// <summary>Agreement: no register ever has two values chosen, not even over time.</summary>
    private void Count(SimulatedHost voter, VoterRecord.Vote vote)
    {
        var key = (vote.Register, vote.Value);
        var ballots = _accepts.TryGetValue(key, out var known) ? known : _accepts[key] = [];
        var voters = ballots.TryGetValue(vote.Ballot, out var set) ? set : ballots[vote.Ballot] = [];
        voters.Add(voter.Name);
        if (voters.Count >= VerdictCheck.Majority(_voters.Length))
        {
            _chosen.Add(key);
            var other = vote.Value == Verdict.Dest ? Verdict.Source : Verdict.Dest;
            if (_chosen.Contains((vote.Register, other)))
            {
                Violation ??= $"the register {vote.Register.Fence} has chosen both values";
            }
        }
    }

    private void AskVoter(Pending.Request r)
    {
        if (!r.Voter.IsUp || IsCut(r.From, r.Voter))
        {
            if (!r.IsOrphan)
            {
                FeedProposer(r.From, r.Attempt, r.Life, new ProposerEvent.NoReply(r.Voter.Name, r.Ballot));
            }

            return;
        }

        var reply = Vote(r.Voter, r.From.Name, r.Body);
        if (!r.IsOrphan)
        {
            _pending.Add(new Pending.Reply(r.From, r.Attempt, r.Life, r.Voter.Name, r.Ballot, reply));
        }
    }

    private void FeedProposer(SimulatedHost host, AttemptId attempt, int life, ProposerEvent e)
    {
        if (!host.IsUp || life != host.Life)
        {
            return;
        }

        if (!host.Proposers.TryGetValue(attempt, out var proposer))
        {
            var registration = host.Sources.TryGetValue(attempt, out var s) ? s.Registration : host.Destinations.TryGetValue(attempt, out var d) ? d.Registration : null;
            if (registration is null)
            {
                return;
            }

            proposer = new Proposer(registration, host.Name, Keys, host.Journal.Open.TryGetValue(attempt, out var open) ? open.Ballot : 0);
        }

        var (next, actions) = proposer.Step(e);
        host.Proposers[attempt] = next;
        Trace?.Invoke($"{host.Name} proposer {proposer.State} -> {next.State} on {e}");
        foreach (var action in actions)
        {
            switch (action)
            {
                case ProposerAction.WriteBallot w:
                    _pending.Add(new Pending.Write(attempt, new JournalEntry.BallotUsed(attempt, w.Counter), true) { Owner = host });
                    break;
                case ProposerAction.Ask ask:
                    _pending.Add(new Pending.Request(host, attempt, host.Life, Host(ask.Voter), ask.Ballot, ask.Request, false));
                    break;
                case ProposerAction.BackOff backOff:
                    _pending.Add(new Pending.Retry(host, attempt, backOff.AfterCounter) { Owner = host });
                    break;
                case ProposerAction.PromisesHeld:
                    Feed(host, attempt, new AttemptEvent.PromisesHeld());
                    break;
                case ProposerAction.Decided decided:
                    Feed(host, attempt, new AttemptEvent.VerdictLearned(decided.Certificate));
                    break;
            }
        }
    }

    private void CheckNeverTwo()
    {
        if (_hosts.Count(h => h.Tree == Tree.Running) > 1)
        {
            Violation ??= "two copies run";
        }
    }

    private void CheckEnd()
    {
        if (Violation is not null)
        {
            return;
        }

        var lost = Array.Find(_hosts, h => h.IsLost);
        var running = _hosts.Count(h => h.Tree == Tree.Running);
        if (running == 1 || DiedAfterProposal.Count > 0 && _chosen.Any(c => c.Item2 == Verdict.Dest))
        {
            // One runs, or it crashed at its gate after the register had given it to that host.
        }
        else if (lost is null)
        {
            Violation = $"nothing runs though no host was lost: {Describe()}";
        }
        else if (lost == _hosts[2])
        {
            Violation = $"nothing runs though only the witness was lost: {Describe()}";
        }
        else if (_hosts[..2].Any(h => h != lost && h.Tree is Tree.Frozen or Tree.Gated))
        {
            Violation = $"host {lost.Name} was lost, and what is left stays stopped: {Describe()}";
        }

        if (Violation is null && lost is null && _hosts.Any(h => h.HasOpenAttempt))
        {
            Violation = $"an attempt does not end: {Describe()}";
        }
    }

    private string Describe() => string.Join("; ", _hosts.Select(h =>
        $"{h.Name}{(h.IsLost ? " lost" : "")} {h.Tree} [{string.Join(",", h.Sources.Values.Select(s => "S:" + s.State).Concat(h.Destinations.Values.Select(d => "D:" + d.State)))}] floor {h.Ballots.Lowest} {(h.Ballots.Open is { } o ? "open " + o.Id.Fence : "")}"));
}
