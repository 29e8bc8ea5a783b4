namespace ActorMigration.Contracts;

/// <summary>What the source found in the container before anything was begun.</summary>
/// <param name="Spec">The container's spec, from this host's record.</param>
/// <param name="MemoryBytes">Resident private memory now.</param>
/// <param name="EagerBytes">Memory that crosses under freeze because tracking cannot see it (shared memory, memfd).</param>
/// <param name="FilesBytes">Bytes in the writable layer.</param>
/// <param name="Processes">Processes in the container.</param>
/// <param name="Layers">Image layers, lowest first, as sha256 hex.</param>
/// <param name="Platform">What the destination must offer.</param>
public sealed record SourceSurvey(
    ContainerSpec Spec,
    long MemoryBytes,
    long EagerBytes,
    long FilesBytes,
    int Processes,
    string[] Layers,
    Platform Platform);

/// <summary>What a restored container depends on; compared in prepare, refused by name.</summary>
/// <param name="Architecture">For example x86_64.</param>
/// <param name="CpuFeatures">Flags of /proc/cpuinfo that programs may have looked up.</param>
/// <param name="Kernel">Release, for example 6.18.44.</param>
/// <param name="Criu">Version, for example 4.2.1.</param>
/// <param name="TrackingMode">"write-protect" or "frozen-copy" (kernel without WP_ASYNC).</param>
public sealed record Platform(string Architecture, string[] CpuFeatures, string Kernel, string Criu, string TrackingMode);

/// <summary>Order of the source to prepare; the destination trusts none of it beyond its own policy.</summary>
/// <param name="Survey">What comes.</param>
/// <param name="SourceHost">Where from.</param>
public sealed record PrepareOrder(SourceSurvey Survey, HostName SourceHost);

/// <summary>Where the destination listens for this attempt, and what it lacks.</summary>
/// <param name="Address">IP address.</param>
/// <param name="Port">TCP port of the data plane.</param>
/// <param name="KeyDigest">SHA-256 of the SPKI that the listener will show; equal to the one in the quote.</param>
/// <param name="MissingLayers">Layers to send first, as sha256 hex.</param>
public sealed record DataEndpoint(string Address, int Port, byte[] KeyDigest, string[] MissingLayers);

/// <summary>One pre-copy round, for convergence and for the operator.</summary>
/// <param name="Round">Counts from 0.</param>
/// <param name="Pages">Pages sent (4 KiB each), without zero pages.</param>
/// <param name="ZeroPages">Pages sent as ranges only.</param>
/// <param name="Bytes">Bytes given to the stream, files included.</param>
/// <param name="FileBytes">Of these, bytes of files.</param>
/// <param name="UntrackedPages">Pages of which nobody can tell whether they are written: they all cross under the freeze.</param>
/// <param name="Elapsed">From the first scan to the destination's acknowledgement.</param>
/// <param name="SinceLastScan">Time over which the pages were written: the dirty rate is pages over this.</param>
public sealed record RoundReport(int Round, long Pages, long ZeroPages, long Bytes, long FileBytes, long UntrackedPages, TimeSpan Elapsed, TimeSpan SinceLastScan);

/// <summary>What crossed under freeze.</summary>
/// <param name="Manifest">Digests of everything; not signed yet.</param>
/// <param name="Pages">Pages of the last scan.</param>
/// <param name="Bytes">Bytes sent under freeze.</param>
/// <param name="Spans">Named parts of the stop with their length in ms, for the operator's table.</param>
/// <param name="Digest">Of all memory under the freeze, where the attempt verifies memory; else null.</param>
public sealed record FrozenCopy(Manifest Manifest, long Pages, long Bytes, NamedSpan[] Spans, FrozenDigest? Digest);

/// <summary>
/// Witness of all private memory of a container, taken under the freeze without any knowledge of rounds and store. The destination takes the same at its gate and refuses to go
/// on when it differs; so of an attempt that has one and was committed, every page was equal.
/// </summary>
/// <param name="Sha256">Hex, over all processes.</param>
/// <param name="Pages">Pages with content that it covers.</param>
public sealed record FrozenDigest(string Sha256, long Pages);

/// <summary>The gate was reached.</summary>
/// <param name="InitPid">Pid of the gated tree's first process on the destination.</param>
/// <param name="Spans">Named parts of the restore.</param>
public sealed record GateReport(int InitPid, NamedSpan[] Spans);

/// <summary>The fill is complete.</summary>
/// <param name="Pages">Pages put in place.</param>
/// <param name="Faults">Pages that a task waited for.</param>
/// <param name="Elapsed">From the open gate to the last page.</param>
public sealed record FillReport(long Pages, long Faults, TimeSpan Elapsed);

/// <summary>A named stretch of time.</summary>
/// <param name="Name">In the words of docs/protocol.md.</param>
/// <param name="Milliseconds">Length.</param>
public sealed record NamedSpan(string Name, double Milliseconds);
