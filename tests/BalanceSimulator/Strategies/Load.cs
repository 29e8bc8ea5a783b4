namespace ActorMigration.BalanceSimulator;

/// <summary>How busy a host is as Incus, Proxmox and the greedy strategy have it: the mean of the shares of CPU and memory. Disk and network they do not know. Of what they are told, with moves under way counted as made.</summary>
internal static class Load
{
    public static double Of(Cluster cluster, int host) => cluster.Planned[host] is var used ? Share(cluster, host, used.Cpu, used.Memory) : 0;

    /// <summary>What a container adds to a host's load.</summary>
    public static double Of(Cluster cluster, int container, int host)
        => cluster.Trace.Containers[container].Told.Used is var used ? Share(cluster, host, used.Cpu, used.Memory) : 0;

    /// <summary>Numbers of the hosts that are up, the busiest first.</summary>
    public static int[] FromBusiest(Cluster cluster)
        => [.. Enumerable.Range(0, cluster.Planned.Length).Where(h => cluster.Trace.Hosts[h].IsUp).OrderByDescending(h => Of(cluster, h)).ThenBy(h => h)];

    private static double Share(Cluster cluster, int host, double cpu, double memory)
        => ((cpu / cluster.Trace.Hosts[host].Capacity.Cpu) + (memory / cluster.Trace.Hosts[host].Capacity.Memory)) / 2;
}
