using ActorMigration.Contracts;

namespace ActorMigration.Actors.Tests.Balancing;

/// <summary>Samples of a host with one uplink and some containers, for tests.</summary>
internal static class Samples
{
    internal static HostFrame Frame { get; } = new(new HostName("a"), HostStanding.Accepts, ["ssd"], 200e6, 125e6, static _ => null);

    internal static LoadSample At(
        double seconds, double cpu, double memoryUsed = 1e9, double disk = 0, double network = 0, ContainerCounters[]? containers = null, PressureCounters? pressure = null, double? link = null, double memoryTotal = 16e9)
        => new(TimeSpan.FromSeconds(seconds), new HostCounters(4, cpu, memoryTotal, memoryUsed, disk, network, link, pressure), containers ?? []);

    internal static ContainerCounters Container(
        string name, double cpu, double memory = 1e9, double disk = 0, double network = 0, double? resident = null, double? written = null, long epoch = 1)
        => new(new ContainerName(name), new Fence(epoch, 0), ContainerPlacement.Anywhere, cpu, memory, disk, network, resident ?? memory, written);

    /// <summary>Any numbers at all, plausible ones among them.</summary>
    internal static LoadSample Broken(Random random, double seconds)
    {
        double Any() => random.Next(12) switch
        {
            0 => double.NaN,
            1 => double.PositiveInfinity,
            2 => double.NegativeInfinity,
            3 => -random.NextDouble() * 1e9,
            4 => double.MaxValue,
            5 => 0,
            6 => double.Epsilon,
            _ => random.NextDouble() * 1e12,
        };
        double? Maybe() => random.Next(3) == 0 ? null : Any();
        StallTime? Stalled() => random.Next(3) == 0 ? null : new StallTime(Any(), Any());
        var containers = Enumerable.Range(0, random.Next(4)).Select(_ => new ContainerCounters(
            new ContainerName($"c{random.Next(3)}"), new Fence(1 + random.Next(2), 0), ContainerPlacement.Anywhere, Any(), Any(), Any(), Any(), Any(), Maybe()));
        return new LoadSample(
            TimeSpan.FromSeconds(seconds),
            new HostCounters(Any(), Any(), Any(), Any(), Any(), Any(), Maybe(), random.Next(3) == 0 ? null : new PressureCounters(Stalled(), Stalled(), Stalled())),
            [.. containers]);
    }
}
