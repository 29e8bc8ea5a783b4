using ActorMigration.Contracts;

namespace ActorMigration.Host.Http;

/// <summary>Answer of GET /v1/load, and what <c>amig load --json</c> prints. All amounts are means over <c>amig.load.window</c> of the host that tells them.</summary>
/// <param name="Hosts">Hosts that could say, in name order.</param>
/// <param name="Unknown">Reachable hosts that could not.</param>
internal sealed record LoadJson(HostLoadJson[] Hosts, UnknownLoadJson[] Unknown)
{
    internal static LoadJson From(LoadsListed listed) => new(
        [.. listed.Hosts.Select(HostLoadJson.From)], [.. listed.Unknown.Select(one => new UnknownLoadJson(one.Host.Value, one.Sentence))]);
}

/// <summary>A host of which nothing is known now.</summary>
/// <param name="Host">Its name.</param>
/// <param name="Sentence">Why.</param>
internal sealed record UnknownLoadJson(string Host, string Sentence);

/// <summary>Amounts of what containers share.</summary>
/// <param name="CpuCores">Core seconds per second.</param>
/// <param name="MemoryBytes">Bytes.</param>
/// <param name="DiskBytesPerSecond">Read and written.</param>
/// <param name="NetworkBytesPerSecond">In and out.</param>
internal sealed record ResourcesJson(double CpuCores, double MemoryBytes, double DiskBytesPerSecond, double NetworkBytesPerSecond)
{
    internal static ResourcesJson From(Resources amounts) => new(amounts.Cpu, amounts.Memory, amounts.Disk, amounts.Network);
}

/// <summary>What one host carries.</summary>
/// <param name="Host">Its name.</param>
/// <param name="Standing">Accepts or Draining.</param>
/// <param name="Labels">What it has.</param>
/// <param name="Capacity">All that it can.</param>
/// <param name="Used">By itself and its containers.</param>
/// <param name="Own">By itself, beside them.</param>
/// <param name="Pressure">Share of time, 0 to 1, in which something waited.</param>
/// <param name="Containers">Those that run there.</param>
internal sealed record HostLoadJson(
    string Host, string Standing, string[] Labels, ResourcesJson Capacity, ResourcesJson Used, ResourcesJson Own, double Pressure, ContainerLoadJson[] Containers)
{
    internal static HostLoadJson From(HostLoad load) => new(
        load.Host.Value,
        load.Standing.ToString(),
        load.Labels,
        ResourcesJson.From(load.Capacity),
        ResourcesJson.From(load.Containers.Aggregate(load.Own, static (sum, one) => sum + one.Used)),
        ResourcesJson.From(load.Own),
        load.Pressure,
        [.. load.Containers.Select(ContainerLoadJson.From)]);
}

/// <summary>What one container uses.</summary>
/// <param name="Name">The container.</param>
/// <param name="Epoch">Of its fence.</param>
/// <param name="Ordinal">Of its fence.</param>
/// <param name="Used">By all its processes.</param>
/// <param name="ResidentBytes">What a move would carry.</param>
/// <param name="DirtyBytesPerSecond">Memory that it writes: measured by its last move, else an estimate.</param>
internal sealed record ContainerLoadJson(string Name, long Epoch, int Ordinal, ResourcesJson Used, double ResidentBytes, double DirtyBytesPerSecond)
{
    internal static ContainerLoadJson From(ContainerLoad load)
        => new(load.Name.Value, load.Fence.Epoch, load.Fence.Ordinal, ResourcesJson.From(load.Used), load.ResidentBytes, load.DirtyBytesPerSecond);
}
