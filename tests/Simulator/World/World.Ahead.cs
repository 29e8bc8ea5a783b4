using ActorMigration.Actors;
using ActorMigration.Contracts;

namespace ActorMigration.Simulator;

/// <summary>What taking an item would do, without doing it: for schedules that aim at a cell of the coverage.</summary>
internal sealed partial class World
{
    /// <summary>The cell that would be handled if the item were taken now with that outcome; -1 for none, or when only doing it tells.</summary>
    public int CellAhead(Pending item, Outcome outcome) => item switch
    {
        Pending.Message m when m.To.IsUp && !IsCut(m.From, m.To) => CellOf(m.To, m.Body.Attempt, new AttemptEvent.Received(m.Body)),
        Pending.Local l => CellOf(l.Owner!, l.Attempt, l.Happened),
        Pending.Timer t => CellOf(t.Owner!, t.Attempt, t.Fired),
        Pending.Write { Entry: not JournalEntry.BallotUsed } w when !w.Owner!.IsJournalBroken && outcome != Outcome.FailsAfter && IsNextWrite(w)
            => CellOf(w.Owner!, w.Attempt, outcome == Outcome.Well ? new AttemptEvent.Journaled(w.Entry) : new AttemptEvent.JournalFailed(w.Entry, "")),
        Pending.Call { Action: AttemptAction.Quote } c when outcome == Outcome.Fails => CellOf(c.Owner!, c.Attempt, new AttemptEvent.QuoteFailed("")),
        Pending.Request r when r.Voter.IsUp && !IsCut(r.From, r.Voter) => Cells.Of(r.Voter, r.Body),
        Pending.Reply { Asker: Asker.Ballot ballot } r when !IsCut(r.Voter, r.To) => CellOf(r.To, r.Asker, new ProposerEvent.Replied(r.Voter.Name, ballot.Under, r.Body)),
        _ => -1,
    };

    private static int CellOf(SimulatedHost host, AttemptId attempt, AttemptEvent happened) => host.IsUp && host.Sides.TryGetValue(attempt, out var side) ? Cells.Of(side, happened) : -1;

    private static int CellOf(SimulatedHost host, Asker asker, ProposerEvent e) => host.IsUp && asker.Life == host.Life && host.Proposers.TryGetValue(asker.Attempt, out var proposer) ? Cells.Of(proposer, e) : -1;

    private bool IsNextWrite(Pending.Write write) => _pending.Find(p => p is Pending.Write && p.Owner == write.Owner) == write;
}
