using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>Means of one container at one fence. Immutable. Pure.</summary>
internal sealed record ContainerTrack(ContainerCounters Last, WindowedMean Cpu, WindowedMean Memory, WindowedMean Disk, WindowedMean Network, WindowedMean Resident, WindowedMean Written)
{
    /// <summary>Of a container that was not seen before: what it holds is known, how fast it does anything is not.</summary>
    internal static ContainerTrack Of(ContainerCounters first)
        => new(first, WindowedMean.None, WindowedMean.None, WindowedMean.None, WindowedMean.None, WindowedMean.None, WindowedMean.None);

    /// <summary>What it used between its last sample and this one; null where that is not known.</summary>
    internal (double? Cpu, double? Memory, double? Disk, double? Network) Since(ContainerCounters next, TimeSpan time) => (
        CounterRates.Between(Last.CpuSeconds, next.CpuSeconds, time),
        CounterRates.Amount(next.MemoryBytes),
        CounterRates.Between(Last.DiskBytes, next.DiskBytes, time),
        CounterRates.Between(Last.NetworkBytes, next.NetworkBytes, time));

    internal ContainerTrack After(ContainerCounters next, TimeSpan time)
    {
        var (cpu, memory, disk, network) = Since(next, time);
        return new ContainerTrack(
            next,
            Cpu.After(cpu, time),
            Memory.After(memory, time),
            Disk.After(disk, time),
            Network.After(network, time),
            Resident.After(CounterRates.Amount(next.ResidentBytes), time),
            Written.After(next.WrittenBytes is { } written ? CounterRates.Between(0, written, time) : null, time));
    }

    /// <param name="window">One of <see cref="LoadWindows.All"/>.</param>
    /// <param name="dirty">Bytes per second that the last move of a container measured; null when this host knows of none.</param>
    internal ContainerLoad Over(TimeSpan window, Func<ContainerName, double?> dirty)
    {
        var used = new Resources(
            Cpu.Over(window) ?? 0, Memory.Over(window) ?? CounterRates.Amount(Last.MemoryBytes), Disk.Over(window) ?? 0, Network.Over(window) ?? 0);
        var resident = Resident.Over(window) ?? CounterRates.Amount(Last.ResidentBytes);
        return new ContainerLoad(Last.Name, Last.Fence, used, resident, DirtyRate.Of(Written.Over(window), dirty(Last.Name), resident, Cpu.Over(window)), Last.Placement);
    }
}
