using System.Collections.Immutable;
using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>
/// A host's load, averaged over <see cref="LoadWindows"/> with the real time between samples. Immutable: each sample gives the next. The first sample gives no rate; a counter that went back gives none for
/// that while; after <see cref="LongestGap"/>, and when the clock went back, everything begins anew. Every number that comes out is finite and not negative, whatever goes in. Pure.
/// </summary>
public sealed class LoadAverages
{
    /// <summary>Samples that are nearer than this are not looked at: the kernel counts CPU in steps of 10 ms, so that a rate over less would be noise of a tenth of a core and more.</summary>
    public static readonly TimeSpan ShortestGap = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest window: what was before a pause (of the daemon, of the machine) that is longer says nothing of now, and neither does the mean over the pause.</summary>
    public static readonly TimeSpan LongestGap = LoadWindows.FiveMinutes;

    private readonly LoadSample? _last;
    private readonly WindowedMean _ownCpu, _ownMemory, _ownDisk, _ownNetwork;
    private readonly WindowedMean _cpuStall, _memoryStall, _ioStall;
    private readonly ImmutableDictionary<(ContainerName, Fence), ContainerTrack> _containers;

    private LoadAverages(
        LoadSample? last,
        (WindowedMean Cpu, WindowedMean Memory, WindowedMean Disk, WindowedMean Network) own,
        (WindowedMean Cpu, WindowedMean Memory, WindowedMean Io) stalls,
        ImmutableDictionary<(ContainerName, Fence), ContainerTrack> containers)
    {
        _last = last;
        (_ownCpu, _ownMemory, _ownDisk, _ownNetwork) = own;
        (_cpuStall, _memoryStall, _ioStall) = stalls;
        _containers = containers;
    }

    /// <summary>Before the first sample.</summary>
    public static LoadAverages None { get; } = new(
        null,
        (WindowedMean.None, WindowedMean.None, WindowedMean.None, WindowedMean.None),
        (WindowedMean.None, WindowedMean.None, WindowedMean.None),
        ImmutableDictionary<(ContainerName, Fence), ContainerTrack>.Empty);

    /// <summary>With one more sample.</summary>
    public LoadAverages After(LoadSample sample)
    {
        if (_last is null || sample.At < _last.At || sample.At - _last.At > LongestGap)
        {
            return None.Begin(sample);
        }

        var time = sample.At - _last.At;
        return time < ShortestGap ? this : Continue(sample, _last, time);
    }

    /// <summary>Over one window; null before two samples, and for a host that says it has nothing.</summary>
    public HostLoad? Over(TimeSpan window, HostFrame host)
    {
        if (_last is null || _ownCpu.Over(window) is null)
        {
            return null;
        }

        var counters = _last.Host;
        var capacity = new Resources(
            CounterRates.Amount(host.Cores ?? counters.Cores),
            CounterRates.Amount(host.MemoryBytes ?? counters.MemoryTotal),
            CounterRates.Amount(host.DiskBytesPerSecond),
            CounterRates.Amount(counters.LinkBytesPerSecond is { } speed && double.IsFinite(speed) && speed > 0 ? speed : host.NetworkBytesPerSecond));
        if (Enumerable.Range(0, Resources.Kinds).Any(kind => capacity[kind] <= 0))
        {
            return null;
        }

        var own = new Resources(host.Cores is null ? NotNegative(_ownCpu, window) : 0, host.MemoryBytes is null ? NotNegative(_ownMemory, window) : 0, NotNegative(_ownDisk, window), NotNegative(_ownNetwork, window));
        var pressure = new[] { _cpuStall, _memoryStall, _ioStall }.Max(stall => Math.Min(stall.Over(window) ?? 0, 1));
        var containers = _containers.Values.Select(track => track.Over(window, host.MeasuredDirtyBytesPerSecond)).OrderBy(one => one.Name.Value, StringComparer.Ordinal).ThenBy(one => one.Fence);
        return new HostLoad(host.Host, capacity, own, pressure, host.Standing, host.Labels, [.. containers]);
    }

    /// <summary>Differences of means, which are taken at slightly different instants, may fall below 0; it is cut off here and not at each sample, where it would pull the mean up.</summary>
    private static double NotNegative(WindowedMean mean, TimeSpan window) => Math.Max(mean.Over(window) ?? 0, 0);

    private LoadAverages Begin(LoadSample sample) => new(
        sample,
        (_ownCpu, _ownMemory, _ownDisk, _ownNetwork),
        (_cpuStall, _memoryStall, _ioStall),
        Distinct(sample).ToImmutableDictionary(one => one.Key, one => ContainerTrack.Of(one.Value)));

    private LoadAverages Continue(LoadSample sample, LoadSample last, TimeSpan time)
    {
        var (cpu, memory, disk, network) = (0.0, 0.0, 0.0, 0.0);
        var containers = ImmutableDictionary.CreateBuilder<(ContainerName, Fence), ContainerTrack>();
        foreach (var (key, counters) in Distinct(sample))
        {
            if (!_containers.TryGetValue(key, out var track))
            {
                // It came meanwhile: what it has done until now is not known to be of this time, and stays with the host's own.
                containers[key] = ContainerTrack.Of(counters);
                memory += CounterRates.Amount(counters.MemoryBytes);
                continue;
            }

            var used = track.Since(counters, time);
            (cpu, memory, disk, network) = (cpu + (used.Cpu ?? 0), memory + (used.Memory ?? 0), disk + (used.Disk ?? 0), network + (used.Network ?? 0));
            containers[key] = track.After(counters, time);
        }

        var (before, now) = (last.Host, sample.Host);
        return new LoadAverages(
            sample,
            (
                _ownCpu.After(CounterRates.Between(before.CpuSeconds, now.CpuSeconds, time) - cpu, time),
                _ownMemory.After(CounterRates.Amount(now.MemoryUsed) - memory, time),
                _ownDisk.After(CounterRates.Between(before.DiskBytes, now.DiskBytes, time) - disk, time),
                _ownNetwork.After(CounterRates.Between(before.NetworkBytes, now.NetworkBytes, time) - network, time)),
            (
                _cpuStall.After(Stalled(before.Pressure?.Cpu, now.Pressure?.Cpu, time), time),
                _memoryStall.After(Stalled(before.Pressure?.Memory, now.Pressure?.Memory, time), time),
                _ioStall.After(Stalled(before.Pressure?.Io, now.Pressure?.Io, time), time)),
            containers.ToImmutable());
    }

    private static double? Stalled(StallTime? before, StallTime? now, TimeSpan time)
        => before is null || now is null ? null : CounterRates.Between(before.SomeSeconds, now.SomeSeconds, time);

    /// <summary>A container that is listed twice is one.</summary>
    private static IEnumerable<KeyValuePair<(ContainerName, Fence), ContainerCounters>> Distinct(LoadSample sample)
        => sample.Containers.DistinctBy(one => (one.Name, one.Fence)).Select(one => KeyValuePair.Create((one.Name, one.Fence), one));
}

/// <summary>What a host knows of itself without counting.</summary>
/// <param name="Host">Its name.</param>
/// <param name="Standing">Whether it may have more containers.</param>
/// <param name="Labels">Its labels.</param>
/// <param name="DiskBytesPerSecond">What its disks can do.</param>
/// <param name="NetworkBytesPerSecond">What its uplink can do, where the uplink itself does not say.</param>
/// <param name="MeasuredDirtyBytesPerSecond">What the last move of a container measured; null when this host knows of none.</param>
public sealed record HostFrame(
    HostName Host, HostStanding Standing, string[] Labels, double DiskBytesPerSecond, double NetworkBytesPerSecond, Func<ContainerName, double?> MeasuredDirtyBytesPerSecond)
{
    /// <summary>Cores that containers may use, said by the operator: what the host uses itself is taken off by then, and not counted. Null for all that there are.</summary>
    public double? Cores { get; init; }

    /// <summary>The same of memory, in bytes.</summary>
    public double? MemoryBytes { get; init; }
}
