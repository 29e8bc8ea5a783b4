namespace ActorMigration.Contracts;

/// <summary>What one container uses, over the planner's window, and where it may be.</summary>
/// <param name="Name">The container.</param>
/// <param name="Used">What it uses.</param>
/// <param name="ResidentBytes">Memory that a move would carry.</param>
/// <param name="DirtyBytesPerSecond">Memory that it writes: what a round of pre-copy leaves to the next one.</param>
/// <param name="Pinned">It is not moved by anybody but the operator.</param>
/// <param name="Labels">A host must have all of them.</param>
/// <param name="ApartFrom">No two containers with the same value are on one host; empty for none.</param>
/// <param name="TogetherWith">Containers with the same value are on one host; empty for none.</param>
public sealed record ContainerLoad(
    ContainerName Name, Resources Used, double ResidentBytes, double DirtyBytesPerSecond, bool Pinned, string[] Labels, string ApartFrom, string TogetherWith);

/// <summary>What one host has, what runs there, and whether it may have more.</summary>
/// <param name="Host">The host.</param>
/// <param name="Capacity">All that it has, each amount above 0.</param>
/// <param name="Own">What it uses itself, beside its containers.</param>
/// <param name="Pressure">Share of time, 0 to 1, in which something waited for CPU, memory or disk (PSI "some", the highest); 0 where the kernel does not say.</param>
/// <param name="Accepts">False while it is drained, has lost its trust, or does not answer: nothing is moved there.</param>
/// <param name="Labels">What it has.</param>
/// <param name="Containers">Its containers.</param>
public sealed record HostLoad(HostName Host, Resources Capacity, Resources Own, double Pressure, bool Accepts, string[] Labels, ContainerLoad[] Containers);

/// <summary>All hosts at one moment.</summary>
/// <param name="AtUnixMs">When.</param>
/// <param name="Hosts">The hosts that have told their load, in any order.</param>
public sealed record LoadSnapshot(long AtUnixMs, HostLoad[] Hosts);
