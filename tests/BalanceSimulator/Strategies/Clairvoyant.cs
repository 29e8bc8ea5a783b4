using ActorMigration.Contracts;

namespace ActorMigration.BalanceSimulator;

/// <summary>
/// What regret is measured against: each round it sees what is really used, without noise, and moves at once, for nothing, as often as it likes and whatever a placement forbids. The host that is furthest above the mean gives the container that
/// makes the sum of squares smallest to one of those that are furthest below, until no move makes it smaller. It is greedy, so it is no proof of the least that can be had, and it may be beaten for a moment.
/// </summary>
internal sealed class Clairvoyant : IStrategy
{
    /// <summary>Hosts that a container may go to: so many, from the least busy on.</summary>
    private const int Destinations = 32;

    /// <summary>Hosts, one after the other, from which nothing can be moved any more before a round is over.</summary>
    private const int StuckHosts = 6;

    /// <summary>Moves in a round for each host, so that a round ends.</summary>
    private const int MovesPerHost = 3;

    /// <summary>Smaller gains, as share of the variance of all, are rounding.</summary>
    private const double LeastGain = 1e-6;

    public string Name => "clairvoyant";

    public void Decide(Cluster cluster, IReadOnlyList<Ended> ended)
    {
        var hosts = Enumerable.Range(0, cluster.Planned.Length).Where(h => cluster.Trace.Hosts[h].IsUp).ToArray();
        var used = cluster.Used();
        var all = hosts.Aggregate(default(Resources), (sum, h) => sum + cluster.Trace.Hosts[h].Capacity);
        var mean = hosts.Aggregate(default(Resources), (sum, h) => sum + used[h]) is var total
            ? new Resources(total.Cpu / all.Cpu, total.Memory / all.Memory, total.Disk / all.Disk, total.Network / all.Network)
            : default;
        var stuck = new HashSet<int>();
        for (var moves = hosts.Length * MovesPerHost; moves > 0 && stuck.Count < Math.Min(StuckHosts, hosts.Length); moves--)
        {
            var from = hosts.Where(h => !stuck.Contains(h)).MaxBy(h => Above(cluster, used, mean, h));
            var to = hosts.OrderBy(h => Above(cluster, used, mean, h)).Take(Destinations).ToArray();
            if (Best(cluster, used, all, from, to) is var (container, target))
            {
                var moved = cluster.Trace.Containers[container].Used;
                (used[from], used[target]) = (used[from] - moved, used[target] + moved);
                cluster.Put(container, target);
                stuck.Clear();
            }
            else
            {
                stuck.Add(from);
            }
        }
    }

    /// <summary>How far above the mean, over all kinds.</summary>
    private static double Above(Cluster cluster, Resources[] used, Resources mean, int host)
    {
        var (there, capacity) = (used[host], cluster.Trace.Hosts[host].Capacity);
        return (there.Cpu / capacity.Cpu) - mean.Cpu + (there.Memory / capacity.Memory) - mean.Memory + (there.Disk / capacity.Disk) - mean.Disk + (there.Network / capacity.Network) - mean.Network;
    }

    private static (int Container, int To)? Best(Cluster cluster, Resources[] used, Resources all, int from, int[] destinations)
    {
        (int, int)? best = null;
        var least = -LeastGain;
        var fromCapacity = cluster.Trace.Hosts[from].Capacity;
        foreach (var container in cluster.ContainersOf[from])
        {
            var moved = cluster.Trace.Containers[container].Used;
            foreach (var to in destinations)
            {
                var toCapacity = cluster.Trace.Hosts[to].Capacity;
                var change = Change(moved.Cpu, used[from].Cpu, fromCapacity.Cpu, used[to].Cpu, toCapacity.Cpu) / all.Cpu
                    + (Change(moved.Memory, used[from].Memory, fromCapacity.Memory, used[to].Memory, toCapacity.Memory) / all.Memory)
                    + (Change(moved.Disk, used[from].Disk, fromCapacity.Disk, used[to].Disk, toCapacity.Disk) / all.Disk)
                    + (Change(moved.Network, used[from].Network, fromCapacity.Network, used[to].Network, toCapacity.Network) / all.Network);
                if (to != from && change < least)
                {
                    (best, least) = ((container, to), change);
                }
            }
        }

        return best;
    }

    /// <summary>Of capacity times utilisation squared.</summary>
    private static double Change(double moved, double from, double fromCapacity, double to, double toCapacity)
        => (moved * (moved - (2 * from)) / fromCapacity) + (moved * (moved + (2 * to)) / toCapacity);
}
