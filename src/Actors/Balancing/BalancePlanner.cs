using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>
/// Which containers should be where: takes the best move again and again, until none is worth its price or the limits are reached. The same input gives the same plan, whatever the order of the hosts. Pure.
///
/// A move is made only when the imbalance falls by the margin, and when what that is worth is above what the container pays (its stop, and a hundredth of the time that the hosts are busy with it). Every move is judged with those above it made.
/// </summary>
public sealed class BalancePlanner
{
    /// <summary>Hosts, from the busiest on, of which anything may leave in one plan.</summary>
    private const int Sources = 8;

    /// <summary>Hosts, from the least busy on, that anything may go to.</summary>
    private const int Destinations = 24;

    /// <summary>What a second of copying counts beside a second of standing still.</summary>
    private const double CopyWeight = 0.01;

    private readonly BalancePolicy _policy;
    private readonly MoveHistory _history;
    private readonly long _now;
    private readonly int _underWay;
    private readonly Site[] _sites;
    private readonly Imbalance _imbalance;

    private BalancePlanner(LoadSnapshot snapshot, BalancePolicy policy, MoveHistory history, IReadOnlyCollection<MoveUnderWay> underWay)
    {
        (_policy, _history, _now) = (policy, history, snapshot.AtUnixMs);
        _sites = [.. snapshot.Hosts.OrderBy(h => h.Host.Value, StringComparer.Ordinal).Select(h => new Site(h))];
        _underWay = underWay.Count;
        var sites = _sites.ToDictionary(s => s.Load.Host);
        foreach (var move in underWay.OrderBy(m => m.Container.Value, StringComparer.Ordinal))
        {
            Site.Carry(move.Container, sites.GetValueOrDefault(move.From), sites.GetValueOrDefault(move.To));
        }

        _imbalance = new Imbalance(_sites.Select(s => (s.Load.Capacity, s.Used)));
    }

    /// <summary>With nothing under way.</summary>
    public static BalancePlan Plan(LoadSnapshot snapshot, BalancePolicy policy, MoveHistory history) => Plan(snapshot, policy, history, []);

    /// <param name="snapshot">All hosts that have told their load.</param>
    /// <param name="policy">What is wanted.</param>
    /// <param name="history">Moves that have ended.</param>
    /// <param name="underWay">Moves that have not. Their containers may be in the snapshot on either host.</param>
    /// <exception cref="ArgumentException">A number of the snapshot is none, is negative, or a host has no capacity: who made it has a defect.</exception>
    public static BalancePlan Plan(LoadSnapshot snapshot, BalancePolicy policy, MoveHistory history, IReadOnlyCollection<MoveUnderWay> underWay)
    {
        Check(snapshot);
        return snapshot.Hosts.Length < 2
            ? new BalancePlan(0, [], "there are no two hosts to choose from")
            : new BalancePlanner(snapshot, policy, history, underWay).Plan();
    }

    private static void Check(LoadSnapshot snapshot)
    {
        foreach (var host in snapshot.Hosts)
        {
            for (var kind = 0; kind < Resources.Kinds; kind++)
            {
                if (!(host.Capacity[kind] > 0) || !double.IsFinite(host.Capacity[kind]))
                {
                    throw new ArgumentException($"host {host.Host} has no capacity of kind {kind}", nameof(snapshot));
                }
            }

            if (!host.Own.IsAmount || host.Containers.FirstOrDefault(c => !c.Used.IsAmount || !(c.ResidentBytes >= 0) || !(c.DirtyBytesPerSecond >= 0)) is not null)
            {
                throw new ArgumentException($"a load on host {host.Host} is no amount", nameof(snapshot));
            }
        }
    }

    private BalancePlan Plan()
    {
        var before = _imbalance.Value;
        if (before < _policy.Threshold)
        {
            return new BalancePlan(before, [], FormattableString.Invariant($"the imbalance is {before:0.000}, below the threshold of {_policy.Threshold:0.000}"));
        }

        var moves = new List<PlannedMove>();
        while (moves.Count + _underWay < _policy.MaxMoves && _imbalance.Value >= _policy.Threshold && Best() is var (from, to, container, after, cost))
        {
            moves.Add(new PlannedMove(container.Name, from.Load.Host, to.Load.Host, _imbalance.Value, after, cost));
            _imbalance.Make(container.Used, from.Amounts, to.Amounts);
            from.Lose(container);
            to.Gain(container);
        }

        return new BalancePlan(
            before,
            [.. moves],
            FormattableString.Invariant($"the imbalance is {before:0.000}; {moves.Count} moves make it {_imbalance.Value:0.000}; ")
            + (moves.Count + _underWay >= _policy.MaxMoves ? "more are not made at once"
                : _imbalance.Value < _policy.Threshold ? "that is below the threshold"
                : "no other move is allowed and worth its price"));
    }

    private (Site From, Site To, ContainerLoad Container, double After, MoveCost Cost)? Best()
    {
        var current = _imbalance.Value;
        var byBusyness = _sites.OrderByDescending(s => s.Busyness).ThenBy(s => s.Load.Host.Value, StringComparer.Ordinal).ToArray();
        var destinations = byBusyness.Reverse().Where(s => s.Load.Standing == HostStanding.Accepts && s.In < _policy.MaxIn).Take(Destinations).ToArray();
        (Site, Site, ContainerLoad, double, MoveCost)? best = null;
        var worth = 0.0;
        foreach (var from in byBusyness.Where(s => s.Out < _policy.MaxOut).Take(Sources))
        {
            foreach (var container in from.Containers.Where(c => IsMovable(from, c)))
            {
                var cost = MovePrice.Of(container, _policy.StreamBytesPerSecond);
                foreach (var to in destinations)
                {
                    if (to == from || !Fits(container, to))
                    {
                        continue;
                    }

                    var after = _imbalance.After(container.Used, from.Amounts, to.Amounts);
                    var net = ((current - after) * _policy.WorthSeconds) - cost.StopSeconds - (cost.Seconds * CopyWeight);
                    if (after <= current * (1 - _policy.Margin) && net > worth)
                    {
                        (best, worth) = ((from, to, container, after, cost), net);
                    }
                }
            }
        }

        return best;
    }

    /// <summary>Containers that belong together are not torn apart: they are moved by the operator only.</summary>
    private bool IsMovable(Site from, ContainerLoad container)
        => !container.Placement.Pinned && !_history.IsCooling(container.Name, _now, _policy) && !from.Moved.Contains(container.Name)
           && (container.Placement.TogetherWith.Length == 0 || from.Containers.Count(c => c.Placement.TogetherWith == container.Placement.TogetherWith) == 1);

    private bool Fits(ContainerLoad container, Site to)
    {
        for (var kind = 0; kind < Resources.Kinds; kind++)
        {
            if (to.Used[kind] + container.Used[kind] > to.Load.Capacity[kind] * (1 - _policy.Reserve))
            {
                return false;
            }
        }

        return Array.TrueForAll(container.Placement.Labels, label => to.Load.Labels.Contains(label))
            && (container.Placement.ApartFrom.Length == 0 || !to.Containers.Any(c => c.Placement.ApartFrom == container.Placement.ApartFrom));
    }

    /// <summary>A host while the plan is made.</summary>
    private sealed class Site(HostLoad load)
    {
        public HostLoad Load { get; } = load;

        /// <summary>In the order of their names.</summary>
        public List<ContainerLoad> Containers { get; } = [.. load.Containers.OrderBy(c => c.Name.Value, StringComparer.Ordinal)];

        public Resources Used { get; private set; } = load.Containers.OrderBy(c => c.Name.Value, StringComparer.Ordinal).Aggregate(load.Own, (sum, c) => sum + c.Used);

        public int In { get; private set; }

        public int Out { get; private set; }

        /// <summary>What came here in this plan stays.</summary>
        public HashSet<ContainerName> Moved { get; } = [];

        public (Resources Capacity, Resources Used) Amounts => (Load.Capacity, Used);

        /// <summary>The highest share of anything, and what waits for it.</summary>
        public double Busyness => Enumerable.Range(0, Resources.Kinds).Max(kind => Used[kind] / Load.Capacity[kind]) + Load.Pressure;

        /// <summary>Counts a move under way as made. A host that has not told its load is not there.</summary>
        public static void Carry(ContainerName name, Site? from, Site? to)
        {
            var here = from?.Containers.Find(c => c.Name == name);
            var there = to?.Containers.Find(c => c.Name == name);
            if (here is not null && there is null)
            {
                from!.Lose(here);
                to?.Gain(here);
                return;
            }

            if (from is not null)
            {
                from.Out++;
            }

            if (to is not null)
            {
                to.In++;
                to.Moved.Add(name);
            }
        }

        public void Lose(ContainerLoad container)
        {
            Containers.Remove(container);
            Used -= container.Used;
            Out++;
        }

        public void Gain(ContainerLoad container)
        {
            Containers.Add(container);
            Moved.Add(container.Name);
            Used += container.Used;
            In++;
        }
    }
}
