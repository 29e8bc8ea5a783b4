using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>
/// Where the containers of drained hosts go: the shortest predicted stop first, each to the host that is least busy with it. Memory is the one thing that hosts cannot share, so the reserve is kept of it; a host may become busier than a balanced
/// cluster would have it, as the operator wants the drained one empty. What has to stay together goes to a host that has room for all of it, one after the other. Pure.
/// </summary>
public sealed class Evacuation
{
    /// <summary>A container that could not be moved is tried again after this, doubled by each failure, but not after more than the policy's cooldown.</summary>
    public static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(30);

    private readonly LoadSnapshot _snapshot;
    private readonly BalancePolicy _policy;
    private readonly MoveHistory _history;
    private readonly Dictionary<HostName, Site> _sites;
    private readonly HashSet<ContainerName> _underWay;

    private Evacuation(LoadSnapshot snapshot, BalancePolicy policy, MoveHistory history, IReadOnlyCollection<DecidedMove> underWay)
    {
        (_snapshot, _policy, _history) = (snapshot, policy, history);
        _sites = snapshot.Hosts.ToDictionary(h => h.Host, h => new Site(h));
        _underWay = [.. underWay.Select(m => m.Move.Container)];
        foreach (var move in underWay.Select(m => m.Move))
        {
            var container = snapshot.Hosts.SelectMany(h => h.Containers).FirstOrDefault(c => c.Name == move.Container);
            Make(move, container);
        }
    }

    /// <param name="snapshot">All hosts that answer.</param>
    /// <param name="policy">Limits and reserve.</param>
    /// <param name="history">What was tried lately.</param>
    /// <param name="underWay">Moves that have not ended; they count.</param>
    public static EvacuationPlan Plan(LoadSnapshot snapshot, BalancePolicy policy, MoveHistory history, IReadOnlyCollection<DecidedMove> underWay)
        => new Evacuation(snapshot, policy, history, underWay).Plan(underWay.Count);

    private EvacuationPlan Plan(int underWay)
    {
        var (moves, stuck, waiting) = (new List<PlannedMove>(), new List<StuckContainer>(), 0);
        var leaving = _snapshot.Hosts.Where(h => h.Standing == HostStanding.Draining)
            .SelectMany(h => h.Containers.Where(c => !_underWay.Contains(c.Name)).Select(c => (From: h.Host, Container: c, Cost: MovePrice.Of(c, _policy.StreamBytesPerSecond))))
            .OrderBy(one => one.Cost.StopSeconds).ThenBy(one => one.Container.Name.Value, StringComparer.Ordinal);
        foreach (var (from, container, cost) in leaving)
        {
            if (WhyNowhere(container) is { } why)
            {
                stuck.Add(new StuckContainer(container.Name, from, why));
            }
            else if (underWay + moves.Count < _policy.MaxMoves && _sites[from].Out < _policy.MaxOut && !IsTooSoon(container.Name) && Best(container) is { } to)
            {
                var move = new PlannedMove(container.Name, from, to, 0, 0, cost);
                moves.Add(move);
                Make(move, container);
            }
            else
            {
                waiting++;
            }
        }

        return new EvacuationPlan([.. moves], [.. stuck], waiting);
    }

    private bool IsTooSoon(ContainerName container)
        => _history.Last.TryGetValue(container, out var last)
           && Math.Abs(_snapshot.AtUnixMs - last.AtUnixMs) < Math.Min(_policy.Cooldown.TotalMilliseconds, FirstRetry.TotalMilliseconds * Math.Pow(2, Math.Min(last.InARow, 30) - 1));

    /// <summary>What no other order of moves could change; null when some host could take it.</summary>
    private string? WhyNowhere(ContainerLoad container)
    {
        var placement = container.Placement;
        if (placement.Pinned)
        {
            return "it is pinned to its host: move it by hand, or remove it";
        }

        var accepting = _sites.Values.Where(s => s.Load.Standing == HostStanding.Accepts).ToArray();
        if (accepting.Length == 0)
        {
            return "no other host takes containers";
        }

        var labelled = accepting.Where(s => HasLabels(s, container)).ToArray();
        if (labelled.Length == 0)
        {
            return $"no host that takes containers has the label {string.Join(" and ", placement.Labels)}";
        }

        if (placement.ApartFrom.Length > 0 && labelled.All(s => IsTaken(s, container)))
        {
            return $"every host that could take it has another container of the group {placement.ApartFrom}, from which it is to be apart";
        }

        return labelled.Any(s => s.Load.Capacity.Memory * (1 - _policy.Reserve) - s.Load.Own.Memory >= container.Used.Memory)
            ? null
            : FormattableString.Invariant($"no host that could take it has {container.Used.Memory / (1 << 20):0} MiB beside its reserve");
    }

    private HostName? Best(ContainerLoad container)
    {
        var together = container.Placement.TogetherWith;
        var group = together.Length == 0 ? [container] : _snapshot.Hosts.SelectMany(h => h.Containers).Where(c => c.Placement.TogetherWith == together).ToArray();
        var begun = together.Length == 0 ? null : _sites.Values.Where(s => s.Load.Standing == HostStanding.Accepts && s.Has(c => c.Placement.TogetherWith == together)).MinBy(s => s.Load.Host.Value, StringComparer.Ordinal);
        return _sites.Values
            .Where(s => s.Load.Standing == HostStanding.Accepts && s.In < _policy.MaxIn && (begun is null || s == begun) && HasLabels(s, container) && !IsTaken(s, container))
            .Where(s => s.Used.Memory + (begun is null ? group.Sum(c => c.Used.Memory) : container.Used.Memory) <= s.Load.Capacity.Memory * (1 - _policy.Reserve))
            .OrderBy(s => s.BusynessWith(container.Used)).ThenBy(s => s.Load.Host.Value, StringComparer.Ordinal)
            .FirstOrDefault()?.Load.Host;
    }

    private static bool HasLabels(Site site, ContainerLoad container) => Array.TrueForAll(container.Placement.Labels, label => site.Load.Labels.Contains(label));

    private static bool IsTaken(Site site, ContainerLoad container)
        => container.Placement.ApartFrom is { Length: > 0 } group && site.Has(c => c.Name != container.Name && c.Placement.ApartFrom == group);

    private void Make(PlannedMove move, ContainerLoad? container)
    {
        if (_sites.TryGetValue(move.From, out var from))
        {
            from.Out++;
        }

        if (_sites.TryGetValue(move.To, out var to))
        {
            to.In++;
            if (container is not null && !to.Has(c => c.Name == container.Name))
            {
                to.Expect(container);
            }
        }
    }

    /// <summary>A host with what is on its way to it.</summary>
    private sealed class Site(HostLoad load)
    {
        /// <summary>In the order of their names, so that no sum depends on the order of the input.</summary>
        private readonly List<ContainerLoad> _containers = [.. load.Containers.OrderBy(c => c.Name.Value, StringComparer.Ordinal)];

        public HostLoad Load { get; } = load;

        public Resources Used { get; private set; } = load.Containers.OrderBy(c => c.Name.Value, StringComparer.Ordinal).Aggregate(load.Own, (sum, c) => sum + c.Used);

        public int In { get; set; }

        public int Out { get; set; }

        public bool Has(Predicate<ContainerLoad> isIt) => _containers.Exists(isIt);

        public void Expect(ContainerLoad container)
        {
            _containers.Add(container);
            Used += container.Used;
        }

        public double BusynessWith(Resources more) => Enumerable.Range(0, Resources.Kinds).Max(kind => (Used[kind] + more[kind]) / Load.Capacity[kind]) + Load.Pressure;
    }
}
