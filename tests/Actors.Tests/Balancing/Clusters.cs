using ActorMigration.Contracts;

namespace ActorMigration.Actors.Tests.Balancing;

/// <summary>Small clusters by hand, and what moves make of a snapshot.</summary>
internal static class Clusters
{
    internal static readonly Resources Size = new(8, 32e9, 1e9, 1e9);

    internal static HostLoad Host(string name, params ContainerLoad[] containers) => new(new HostName(name), Size, new Resources(0.1, 1e9, 0, 0), 0, HostStanding.Accepts, [], containers);

    internal static HostLoad Draining(this HostLoad host) => host with { Standing = HostStanding.Draining };

    internal static ContainerLoad Container(string name, double cpu = 1, double memory = 1e9)
        => new(new ContainerName(name), new Fence(1, 0), new Resources(cpu, memory, 0, 0), memory, 1e6, ContainerPlacement.Anywhere);

    internal static ContainerLoad[] Containers(string prefix, int count, double cpu = 1) => [.. Enumerable.Range(0, count).Select(i => Container($"{prefix}{i}", cpu))];

    internal static LoadSnapshot At(long unixMs, params HostLoad[] hosts) => new(unixMs, hosts);

    internal static HostLoad Find(this LoadSnapshot snapshot, HostName host) => snapshot.Hosts.Single(h => h.Host == host);

    internal static Resources Used(this HostLoad host) => host.Containers.Aggregate(host.Own, (sum, c) => sum + c.Used);

    /// <summary>The container is at its new host, an epoch later.</summary>
    internal static LoadSnapshot Make(this LoadSnapshot snapshot, PlannedMove move)
    {
        var container = snapshot.Find(move.From).Containers.Single(c => c.Name == move.Container);
        return snapshot with
        {
            Hosts = [.. snapshot.Hosts.Select(h => h.Host == move.From ? h with { Containers = [.. h.Containers.Where(c => c.Name != move.Container)] }
                : h.Host == move.To ? h with { Containers = [.. h.Containers, container with { Fence = new Fence(container.Fence.Epoch + 1, 0) }] }
                : h)],
        };
    }
}
