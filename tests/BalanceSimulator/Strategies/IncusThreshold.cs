using ActorMigration.Contracts;

namespace ActorMigration.BalanceSimulator;

/// <summary>
/// The rebalancing of Incus (cmd/incusd/api_cluster_rebalance.go, 13c51b06): a host's score is the mean of its shares of CPU and memory; when the busiest is above the least busy by 20 % of its own score, the first containers of the busiest one
/// (in the order of their numbers) go to the least busy as long as that one stays below the middle of the two scores; a container that was moved stays for 6 h; one that could not be moved is tried again, and ends the run.
///
/// Kinder than the original: scores are numbers, not sums of 8 bits, and CPU and memory are not exchanged; what a container uses is measured, not what it is configured to have; it runs every round (off by default there, and in
/// minutes) and moves as many at once as the limits allow (one, one after the other, there).
/// </summary>
internal sealed class IncusThreshold : IStrategy
{
    /// <summary>cluster.rebalance.threshold, as a share.</summary>
    private const double Threshold = 0.2;

    /// <summary>cluster.rebalance.cooldown, in seconds.</summary>
    private const double CooldownSeconds = 6 * 3600;

    private readonly Dictionary<ContainerName, double> _movedAt = [];

    public string Name => "incus";

    public void Decide(Cluster cluster, IReadOnlyList<Ended> ended)
    {
        foreach (var end in ended.Where(e => e.Succeeded))
        {
            _movedAt[end.Transfer.Name] = cluster.Trace.Seconds;
        }

        var hosts = Load.FromBusiest(cluster);
        if (hosts.Length < 2 || Load.Of(cluster, hosts[0]) is var most && Load.Of(cluster, hosts[^1]) is var least && most - least < Threshold * most)
        {
            return;
        }

        var (from, to) = (hosts[0], hosts[^1]);
        var middle = (Load.Of(cluster, from) + Load.Of(cluster, to)) / 2;
        foreach (var container in cluster.ContainersOf[from].ToArray())
        {
            if (!IsCooling(container, cluster) && Load.Of(cluster, to) + Load.Of(cluster, container, to) < middle && cluster.Allows(container, to))
            {
                cluster.Order(container, to);
            }
        }
    }

    private bool IsCooling(int container, Cluster cluster)
        => _movedAt.TryGetValue(cluster.Trace.Containers[container].Told.Name, out var at) && cluster.Trace.Seconds - at < CooldownSeconds;
}
