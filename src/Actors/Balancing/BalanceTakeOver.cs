using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>What a host remembers that begins to balance, or meets a host that it did not know: what the hosts tell of their attempts, beside what it knows itself. Pure.</summary>
internal static class BalanceTakeOver
{
    /// <summary>Open attempts become moves that nobody decided here; ended ones are past moves. A creation is listed among attempts too, and is none.</summary>
    /// <param name="known">What it remembers itself; null for nothing.</param>
    /// <param name="here">This host.</param>
    /// <param name="listed">What the hosts tell.</param>
    /// <param name="isKnown">True for an attempt of a move that is in <paramref name="known"/>, or has ended since the hosts were asked.</param>
    /// <param name="nowUnixMs">When they were asked.</param>
    /// <param name="policy">For the cooldowns.</param>
    /// <returns>The memory, and the moves that are to be followed from now on.</returns>
    public static (BalanceMemory Memory, (DecidedMove Move, AttemptId Attempt)[] Found) Of(
        BalanceMemory? known, HostName here, IEnumerable<AttemptDetails> listed, Predicate<AttemptId> isKnown, long nowUnixMs, BalancePolicy policy)
    {
        var attempts = listed.Where(a => a.Source != a.Destination).OrderBy(a => a.StartedUnixMs).ToArray();
        var past = attempts.Where(a => a.HasEnded && nowUnixMs - a.StartedUnixMs < policy.LongestCooldown.TotalMilliseconds)
            .Aggregate(BalanceMemory.Empty, (m, a) => Ended(m, a, policy)).Past;
        var before = known ?? BalanceMemory.Empty;

        // One that was just ordered is listed before its source has answered: by its container it is known.
        var found = attempts.Where(a => !a.HasEnded && !isKnown(a.Attempt) && !Array.Exists(before.UnderWay, m => m.MadeUnixMs == 0 && m.Move.Move.Container == a.Container))
            .Select(a => (Move: Found(a, here), a.Attempt)).ToArray();
        return (
            before with
            {
                Past = [.. before.Past.Concat(past.Where(p => !Array.Exists(before.Past, b => b.Container == p.Container))).OrderBy(p => p.Container.Value, StringComparer.Ordinal)],
                UnderWay = [.. before.UnderWay, .. found.Select(f => new OrderedMove(f.Move, nowUnixMs, 0, null))],
            },
            found);
    }

    private static BalanceMemory Ended(BalanceMemory memory, AttemptDetails attempt, BalancePolicy policy)
    {
        var move = new DecidedMove("", MoveReason.Balance, MoveOf(attempt), attempt.Fence, "");
        return BalanceRounds.Ended(memory with { UnderWay = [new OrderedMove(move, 0, 0, null)] }, move.Id, attempt.Outcome == AttemptOutcome.Committed, attempt.StartedUnixMs, policy);
    }

    private static DecidedMove Found(AttemptDetails attempt, HostName here) => new(
        $"attempt-{attempt.Attempt}", MoveReason.Balance, MoveOf(attempt), attempt.Fence, $"{attempt.Container} was on its way from {attempt.Source} to {attempt.Destination} when host {here} took over");

    private static PlannedMove MoveOf(AttemptDetails attempt) => new(attempt.Container, attempt.Source, attempt.Destination, 0, 0, new MoveCost(0, 0, 0));
}
