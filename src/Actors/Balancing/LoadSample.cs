using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>
/// What a host and its containers have used up to one moment: counters, as the kernel keeps them. Made by <see cref="ILoadSource"/>, turned into rates by <see cref="LoadAverages"/>. A counter may begin anew at
/// any time; what it counted before is then lost and nothing is made up for it.
/// </summary>
/// <param name="At">When the host's counters were read, by a clock that nobody sets; only differences mean anything.</param>
/// <param name="Host">The whole host, containers included.</param>
/// <param name="Containers">Those that run here; one that came or went while the sample was taken may be missing.</param>
public sealed record LoadSample(TimeSpan At, HostCounters Host, ContainerCounters[] Containers);

/// <summary>Counters of a host.</summary>
/// <param name="Cores">Cores that may be used now.</param>
/// <param name="CpuSeconds">Core seconds used since some start.</param>
/// <param name="MemoryTotal">Bytes.</param>
/// <param name="MemoryUsed">Bytes that cannot be had without taking them from somebody, now.</param>
/// <param name="DiskBytes">Bytes read and written since some start.</param>
/// <param name="NetworkBytes">Bytes in and out of the uplink since some start.</param>
/// <param name="LinkBytesPerSecond">Speed of the uplink; null where it does not say.</param>
/// <param name="Pressure">What waited; null where the kernel does not say.</param>
public sealed record HostCounters(
    double Cores, double CpuSeconds, double MemoryTotal, double MemoryUsed, double DiskBytes, double NetworkBytes, double? LinkBytesPerSecond, PressureCounters? Pressure);

/// <summary>Pressure stall information (PSI): how long something has waited, since the boot. Null for a resource of which the kernel does not say.</summary>
public sealed record PressureCounters(StallTime? Cpu, StallTime? Memory, StallTime? Io);

/// <summary>Seconds since the boot.</summary>
/// <param name="SomeSeconds">In which at least one task waited.</param>
/// <param name="FullSeconds">In which nothing else could be done.</param>
public sealed record StallTime(double SomeSeconds, double FullSeconds);

/// <summary>Counters of a container that runs here.</summary>
/// <param name="Name">The container.</param>
/// <param name="Fence">Of its last start or attempt; at another fence all counters begin anew.</param>
/// <param name="Placement">From its spec.</param>
/// <param name="CpuSeconds">Core seconds since some start.</param>
/// <param name="MemoryBytes">What it holds now, without what the kernel would give back first.</param>
/// <param name="DiskBytes">Bytes read from and written to disks since some start.</param>
/// <param name="NetworkBytes">Bytes in and out of its port since some start.</param>
/// <param name="ResidentBytes">What a move would carry now.</param>
/// <param name="WrittenBytes">Memory that was written since the sample before; null when nobody looked.</param>
public sealed record ContainerCounters(
    ContainerName Name, Fence Fence, ContainerPlacement Placement, double CpuSeconds, double MemoryBytes, double DiskBytes, double NetworkBytes, double ResidentBytes, double? WrittenBytes);
