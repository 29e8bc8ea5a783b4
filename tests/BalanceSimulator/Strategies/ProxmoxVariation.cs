namespace ActorMigration.BalanceSimulator;

/// <summary>
/// The automatic rebalancing of the Proxmox VE 9.2 cluster resource scheduler, with its defaults: when the coefficient of variation of the hosts' loads (standard deviation by mean) has been above 30 % for 3 rounds, the one move of all
/// that leaves the least of it is made ("bruteforce"), if that is at least 10 % less. One move at a time; the rounds are counted anew after it. No cooldown and no cost of a move. The load of a host is the mean of its shares of CPU and memory.
///
/// A round is the simulator's here, 10 s there.
/// </summary>
internal sealed class ProxmoxVariation : IStrategy
{
    /// <summary>ha-auto-rebalance-threshold and -margin, as shares, and -hold-duration, in rounds.</summary>
    private const double Threshold = 0.3;
    private const double Margin = 0.1;
    private const int HoldRounds = 3;

    private int _held;

    public string Name => "proxmox";

    public void Decide(Cluster cluster, IReadOnlyList<Ended> ended)
    {
        var hosts = Load.FromBusiest(cluster);
        var (sum, squares) = (0.0, 0.0);
        foreach (var load in hosts.Select(h => Load.Of(cluster, h)))
        {
            (sum, squares) = (sum + load, squares + (load * load));
        }

        var before = Variation(sum, squares, hosts.Length);
        if (before <= Threshold || cluster.UnderWay.Count > 0)
        {
            _held = 0;
            return;
        }

        if (++_held < HoldRounds)
        {
            return;
        }

        var (best, to) = (-1, -1);
        var after = before * (1 - Margin);
        foreach (var from in hosts)
        {
            var fromLoad = Load.Of(cluster, from);
            foreach (var container in cluster.ContainersOf[from])
            {
                var left = fromLoad - Load.Of(cluster, container, from);
                foreach (var target in hosts)
                {
                    var toLoad = Load.Of(cluster, target);
                    var there = toLoad + Load.Of(cluster, container, target);
                    var variation = Variation(
                        sum + left - fromLoad + there - toLoad, squares + (left * left) - (fromLoad * fromLoad) + (there * there) - (toLoad * toLoad), hosts.Length);
                    if (target != from && variation < after && cluster.Allows(container, target))
                    {
                        (best, to, after) = (container, target, variation);
                    }
                }
            }
        }

        if (best >= 0)
        {
            cluster.Order(best, to);
            _held = 0;
        }
    }

    private static double Variation(double sum, double squares, int count)
        => sum > 0 ? Math.Sqrt(Math.Max(0, (squares / count) - (sum / count * (sum / count)))) / (sum / count) : 0;
}
