using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>What a <see cref="BalancerActor"/> has decided: the last decision, those that <c>amig explain</c> knows, and the log. Not thread-safe.</summary>
internal sealed class BalanceDecisions(IBalanceStore store)
{
    /// <summary>Older ones are in the log.</summary>
    private const int MostRemembered = 200;

    /// <summary>Containers that cannot leave, in one answer; some 150 bytes each.</summary>
    private const int MostStuck = 1000;

    private readonly List<BalanceDecision> _decisions = [];
    private BalanceDecision? _logged;
    private BalanceRecord? _record;

    /// <summary>Null before the first look.</summary>
    public BalanceDecision? Last { get; private set; }

    /// <summary>A decision as it is told: it has to fit into one message.</summary>
    public static BalanceDecision Short(BalanceDecision decision) => decision with { Stuck = [.. decision.Stuck.Take(MostStuck)] };

    public void Add(BalanceRecord record)
    {
        (_record, Last) = (record, record.Decision);
        _decisions.Add(record.Decision);
        if (_decisions.Count > MostRemembered)
        {
            // Those with moves are worth more than those that found nothing to do; the newest is never the one that goes.
            _decisions.RemoveAt(Math.Max(0, _decisions.FindIndex(0, _decisions.Count - 1, d => d.Moves.Length == 0)));
        }

        if (Last.AreOrdered || (Last.Moves.Length > 0 && !IsSame(Last, _logged)))
        {
            Log();
        }
    }

    /// <summary>Another host decides now: what this one has decided is not what is.</summary>
    public void Forget() => (Last, _logged, _record) = (null, null, null);

    /// <summary>The decision that a move is of; null for one that is not remembered.</summary>
    public BalanceDecision? Of(string move) => _decisions.FindLast(d => Array.Exists(d.Moves, m => m.Id == move));

    /// <summary>Why the last plan cannot be ordered; null when it can.</summary>
    /// <param name="round">That the operator has read; 0 for any.</param>
    /// <param name="underWay">Moves that the next plan waits for.</param>
    /// <param name="nowUnixMs">Now.</param>
    /// <param name="oldest">A plan may be so old.</param>
    public CommandRefused? WhyNotApply(long round, int underWay, long nowUnixMs, TimeSpan oldest)
        => Last is not { Moves.Length: > 0 } said || said.Moves[0].Reason != MoveReason.Balance
                ? new CommandRefused(MigrationFailure.TooLate, "there is no plan to apply: the last look found nothing worth a move; 'amig balance plan' looks again")
            : said.AreOrdered ? new CommandRefused(MigrationFailure.AttemptInProgress, "the moves of the last plan are ordered already")
            : underWay > 0 ? new CommandRefused(MigrationFailure.AttemptInProgress, "moves are under way; 'amig balance plan' looks again when they have ended")
            : round != 0 && said.Round != round ? new CommandRefused(MigrationFailure.TooLate, $"the plan of round {round} is not the last one any more; that is the one of round {said.Round}")
            : nowUnixMs - said.AtUnixMs > oldest.TotalMilliseconds ? new CommandRefused(MigrationFailure.TooLate, "the last plan is too old; 'amig balance plan' looks again")
            : null;

    /// <summary>The last plan is ordered after all. It is in the log as it was said, so that a replay gives the same.</summary>
    /// <returns>What is remembered from now on, and the decision.</returns>
    public (BalanceMemory Memory, BalanceDecision Decision) Order(BalanceMemory memory)
    {
        if (!ReferenceEquals(_logged, Last))
        {
            Log();
        }

        var (next, decision) = BalanceRounds.Ordered(memory, Last!, _record!.Snapshot);
        _decisions[_decisions.FindLastIndex(d => d.Round == decision.Round)] = decision;
        Last = decision;
        return (next, decision);
    }

    private void Log()
    {
        store.Append(_record!);
        _logged = Last;
    }

    /// <summary>The same moves, said once more.</summary>
    private static bool IsSame(BalanceDecision one, BalanceDecision? other)
        => other is not null && one.Moves.Select(m => (m.Move.Container, m.Move.To, m.Reason)).SequenceEqual(other.Moves.Select(m => (m.Move.Container, m.Move.To, m.Reason)));
}
