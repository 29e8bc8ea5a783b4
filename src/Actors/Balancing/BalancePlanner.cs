using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>
/// Which containers should be where: takes the best move again and again, until none is worth its price or the limits are reached. The same input gives the same plan, whatever the order of the hosts. Pure. The balancer calls it, once a round.
///
/// A move is made only when the imbalance falls by the margin, and when what that is worth is above what the container pays (its stop, and a hundredth of the time that the hosts are busy with it). Every move is judged with those above it made.
/// </summary>
public sealed class BalancePlanner
{
    /// <summary>Hosts, from the busiest on, that are looked at together; the next ones only when nothing may leave these.</summary>
    private const int Sources = 8;

    /// <summary>Hosts, from the least busy on, that anything may go to.</summary>
    private const int Destinations = 24;

    /// <summary>
    /// Hosts of a cluster as the policy's numbers mean it. One move is a smaller part of a larger cluster, and one full host hides in it: with ever more hosts no move would reach the margin, and none would be worth a stop. So a larger cluster is
    /// judged as if a move were one of so many hosts' (a sixteenth of the margin for sixteen times as many hosts, sixteen times the worth), and one host that stands out moves things as it would among so many.
    /// </summary>
    private const double Neighbourhood = 16;

    /// <summary>What a second of copying counts beside a second of standing still.</summary>
    private const double CopyWeight = 0.01;

    private readonly BalancePolicy _policy;
    private readonly int _underWay;
    private readonly double _scale;
    private readonly BalanceSite[] _sites;
    private readonly Imbalance _imbalance;

    private BalancePlanner(LoadSnapshot snapshot, BalancePolicy policy, MoveHistory history, IReadOnlyCollection<MoveUnderWay> underWay)
    {
        (_policy, _underWay) = (policy, underWay.Count);
        _sites = [.. snapshot.Hosts.OrderBy(h => h.Host.Value, StringComparer.Ordinal).Select(h =>
            new BalanceSite(h, c => MovePrice.Of(c, policy.StreamBytesPerSecond), name => history.IsCooling(name, snapshot.AtUnixMs, policy)))];
        _scale = Math.Max(1, _sites.Length / Neighbourhood);
        var sites = _sites.ToDictionary(s => s.Load.Host);
        foreach (var move in underWay.OrderBy(m => m.Container.Value, StringComparer.Ordinal))
        {
            BalanceSite.Carry(move.Container, sites.GetValueOrDefault(move.From), sites.GetValueOrDefault(move.To));
        }

        _imbalance = new Imbalance(_sites.Select(s => s.Amounts));
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
        if (snapshot.Hosts.Select(LoadCheck.WhyNoAmounts).FirstOrDefault(why => why is not null) is { } defect)
        {
            throw new ArgumentException(defect, nameof(snapshot));
        }

        return snapshot.Hosts.Length < 2
            ? new BalancePlan(0, [], "there are no two hosts to choose from")
            : new BalancePlanner(snapshot, policy, history, underWay).Plan();
    }

    private BalancePlan Plan()
    {
        var before = _imbalance.Value;
        var moves = new List<PlannedMove>();
        while (IsUneven && moves.Count + _underWay < _policy.MaxMoves && Best() is var (from, to, container, after, cost))
        {
            moves.Add(new PlannedMove(container.Name, from.Load.Host, to.Load.Host, _imbalance.Value, after, cost));
            _imbalance.Make(container.Used, from.Amounts, to.Amounts);
            from.Lose(container);
            to.Gain(container);
        }

        return new BalancePlan(before, [.. moves], Sentence(before, moves.Count));
    }

    private string Sentence(double before, int moves)
    {
        var made = moves == 0 ? "" : FormattableString.Invariant($"; {(moves == 1 ? "1 move makes" : $"{moves} moves make")} it {_imbalance.Value:0.000}");
        var end = !IsUneven ? FormattableString.Invariant($"below the threshold of {_policy.Threshold:0.000}")
            : moves + _underWay >= _policy.MaxMoves ? "more are not made at once"
            : "no other move is allowed and worth its price";
        return FormattableString.Invariant($"the imbalance is {before:0.000}{made}; {end}");
    }

    /// <summary>True when the cluster is uneven, or a large one has a host that alone would make a neighbourhood uneven.</summary>
    private bool IsUneven => _imbalance.Value >= _policy.Threshold
        || (_scale > 1 && _sites.Max(s => _imbalance.Distance(s.Amounts)) / Math.Sqrt(Neighbourhood) >= _policy.Threshold);

    /// <summary>A host either sends or receives: otherwise one that a full host may give to passes its own on to a third, and two containers are stopped for the effect of one.</summary>
    private (BalanceSite From, BalanceSite To, ContainerLoad Container, double After, MoveCost Cost)? Best()
    {
        var byBusyness = (BalanceSite[])_sites.Clone();
        Array.Sort(Array.ConvertAll(byBusyness, s => s.Busyness), byBusyness);
        var destinations = byBusyness.Where(s => s.Load.Standing == HostStanding.Accepts && s.In < _policy.MaxIn && s.Out == 0).Take(Destinations).ToArray();
        return byBusyness.Reverse().Where(s => s.Out < _policy.MaxOut && s.In == 0).Chunk(Sources).Select(sources => Best(sources, destinations)).FirstOrDefault(best => best is not null);
    }

    private (BalanceSite From, BalanceSite To, ContainerLoad Container, double After, MoveCost Cost)? Best(BalanceSite[] sources, BalanceSite[] destinations)
    {
        var current = _imbalance.Value;
        var wanted = current * (1 - (_policy.Margin / _scale));
        var leastShares = Lowest(destinations);
        (BalanceSite, BalanceSite, ContainerLoad, double, MoveCost)? best = null;
        var worth = 0.0;
        foreach (var from in sources)
        {
            foreach (var (container, cost) in from.Candidates)
            {
                if (_imbalance.AtLeastAfter(container.Used, from.Amounts, leastShares) > wanted)
                {
                    continue;
                }

                var price = cost.StopSeconds + (cost.Seconds * CopyWeight);
                foreach (var to in destinations)
                {
                    if (to == from || !to.Takes(container, _policy.Reserve))
                    {
                        continue;
                    }

                    var after = _imbalance.After(container.Used, from.Amounts, to.Amounts);
                    var gain = (current - after) * _policy.WorthSeconds * _scale;
                    if (after <= wanted && gain > price && (gain * Relief(from, to)) - price > worth)
                    {
                        (best, worth) = ((from, to, container, after, cost), (gain * Relief(from, to)) - price);
                    }
                }
            }
        }

        return best;
    }

    /// <summary>What a move counts by: up to twice where it leaves a host on which everything waits, and nothing where it would go from a calm host to such a one. It may forbid a move that the imbalance alone would make, never the other way round.</summary>
    private static double Relief(BalanceSite from, BalanceSite to) => 1 + from.Pressure - to.Pressure;

    /// <summary>By kind, the smallest utilisation.</summary>
    private static Resources Lowest(BalanceSite[] sites)
        => sites.Select(s => s.Shares).Aggregate(
            new Resources(double.MaxValue, double.MaxValue, double.MaxValue, double.MaxValue),
            (least, s) => new Resources(Math.Min(least.Cpu, s.Cpu), Math.Min(least.Memory, s.Memory), Math.Min(least.Disk, s.Disk), Math.Min(least.Network, s.Network)));
}
