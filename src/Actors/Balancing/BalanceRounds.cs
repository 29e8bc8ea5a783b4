using System.Collections.Immutable;
using System.Globalization;
using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>
/// From one look at all hosts to the next: what is ordered, held back or only said. Drained hosts come first, in every mode; while moves are under way nothing else is planned for balance, as their effect is not seen yet; and an imbalance has to last
/// for some rounds before anything is moved for it. Called by <see cref="BalancerActor"/>, and by the replay of its log. Pure.
/// </summary>
public static class BalanceRounds
{
    /// <summary>The next round.</summary>
    /// <param name="memory">What is remembered.</param>
    /// <param name="self">Who decides.</param>
    /// <param name="snapshot">What is seen.</param>
    /// <param name="policy">When and how much is moved.</param>
    /// <param name="mode">What is done with a plan.</param>
    public static (BalanceMemory Next, BalanceDecision Decision) See(BalanceMemory memory, HostName self, LoadSnapshot snapshot, BalancePolicy policy, BalanceMode mode)
    {
        var round = memory.Round + 1;
        var past = WithMoved(memory, snapshot, policy);
        var history = HistoryOf(past);
        var next = memory with { Round = round, Past = past, Places = PlacesOf(snapshot, memory.Places) };
        var evacuation = Evacuation.Plan(snapshot, policy, history, memory.UnderWay);
        var plan = BalancePlanner.Plan(snapshot, policy, history);

        BalanceDecision Decided(PlannedMove[] moves, MoveReason reason, bool ordered, string sentence) => new(
            self, round, snapshot.AtUnixMs, mode, plan.Imbalance,
            [.. moves.Select((move, index) => new DecidedMove(
                string.Create(CultureInfo.InvariantCulture, $"{self}-{round}.{index + 1}"), reason, move, FenceOf(snapshot, move), SentenceOf(reason, move)))],
            ordered, evacuation.Stuck, sentence);

        if (evacuation.Moves.Length > 0 || evacuation.Waiting > 0)
        {
            var decision = Decided(evacuation.Moves, MoveReason.Drain, evacuation.Moves.Length > 0, $"{Hosts(snapshot)} drained: {Count(evacuation.Moves.Length)} ordered now, {evacuation.Waiting} more to come{Stuck(evacuation)}");
            return (next with { RoundsAbove = 0, UnderWay = [.. memory.UnderWay, .. decision.Moves] }, decision);
        }

        if (memory.UnderWay.Length > 0)
        {
            return (next with { RoundsAbove = 0 }, Decided([], MoveReason.Balance, false, $"{Count(memory.UnderWay.Length)} under way; what is planned next waits for their effect"));
        }

        var above = plan.Imbalance >= policy.Threshold ? memory.RoundsAbove + 1 : 0;
        if (above < policy.HoldRounds && plan.Moves.Length > 0)
        {
            return (next with { RoundsAbove = above }, Decided(plan.Moves, MoveReason.Balance, false, string.Create(CultureInfo.InvariantCulture, $"{plan.Sentence}; held back, round {above} of {policy.HoldRounds}{Stuck(evacuation)}")));
        }

        var isOrdered = mode == BalanceMode.Auto && plan.Moves.Length > 0;
        var made = Decided(plan.Moves, MoveReason.Balance, isOrdered, plan.Sentence + Stuck(evacuation));
        return (next with { RoundsAbove = isOrdered ? 0 : above, UnderWay = isOrdered ? made.Moves : [] }, made);
    }

    /// <summary>The operator orders what a decision only said.</summary>
    public static (BalanceMemory Next, BalanceDecision Decision) Ordered(BalanceMemory memory, BalanceDecision said)
        => (memory with { RoundsAbove = 0, UnderWay = [.. memory.UnderWay, .. said.Moves] }, said with { AreOrdered = true });

    /// <summary>A move has ended, or was refused before it began.</summary>
    public static BalanceMemory Ended(BalanceMemory memory, string move, long atUnixMs, BalancePolicy policy)
    {
        if (Array.Find(memory.UnderWay, m => m.Id == move) is not { } ended)
        {
            return memory;
        }

        // A move that was made is seen as well, at its container's new place; it counts once.
        var container = ended.Move.Container;
        return memory with
        {
            UnderWay = [.. memory.UnderWay.Where(m => m.Id != move)],
            Past = PastOf(HistoryOf(memory.Past).Ended(container, atUnixMs, policy)),
            Places = [.. memory.Places.Where(p => p.Container != container)],
        };
    }

    private static PastMove[] WithMoved(BalanceMemory memory, LoadSnapshot snapshot, BalancePolicy policy)
    {
        var (places, underWay) = (memory.Places.ToDictionary(p => p.Container, p => p.Host), memory.UnderWay.Select(m => m.Move.Container).ToHashSet());
        var history = HistoryOf(memory.Past);
        foreach (var host in snapshot.Hosts)
        {
            foreach (var container in host.Containers.Where(c => !underWay.Contains(c.Name) && places.TryGetValue(c.Name, out var before) && before != host.Host))
            {
                // Somebody else has moved it: the operator, or another balancer before this one.
                history = history.Ended(container.Name, snapshot.AtUnixMs, policy);
            }
        }

        // What counts anew in any case need not be kept.
        return [.. PastOf(history).Where(p => Math.Abs(snapshot.AtUnixMs - p.AtUnixMs) < policy.LongestCooldown.TotalMilliseconds)];
    }

    /// <summary>Of a host that does not answer, what was there stays there.</summary>
    private static LastSeen[] PlacesOf(LoadSnapshot snapshot, LastSeen[] before)
    {
        var answered = snapshot.Hosts.Select(h => h.Host).ToHashSet();
        var seen = snapshot.Hosts.SelectMany(h => h.Containers.Select(c => new LastSeen(c.Name, h.Host))).DistinctBy(p => p.Container).ToArray();
        var names = seen.Select(p => p.Container).ToHashSet();
        return [.. seen.Concat(before.Where(p => !answered.Contains(p.Host) && !names.Contains(p.Container))).OrderBy(p => p.Container.Value, StringComparer.Ordinal)];
    }

    private static MoveHistory HistoryOf(PastMove[] past) => new(past.ToImmutableDictionary(p => p.Container, p => (p.AtUnixMs, p.InARow)));

    private static PastMove[] PastOf(MoveHistory history)
        => [.. history.Last.Select(p => new PastMove(p.Key, p.Value.AtUnixMs, p.Value.InARow)).OrderBy(p => p.Container.Value, StringComparer.Ordinal)];

    private static Fence FenceOf(LoadSnapshot snapshot, PlannedMove move) => snapshot.Hosts.Single(h => h.Host == move.From).Containers.Single(c => c.Name == move.Container).Fence;

    private static string SentenceOf(MoveReason reason, PlannedMove move)
    {
        var price = FormattableString.Invariant($"a predicted stop of {move.Cost.StopSeconds * 1000:0} ms and {move.Cost.Bytes / (1 << 20):0} MiB in {move.Cost.Seconds:0.0} s");
        return reason == MoveReason.Drain
            ? $"{move.Container} leaves {move.From}, which is drained, for {move.To}, the least busy host that may have it, for {price}"
            : FormattableString.Invariant($"{move.Container} leaves {move.From} for {move.To}: the imbalance falls from {move.Before:0.000} to {move.After:0.000}, for {price}");
    }

    private static string Hosts(LoadSnapshot snapshot)
        => string.Join(", ", snapshot.Hosts.Where(h => h.Standing == HostStanding.Draining && h.Containers.Length > 0).Select(h => h.Host.Value).Order(StringComparer.Ordinal)) is { Length: > 0 } names
            ? names.Contains(',', StringComparison.Ordinal) ? $"{names} are" : $"{names} is"
            : "nothing is";

    private static string Count(int moves) => moves == 1 ? "1 move" : string.Create(CultureInfo.InvariantCulture, $"{moves} moves");

    private static string Stuck(EvacuationPlan evacuation)
        => evacuation.Stuck.Length == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"; {evacuation.Stuck.Length} cannot leave a drained host");
}
