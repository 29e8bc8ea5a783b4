using ActorMigration.Contracts;

namespace ActorMigration.Actors.Tests.Balancing;

/// <summary>Hosts of 8 cores with equal containers: a spec makes of them what it is about.</summary>
internal static class EvenCluster
{
    internal static readonly Resources Capacity = new(8, 32e9, 1e9, 1e9);

    /// <summary>A host of which its containers use so large a share of CPU and memory.</summary>
    internal static HostLoad Host(string name, double share, int containers = 10, double pressure = 0)
        => new(new HostName(name), Capacity, default, pressure, HostStanding.Accepts, [],
            [.. Enumerable.Range(0, containers).Select(i => Container($"{name}-{i}", new Resources(8 * share / containers, 32e9 * share / containers, 0, 0)))]);

    internal static ContainerLoad Container(string name, Resources used) => new(new ContainerName(name), new Fence(1, 0), used, used.Memory, 1e6, ContainerPlacement.Anywhere);

    internal static LoadSnapshot Of(params HostLoad[] hosts) => new(RandomCluster.Now, hosts);
}
