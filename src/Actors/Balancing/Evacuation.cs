using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>
/// Where the containers of drained hosts go, and before them those of hosts that are not trusted and are to be emptied: the shortest predicted stop first, each to the host that is least busy with it. Memory is the one thing that hosts cannot share, so the reserve is kept of it; a host may become busier than a balanced
/// cluster would have it, as the operator wants the drained one empty. What has to stay together goes to a host that has room for all of it, one after the other. A host that a container could not be moved to the last time comes last. Pure.
/// </summary>
public sealed class Evacuation
{
    /// <summary>A container that could not be moved is tried again after this, doubled by each failure in a row, but not after more than the policy's cooldown.</summary>
    public static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(30);

    /// <summary>Doublings after which any cooldown is reached.</summary>
    private const int MostDoublings = 30;

    private readonly LoadSnapshot _snapshot;
    private readonly BalancePolicy _policy;
    private readonly Dictionary<ContainerName, PastMove> _past;
    private readonly Dictionary<HostName, BalanceSite> _sites;
    private readonly HashSet<ContainerName> _underWay;

    private Evacuation(LoadSnapshot snapshot, BalancePolicy policy, IEnumerable<PastMove> past, IReadOnlyCollection<DecidedMove> underWay)
    {
        (_snapshot, _policy) = (snapshot, policy);
        _past = past.ToDictionary(p => p.Container);
        _sites = snapshot.Hosts.ToDictionary(h => h.Host, h => new BalanceSite(h, c => MovePrice.Of(c, policy.StreamBytesPerSecond), static _ => false));
        _underWay = [.. underWay.Select(m => m.Move.Container)];
        foreach (var move in underWay.Select(m => m.Move))
        {
            BalanceSite.Carry(move.Container, _sites.GetValueOrDefault(move.From), _sites.GetValueOrDefault(move.To));
        }
    }

    /// <param name="snapshot">All hosts that answer.</param>
    /// <param name="policy">Limits and reserve.</param>
    /// <param name="past">What was tried lately.</param>
    /// <param name="underWay">Moves that have not ended; they count for their containers and hosts.</param>
    /// <param name="countedUnderWay">How many of them count for the limit of the cluster.</param>
    public static EvacuationPlan Plan(LoadSnapshot snapshot, BalancePolicy policy, IEnumerable<PastMove> past, IReadOnlyCollection<DecidedMove> underWay, int countedUnderWay)
        => new Evacuation(snapshot, policy, past, underWay).Plan(countedUnderWay);

    private EvacuationPlan Plan(int underWay)
    {
        var (moves, stuck, waiting) = (new List<PlannedMove>(), new List<StuckContainer>(), 0);
        foreach (var host in _snapshot.Hosts.Where(h => h.Standing == HostStanding.Untrusted))
        {
            stuck.AddRange(host.Containers.Where(c => !_underWay.Contains(c.Name)).OrderBy(c => c.Name.Value, StringComparer.Ordinal)
                .Select(c => new StuckContainer(c.Name, host.Host, true, "its host is not trusted, and nobody takes the memory of such a host")));
        }

        var leaving = _snapshot.Hosts.Where(h => h.IsLeft)
            .SelectMany(h => h.Containers.Where(c => !_underWay.Contains(c.Name)).Select(c => (From: h.Host, h.Standing, Container: c, Cost: MovePrice.Of(c, _policy.StreamBytesPerSecond))))
            .OrderBy(one => one.Standing != HostStanding.Evacuated).ThenBy(one => Begun(one.Container) is null).ThenBy(one => one.Cost.StopSeconds).ThenBy(one => one.Container.Name.Value, StringComparer.Ordinal);
        foreach (var (from, _, container, cost) in leaving)
        {
            if (container.Obstacle.Length > 0)
            {
                stuck.Add(new StuckContainer(container.Name, from, false, Printable.Of(container.Obstacle)));
            }
            else if (WhyNowhere(container) is { } why)
            {
                stuck.Add(new StuckContainer(container.Name, from, why.IsForGood, why.Sentence));
            }
            else if (underWay + moves.Count < _policy.MaxMoves && _sites[from].Out < _policy.MaxOut && !IsTooSoon(container.Name) && Best(container) is { } to)
            {
                var move = new PlannedMove(container.Name, from, to, 0, 0, cost);
                moves.Add(move);
                _sites[from].Lose(container);
                _sites[to].Gain(container);
            }
            else
            {
                waiting++;
            }
        }

        return new EvacuationPlan([.. moves], [.. stuck], waiting);
    }

    private bool IsTooSoon(ContainerName container)
        => _past.TryGetValue(container, out var last) && last.Failures > 0
           && Math.Abs(_snapshot.AtUnixMs - last.AtUnixMs) < Math.Min(_policy.Cooldown.TotalMilliseconds, FirstRetry.TotalMilliseconds * Math.Pow(2, Math.Min(last.Failures - 1, MostDoublings)));

    /// <summary>Why no host can take it as things are; null when one can, if not at this moment.</summary>
    private (bool IsForGood, string Sentence)? WhyNowhere(ContainerLoad container)
    {
        var placement = container.Placement;
        if (placement.Pinned)
        {
            return (true, "it is pinned to its host: move it by hand, or remove it");
        }

        var begun = Begun(container);
        var group = begun is null ? Group(container) : [container];
        if (group.FirstOrDefault(c => c.Placement.Pinned) is { } pinned)
        {
            return (true, $"it belongs together with {pinned.Name}, which is pinned to its host");
        }

        var left = _sites.Values.Where(s => s.Load.Standing == HostStanding.Accepts).ToArray();
        if (left.Length == 0)
        {
            return (false, "no other host takes containers");
        }

        if (Keep(ref left, s => Array.TrueForAll(group, s.HasLabelsOf)))
        {
            return (false, $"no host that takes containers has the label {string.Join(" and ", group.SelectMany(c => c.Placement.Labels).Distinct().Order(StringComparer.Ordinal))}");
        }

        if (Keep(ref left, s => !Array.Exists(group, s.HasToBeApartFrom)))
        {
            return (false, $"every host that could take it has another container of the group {string.Join(" or ", group.Select(c => c.Placement.ApartFrom).Where(g => g.Length > 0).Distinct().Order(StringComparer.Ordinal))}, from which it is to be apart");
        }

        if (Keep(ref left, s => begun is null || s == begun))
        {
            return (false, $"it belongs together with what is on host {begun!.Load.Host}, which cannot take it");
        }

        var memory = group.Sum(c => c.Used.Memory);
        return Keep(ref left, s => HasRoom(s, memory))
            ? (false, FormattableString.Invariant($"no host that could take it has {memory / (1 << 20):0} MiB beside its reserve now{(memory > container.Used.Memory ? $", which is what the group {placement.TogetherWith} needs" : "")}"))
            : null;
    }

    /// <summary>True when nothing is left.</summary>
    private static bool Keep(ref BalanceSite[] sites, Predicate<BalanceSite> isIt)
    {
        sites = Array.FindAll(sites, isIt);
        return sites.Length == 0;
    }

    private HostName? Best(ContainerLoad container)
    {
        var begun = Begun(container);
        var group = begun is null ? Group(container) : [container];
        var memory = group.Sum(c => c.Used.Memory);
        var failed = _past.GetValueOrDefault(container.Name)?.FailedTo;
        return _sites.Values
            .Where(s => s.Load.Standing == HostStanding.Accepts && s.In < _policy.MaxIn && (begun is null || s == begun) && Array.TrueForAll(group, c => s.HasLabelsOf(c) && !s.HasToBeApartFrom(c)) && HasRoom(s, memory))
            .OrderBy(s => s.Load.Host == failed).ThenBy(s => s.BusynessWith(container.Used)).ThenBy(s => s.Load.Host.Value, StringComparer.Ordinal)
            .FirstOrDefault()?.Load.Host;
    }

    /// <summary>The host to which a part of what belongs together with it has gone already.</summary>
    private BalanceSite? Begun(ContainerLoad container)
        => container.Placement.TogetherWith is { Length: > 0 } together
            ? _sites.Values.Where(s => s.Load.Standing == HostStanding.Accepts && s.Containers.Exists(c => c.Placement.TogetherWith == together)).MinBy(s => s.Load.Host.Value, StringComparer.Ordinal)
            : null;

    /// <summary>What belongs together, itself among it: the first of it goes where all of it may be and has room.</summary>
    private ContainerLoad[] Group(ContainerLoad container)
        => container.Placement.TogetherWith.Length == 0
            ? [container]
            : [.. _snapshot.Hosts.SelectMany(h => h.Containers).Where(c => c.Placement.TogetherWith == container.Placement.TogetherWith).OrderBy(c => c.Name.Value, StringComparer.Ordinal)];

    private bool HasRoom(BalanceSite site, double memory) => site.Used.Memory + memory <= site.Load.Capacity.Memory * (1 - _policy.Reserve);
}
