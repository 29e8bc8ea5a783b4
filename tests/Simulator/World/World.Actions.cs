using ActorMigration.Actors;
using ActorMigration.Contracts;

namespace ActorMigration.Simulator;

/// <summary>What the shell of an attempt does for each action of its state machine.</summary>
internal sealed partial class World
{
    private void Perform(SimulatedHost host, AttemptId attempt, ISide side, AttemptAction action)
    {
        switch (action)
        {
            case AttemptAction.Send send:
                Post(host, Host(side.Other), send.Message);
                if (send.Message is HandOver && _mutant == Mutant.SourceKilledAtHandOver)
                {
                    host.Tree = Tree.None;
                }

                break;
            case AttemptAction.ReadFloor:
                Poll(host, attempt, new VoterRequest.AskFloor(Container));
                break;
            case AttemptAction.OpenRegister open:
                Poll(host, attempt, new VoterRequest.Begin(open.Registration));
                break;
            case AttemptAction.JournalBegun begun:
                var signed = begun.Registration with { Signature = FakeKeys.Sign(begun.Registration.Source, DecisionBytes.ToSign(begun.Registration)) };
                Write(host, attempt, new JournalEntry.Begun(begun.Role, signed, 0));
                break;
            case AttemptAction.Journal journal:
                if (journal.Entry is JournalEntry.Proposed { Value: Verdict.Dest } && _mutant == Mutant.GateOpensWithoutVerdict && host.Tree == Tree.Gated)
                {
                    host.Tree = Tree.Running;
                }

                Write(host, attempt, journal.Entry);
                break;
            case AttemptAction.JournalEnded:
                Write(host, attempt, new JournalEntry.Ended(side.Details()));
                break;
            case AttemptAction.SeekPromises:
                FeedProposer(host, attempt, host.Life, new ProposerEvent.SeekPromises(), CrashPoint.None, 0);
                break;
            case AttemptAction.Propose { Value: Verdict.Source } when _mutant == Mutant.SourceThawsOnTimeout && host.Tree == Tree.Frozen:
                host.Tree = Tree.Running;
                break;
            case AttemptAction.Propose propose:
                FeedProposer(host, attempt, host.Life, new ProposerEvent.Propose(propose.Value, propose.Token), CrashPoint.None, 0);
                break;
            case CreatorAction.Withdraw withdraw:
                TellVoters(host, new VoterRequest.Withdraw(withdraw.Register));
                break;
            case CreatorAction.Release release:
                TellVoters(host, new VoterRequest.Release(Container, release.Epoch));
                break;
            case AttemptAction.Acknowledge acknowledge:
                Acknowledge(host, acknowledge.Certificate);
                break;
            case AttemptAction.StartTimer timer:
                _pending.RemoveAll(p => p is Pending.Timer t && t.Owner == host && t.Attempt == attempt && t.Fired.Timer == timer.Timer);
                _pending.Add(new Pending.Timer(attempt, new AttemptEvent.TimerFired(timer.Timer, timer.Serial)) { Owner = host });
                break;
            case AttemptAction.End:
                host.Sides.Remove(attempt);
                host.Proposers.Remove(attempt);
                _pending.RemoveAll(p => p is Pending.Timer t && t.Owner == host && t.Attempt == attempt);
                break;
            case AttemptAction.Alarm { Sentence: var sentence } when sentence.StartsWith("DEST was decided", StringComparison.Ordinal):
                if (!host.HasForgotten)
                {
                    Broken(ViolationKind.DestWithoutProposal, sentence);
                }

                break;
            case AttemptAction.Ignore or AttemptAction.Alarm or AttemptAction.CancelCall or AttemptAction.AnnounceAgain:
                break;
            default:
                if (action is AttemptAction.RestoreToGate && _mutant == Mutant.DecidesBeforeGate && host.Sides[attempt].Registration is not null)
                {
                    var token = new HandOverToken(attempt, Container, side.Fence, HandOverSignature.Root(ManifestOf(attempt, side.Fence)), Digest, Digest, [1]);
                    FeedProposer(host, attempt, host.Life, new ProposerEvent.Propose(Verdict.Dest, token), CrashPoint.None, 0);
                }

                _pending.Add(new Pending.Call(attempt, action) { Owner = host });
                break;
        }
    }

    private void Write(SimulatedHost host, AttemptId attempt, JournalEntry entry) => _pending.Add(new Pending.Write(attempt, entry) { Owner = host });
}
