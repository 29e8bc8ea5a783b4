namespace ActorMigration.BalanceSimulator;

/// <summary>
/// The textbook: each round, as long as the limits allow it, the largest container that makes the difference of the two smaller goes from the most to the least loaded host. No threshold, no margin, no cooldown, no cost of a move.
/// The load of a host is the mean of its shares of CPU and memory.
/// </summary>
internal sealed class GreedyLeastLoaded : IStrategy
{
    public string Name => "greedy";

    public void Decide(Cluster cluster, IReadOnlyList<Ended> ended)
    {
        while (cluster.Free > 0)
        {
            var hosts = Load.FromBusiest(cluster);
            var (from, to) = (Array.Find(hosts, cluster.MayLose), Array.FindLast(hosts, cluster.HasRoomFor));
            if (hosts.Length < 2 || !cluster.MayLose(from) || !cluster.HasRoomFor(to))
            {
                return;
            }

            var (most, least) = (Load.Of(cluster, from), Load.Of(cluster, to));
            var best = -1;
            var size = 0.0;
            foreach (var container in cluster.ContainersOf[from])
            {
                var (here, there) = (Load.Of(cluster, container, from), Load.Of(cluster, container, to));
                if (here > size && Math.Abs(most - here - least - there) < most - least && cluster.Allows(container, to))
                {
                    (best, size) = (container, here);
                }
            }

            if (best < 0)
            {
                return;
            }

            cluster.Order(best, to);
        }
    }

}
