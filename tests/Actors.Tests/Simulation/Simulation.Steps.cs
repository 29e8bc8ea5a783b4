using System.Collections.Immutable;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;

namespace ActorMigration.Actors.Tests.Simulation;

/// <summary>What happens when something is taken, and what is done for each action of a state machine.</summary>
internal sealed partial class Simulation
{
    private static readonly Evidence AnyEvidence = new(EvidenceKind.Tpm2Quote, [], [], [], [], []);

    private void Take(Pending? item)
    {
        switch (item)
        {
            case null:
                break;
            case Pending.Message m when m.To.IsUp && !IsCut(m.From, m.To):
                Receive(m.From, m.To, m.Body);
                break;
            case Pending.Call or Pending.Write:
                Happen(item, isHeard: true);
                break;
            case Pending.Timer t:
                Feed(t.Owner!, t.Attempt, t.Event);
                break;
            case Pending.Local l:
                Feed(l.Owner!, l.Attempt, l.Event);
                break;
            case Pending.Request r:
                AskVoter(r);
                break;
            case Pending.Reply r when !IsCut(Host(r.Voter), r.To):
                FeedProposer(r.To, r.Attempt, r.Life, new ProposerEvent.Replied(r.Voter, r.Ballot, r.Body));
                break;
            case Pending.Reply r:
                FeedProposer(r.To, r.Attempt, r.Life, new ProposerEvent.NoReply(r.Voter, r.Ballot));
                break;
            case Pending.Retry r:
                FeedProposer(r.Host, r.Attempt, r.Host.Life, new ProposerEvent.RetryDue(r.AfterCounter));
                break;
        }
    }

    /// <summary>The migrations actor of a host, in short: to the attempt, a new one, or unknown.</summary>
    private void Receive(SimulatedHost from, SimulatedHost to, IAttemptMessage message)
    {
        if (to.Sources.ContainsKey(message.Attempt) || to.Destinations.ContainsKey(message.Attempt))
        {
            Feed(to, message.Attempt, new AttemptEvent.Received(message));
            return;
        }

        switch (message)
        {
            case OfferMigration offer when to.HasOpenAttempt || to.Journal.History.Exists(h => h.Attempt == offer.Attempt):
                Post(to, from, new MigrationRefused(offer.Attempt, offer.Fence, Phase.Attest, MigrationFailure.AttemptInProgress, "busy"));
                break;
            case OfferMigration offer:
                to.Destinations[offer.Attempt] = NewDestination(offer.Attempt, offer.Fence, to, offer.SourceHost).Offered(offer);
                Feed(to, offer.Attempt, new AttemptEvent.Started());
                break;
            case AskAttempt or SourceAttested or PrepareResources or StopImminent or SourceReattested or ClaimAddress or HandOver or ReadyForStop:
                Post(to, from, new AttemptUnknown(message.Attempt, message.Fence));
                break;
        }
    }

    private void Post(SimulatedHost from, SimulatedHost to, IAttemptMessage message) => _pending.Add(new Pending.Message(from, to, message));

    private void Feed(SimulatedHost host, AttemptId attempt, AttemptEvent e)
    {
        if (!host.IsUp)
        {
            return;
        }

        if (host.Sources.TryGetValue(attempt, out var source))
        {
            Seen.Add($"source {source.State} {Name(e)}");
            var (next, actions) = source.Step(e, _now);
            host.Sources[attempt] = next;
            Trace?.Invoke($"{host.Name} source {source.State} -> {next.State} on {Name(e)}: {string.Join(", ", actions)}");
            Perform(host, attempt, next.Destination, actions);
        }
        else if (host.Destinations.TryGetValue(attempt, out var destination))
        {
            Seen.Add($"destination {destination.State} {Name(e)}");
            var (next, actions) = destination.Step(e, _now);
            host.Destinations[attempt] = next;
            Trace?.Invoke($"{host.Name} destination {destination.State} -> {next.State} on {Name(e)}: {string.Join(", ", actions)}");
            Perform(host, attempt, next.Source, actions);
        }
    }

    private static string Name(AttemptEvent e) => e is AttemptEvent.Received r ? r.Message.GetType().Name : e.GetType().Name;

    private void Perform(SimulatedHost host, AttemptId attempt, HostName other, ImmutableArray<AttemptAction> actions)
    {
        foreach (var action in actions)
        {
            Perform(host, attempt, other, action);
        }
    }

    private void Perform(SimulatedHost host, AttemptId attempt, HostName other, AttemptAction action)
    {
        switch (action)
        {
            case AttemptAction.Send send:
                Post(host, Host(other), send.Message);
                if (send.Message is HandOver && _mutant == Mutant.SourceKilledAtHandOver)
                {
                    host.Tree = Tree.None;
                }

                break;
            case AttemptAction.Quote:
                Local(host, attempt, new AttemptEvent.QuoteMade(AnyEvidence));
                break;
            case AttemptAction.CheckEvidence:
                Local(host, attempt, new AttemptEvent.EvidenceChecked(Fails(200) ? "rejected" : ""));
                break;
            case AttemptAction.ReadFloor:
                Local(host, attempt, new AttemptEvent.FloorRead(ReadFloor(host)));
                break;
            case AttemptAction.JournalBegun begun:
                var signed = begun.Registration with { Signature = FakeKeys.Sign(begun.Registration.Source, DecisionBytes.ToSign(begun.Registration)) };
                _pending.Add(new Pending.Write(attempt, new JournalEntry.Begun(begun.Role, signed, 0), false) { Owner = host });
                break;
            case AttemptAction.OpenRegister open:
                Local(host, attempt, OpenRegister(host, open.Registration));
                break;
            case AttemptAction.Journal journal:
                if (journal.Entry is JournalEntry.Proposed { Value: Verdict.Dest } && _mutant == Mutant.GateOpensWithoutVerdict && host.Tree == Tree.Gated)
                {
                    host.Tree = Tree.Running;
                }

                _pending.Add(new Pending.Write(attempt, journal.Entry, false) { Owner = host });
                break;
            case AttemptAction.JournalEnded:
                var details = host.Sources.TryGetValue(attempt, out var s) ? s.Details() : host.Destinations[attempt].Details();
                _pending.Add(new Pending.Write(attempt, new JournalEntry.Ended(details), false) { Owner = host });
                break;
            case AttemptAction.SeekPromises:
                FeedProposer(host, attempt, host.Life, new ProposerEvent.SeekPromises());
                break;
            case AttemptAction.Propose { Value: Verdict.Source } when _mutant == Mutant.SourceThawsOnTimeout && host.Tree == Tree.Frozen:
                host.Tree = Tree.Running;
                break;
            case AttemptAction.Propose propose:
                FeedProposer(host, attempt, host.Life, new ProposerEvent.Propose(propose.Value, propose.Token));
                break;
            case AttemptAction.Acknowledge acknowledge:
                foreach (var voter in _hosts.Where(v => v.IsUp && !IsCut(host, v) && !Fails(4)))
                {
                    Vote(voter, host.Name, new VoterRequest.Learn(acknowledge.Certificate));
                }

                break;
            case AttemptAction.StartTimer timer:
                _pending.RemoveAll(p => p is Pending.Timer t && t.Owner == host && t.Attempt == attempt && t.Event.Timer == timer.Timer);
                _pending.Add(new Pending.Timer(attempt, new AttemptEvent.TimerFired(timer.Timer, timer.Serial)) { Owner = host });
                break;
            case AttemptAction.End:
                host.Sources.Remove(attempt);
                host.Destinations.Remove(attempt);
                host.Proposers.Remove(attempt);
                break;
            case AttemptAction.Alarm { Sentence: var sentence } when sentence.StartsWith("DEST was decided", StringComparison.Ordinal):
                Violation ??= sentence;
                break;
            case AttemptAction.Ignore or AttemptAction.Alarm or AttemptAction.CancelCall:
                break;
            default:
                _pending.Add(new Pending.Call(attempt, action) { Owner = host });
                break;
        }
    }

    private void Local(SimulatedHost host, AttemptId attempt, AttemptEvent e) => _pending.Add(new Pending.Local(attempt, e) { Owner = host });

    /// <summary>A fault that happens once in so many times while the storm lasts.</summary>
    private bool Fails(int oneIn) => _isStorm && _random.Next(oneIn) == 0;

    private void Happen(Pending item, bool isHeard)
    {
        switch (item)
        {
            case Pending.Write w:
                var isLost = w.Entry is JournalEntry.Frozen && _mutant == Mutant.FrozenNotJournaled;
                if (!isLost)
                {
                    w.Owner!.Journal = w.Owner.Journal.Apply(w.Entry);
                }

                if (isHeard && w.ForProposer)
                {
                    FeedProposer(w.Owner!, w.Attempt, w.Owner!.Life, new ProposerEvent.BallotWritten(((JournalEntry.BallotUsed)w.Entry).Counter));
                }
                else if (isHeard)
                {
                    Feed(w.Owner!, w.Attempt, new AttemptEvent.Journaled(w.Entry));
                }

                break;
            case Pending.Call c:
                var e = DoCall(c.Owner!, c.Action);
                if (isHeard)
                {
                    Feed(c.Owner!, c.Attempt, e);
                }

                break;
        }
    }
}
