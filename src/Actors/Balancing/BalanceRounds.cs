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
    /// <summary>A move that takes longer counts for its container and its two hosts only: one that waits for a host that is away, or for a majority of voters, may not hold up the whole cluster.</summary>
    public static readonly TimeSpan LongMove = TimeSpan.FromMinutes(10);

    /// <summary>What a move has made is believed for so long before every host has to show it: a sample and a look, each late, and a second sample for the rates.</summary>
    public static readonly TimeSpan UntilSeen = TimeSpan.FromSeconds(60);

    /// <summary>The next round.</summary>
    /// <param name="memory">What is remembered.</param>
    /// <param name="self">Who decides.</param>
    /// <param name="told">What is seen.</param>
    /// <param name="policy">When and how much is moved.</param>
    /// <param name="mode">What is done with a plan.</param>
    public static (BalanceMemory Next, BalanceDecision Decision) See(BalanceMemory memory, HostName self, LoadSnapshot told, BalancePolicy policy, BalanceMode mode)
    {
        var (round, now) = (memory.Round + 1, told.AtUnixMs);
        memory = memory with { UnderWay = [.. memory.UnderWay.Where(m => m.MadeUnixMs == 0 || (Math.Abs(now - m.MadeUnixMs) < UntilSeen.TotalMilliseconds && !IsSeen(m.Move.Move, told)))] };
        var snapshot = WithMade(told, memory.UnderWay);
        var underWay = memory.UnderWay.Where(m => m.MadeUnixMs == 0).ToArray();
        var past = WithMoved(memory, snapshot, policy);
        var next = memory with { Round = round, RoundsBelow = 0, Past = past, Places = PlacesOf(snapshot, memory.Places, policy) };
        var recent = underWay.Count(m => Math.Abs(now - m.SinceUnixMs) < LongMove.TotalMilliseconds);
        var evacuation = Evacuation.Plan(snapshot, policy, past, [.. underWay.Select(m => m.Move)], recent);

        // Hosts that take nothing can become neither fuller nor emptier for balance, so that they do not make it uneven either.
        var open = snapshot with { Hosts = [.. snapshot.Hosts.Where(h => h.Standing == HostStanding.Accepts)] };
        var goal = memory.IsSettling ? policy.Threshold * policy.Goal : policy.Threshold;

        // Those that are under way for long count for their hosts and containers, not for the limit of the cluster.
        var plan = BalancePlanner.Plan(
            open, policy with { Threshold = goal, MaxMoves = policy.MaxMoves + underWay.Length }, HistoryOf(past), [.. underWay.Select(m => new MoveUnderWay(m.Move.Move.Container, m.Move.Move.From, m.Move.Move.To))]);
        plan = memory.IsSettling ? plan with { Sentence = plan.Sentence + string.Create(CultureInfo.InvariantCulture, $" (the goal of what was begun above {policy.Threshold:0.000})") } : plan;

        BalanceDecision Decided(PlannedMove[] moves, MoveReason reason, bool ordered, string sentence) => new(
            self, round, now, mode, plan.Imbalance,
            [.. moves.Select((move, index) => (move, index, Why: reason == MoveReason.Drain && IsEvacuated(snapshot, move.From) ? MoveReason.Trust : reason)).Select(one => new DecidedMove(
                string.Create(CultureInfo.InvariantCulture, $"{self}-{round}.{one.index + 1}"), one.Why, one.move, FenceOf(snapshot, one.move), SentenceOf(one.Why, one.move)))],
            ordered, evacuation.Stuck, sentence);

        if (evacuation.Moves.Length > 0)
        {
            var decision = Decided(evacuation.Moves, MoveReason.Drain, true, Drained(snapshot, evacuation, underWay.Length));
            return (next with { RoundsAbove = 0, UnderWay = [.. memory.UnderWay, .. Since(decision, snapshot)] }, decision);
        }

        if (recent > 0)
        {
            return (next with { RoundsAbove = 0 }, Decided([], MoveReason.Balance, false, evacuation.Waiting > 0 ? Drained(snapshot, evacuation, underWay.Length) : $"{Count(recent)} under way; what is planned next waits for the effect"));
        }

        var drains = (evacuation.Waiting, evacuation.Stuck.Length) is (0, 0) ? "" : $"; {Drained(snapshot, evacuation, 0)}";
        var above = plan.Imbalance >= goal || plan.Moves.Length > 0 ? memory.RoundsAbove + 1 : 0;
        if (above < policy.HoldRounds && plan.Moves.Length > 0)
        {
            return (next with { RoundsAbove = above }, Decided(plan.Moves, MoveReason.Balance, false, string.Create(CultureInfo.InvariantCulture, $"{plan.Sentence}; held back, round {above} of {policy.HoldRounds}{drains}")));
        }

        var made = Decided(plan.Moves, MoveReason.Balance, mode == BalanceMode.Auto && plan.Moves.Length > 0, plan.Sentence + drains);
        var below = memory.IsSettling && plan.Moves.Length == 0 ? memory.RoundsBelow + 1 : 0;
        return made.AreOrdered
            ? (next with { RoundsAbove = 0, IsSettling = true, UnderWay = [.. memory.UnderWay, .. Since(made, snapshot)] }, made)
            : (next with { RoundsAbove = above, RoundsBelow = below, IsSettling = memory.IsSettling && below < policy.HoldRounds }, made);
    }

    /// <summary>The operator orders what a decision only said.</summary>
    /// <param name="memory">What is remembered.</param>
    /// <param name="said">The decision.</param>
    /// <param name="seen">What it was made of.</param>
    public static (BalanceMemory Next, BalanceDecision Decision) Ordered(BalanceMemory memory, BalanceDecision said, LoadSnapshot seen)
        => (memory with { RoundsAbove = 0, IsSettling = true, UnderWay = [.. memory.UnderWay, .. Since(said, seen)] }, said with { AreOrdered = true });

    /// <summary>How many moves are under way that the next plan waits for.</summary>
    public static int Recent(BalanceMemory memory, long nowUnixMs) => memory.UnderWay.Count(m => m.MadeUnixMs == 0 && Math.Abs(nowUnixMs - m.SinceUnixMs) < LongMove.TotalMilliseconds);

    /// <summary>A move has ended, or was refused before it began.</summary>
    /// <param name="memory">What is remembered.</param>
    /// <param name="move">Its id.</param>
    /// <param name="isMade">True when the container is where it was to go.</param>
    /// <param name="atUnixMs">When.</param>
    /// <param name="policy">In force.</param>
    public static BalanceMemory Ended(BalanceMemory memory, string move, bool isMade, long atUnixMs, BalancePolicy policy)
    {
        if (Array.Find(memory.UnderWay, m => m.Move.Id == move && m.MadeUnixMs == 0) is not { Move.Move: var ended } ordered)
        {
            return memory;
        }

        // A move that was made is seen as well, at its container's new place; it counts once.
        return memory with
        {
            UnderWay = [.. memory.UnderWay.Where(m => m != ordered), .. isMade ? [ordered with { MadeUnixMs = atUnixMs }] : (OrderedMove[])[]],
            Past = With(memory.Past, ended.Container, isMade ? null : ended.To, atUnixMs, policy),
            Places = [.. memory.Places.Where(p => p.Container != ended.Container), .. isMade ? [new LastSeen(ended.Container, ended.To, atUnixMs)] : (LastSeen[])[]],
        };
    }

    private static IEnumerable<OrderedMove> Since(BalanceDecision decision, LoadSnapshot seen)
        => decision.Moves.Select(m => new OrderedMove(m, decision.AtUnixMs, 0, seen.Hosts.FirstOrDefault(h => h.Host == m.Move.From)?.Containers.FirstOrDefault(c => c.Name == m.Move.Container)));

    private static bool IsSeen(PlannedMove move, LoadSnapshot told)
        => Lists(told, move.To, move.Container) && !Lists(told, move.From, move.Container);

    private static bool Lists(LoadSnapshot told, HostName host, ContainerName container) => told.Hosts.Any(h => h.Host == host && Array.Exists(h.Containers, c => c.Name == container));

    /// <summary>A host that told its load before a move was made is told of it here; what the container used is what it will use.</summary>
    private static LoadSnapshot WithMade(LoadSnapshot told, OrderedMove[] moves)
    {
        foreach (var (move, _, _, before) in moves.Where(m => m.MadeUnixMs != 0))
        {
            var (container, from, to) = (move.Move.Container, move.Move.From, move.Move.To);
            var load = told.Hosts.FirstOrDefault(h => h.Host == from)?.Containers.FirstOrDefault(c => c.Name == container) ?? before;
            told = told with
            {
                Hosts = [.. told.Hosts.Select(h => h.Host == from ? h with { Containers = [.. h.Containers.Where(c => c.Name != container)] }
                    : h.Host == to && load is not null && !Array.Exists(h.Containers, c => c.Name == container) ? h with { Containers = [.. h.Containers, load] }
                    : h)],
            };
        }

        return told;
    }

    private static PastMove[] WithMoved(BalanceMemory memory, LoadSnapshot snapshot, BalancePolicy policy)
    {
        var (places, busy) = (memory.Places.ToDictionary(p => p.Container, p => p.Host), memory.UnderWay.Select(m => m.Move.Move.Container).ToHashSet());
        var past = memory.Past;
        foreach (var seen in Seen(snapshot, places).Where(s => !busy.Contains(s.Container) && places.TryGetValue(s.Container, out var before) && before != s.Host))
        {
            // Somebody else has moved it: the operator, or another balancer before this one.
            past = With(past, seen.Container, null, snapshot.AtUnixMs, policy);
        }

        // What counts anew in any case need not be kept.
        return [.. past.Where(p => Math.Abs(snapshot.AtUnixMs - p.AtUnixMs) < policy.LongestCooldown.TotalMilliseconds)];
    }

    /// <summary>What is not seen (its host is away, it stands in the middle of a move) stays where it was, for as long as a move is remembered.</summary>
    private static LastSeen[] PlacesOf(LoadSnapshot snapshot, LastSeen[] before, BalancePolicy policy)
    {
        var seen = Seen(snapshot, before.ToDictionary(p => p.Container, p => p.Host)).ToArray();
        var names = seen.Select(p => p.Container).ToHashSet();
        var kept = before.Where(p => !names.Contains(p.Container) && Math.Abs(snapshot.AtUnixMs - p.AtUnixMs) < policy.LongestCooldown.TotalMilliseconds);
        return [.. seen.Concat(kept).OrderBy(p => p.Container.Value, StringComparer.Ordinal)];
    }

    /// <summary>In a hand-over two hosts may list a container: then it counts as being at its new place.</summary>
    private static IEnumerable<LastSeen> Seen(LoadSnapshot snapshot, Dictionary<ContainerName, HostName> before)
        => snapshot.Hosts.SelectMany(h => h.Containers.Select(c => new LastSeen(c.Name, h.Host, snapshot.AtUnixMs)))
            .GroupBy(p => p.Container)
            .Select(g => g.OrderBy(p => before.TryGetValue(p.Container, out var old) && old == p.Host).ThenBy(p => p.Host.Value, StringComparer.Ordinal).First());

    private static PastMove[] With(PastMove[] past, ContainerName container, HostName? failedTo, long atUnixMs, BalancePolicy policy)
    {
        var before = Array.Find(past, p => p.Container == container);
        var (_, inARow) = HistoryOf(past).Ended(container, atUnixMs, policy).Last[container];
        var ended = new PastMove(container, atUnixMs, inARow, failedTo is null ? 0 : (before?.Failures ?? 0) + 1, failedTo);
        return [.. past.Where(p => p.Container != container).Append(ended).OrderBy(p => p.Container.Value, StringComparer.Ordinal)];
    }

    private static MoveHistory HistoryOf(PastMove[] past) => new(past.ToImmutableDictionary(p => p.Container, p => (p.AtUnixMs, p.InARow)));

    private static bool IsEvacuated(LoadSnapshot snapshot, HostName host) => snapshot.Hosts.Any(h => h.Host == host && h.Standing == HostStanding.Evacuated);

    private static Fence FenceOf(LoadSnapshot snapshot, PlannedMove move) => snapshot.Hosts.First(h => h.Host == move.From).Containers.First(c => c.Name == move.Container).Fence;

    private static string SentenceOf(MoveReason reason, PlannedMove move)
    {
        var price = FormattableString.Invariant($"a predicted stop of {move.Cost.StopSeconds * 1000:0} ms and {move.Cost.Bytes / (1 << 20):0} MiB in {move.Cost.Seconds:0.0} s");
        return reason == MoveReason.Trust
            ? $"{move.Container} leaves {move.From}, which is not trusted, for {move.To}, the least busy host that may have it, for {price}"
            : reason == MoveReason.Drain
            ? $"{move.Container} leaves {move.From}, which is drained, for {move.To}, the least busy host that may have it, for {price}"
            : FormattableString.Invariant($"{move.Container} leaves {move.From} for {move.To}: the imbalance falls from {move.Before:0.000} to {move.After:0.000}, for {price}");
    }

    private static string Drained(LoadSnapshot snapshot, EvacuationPlan evacuation, int underWay)
    {
        var hosts = snapshot.Hosts.Where(h => h.IsLeft && h.Containers.Length > 0).Select(h => h.Host.Value).Order(StringComparer.Ordinal).ToArray();
        return string.Create(CultureInfo.InvariantCulture, $"{(hosts.Length == 0 ? "a host is" : hosts.Length == 1 ? $"{hosts[0]} is" : $"{string.Join(", ", hosts)} are")} emptied: {Count(evacuation.Moves.Length)} ordered now, {underWay} under way before, {evacuation.Waiting} to come, {evacuation.Stuck.Length} cannot leave");
    }

    private static string Count(int moves) => moves == 1 ? "1 move" : string.Create(CultureInfo.InvariantCulture, $"{moves} moves");
}
