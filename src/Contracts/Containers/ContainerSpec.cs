namespace ActorMigration.Contracts;

/// <summary>
/// All that may be asked of a container: a closed, typed list. A host generates the OCI config from it and from its own
/// policy; it never runs a config that was sent. Written by <c>amig run</c>, carried to the destination in prepare.
/// </summary>
/// <param name="Name">Unique in the cluster.</param>
/// <param name="Image">Digest of the image manifest, <c>sha256:…</c>; layers are found through it.</param>
/// <param name="Args">Program and arguments; the first is looked up in the container's PATH.</param>
/// <param name="Env">KEY=VALUE, in this order.</param>
/// <param name="WorkingDirectory">Absolute path inside the container.</param>
/// <param name="Uid">User id of the first process.</param>
/// <param name="Gid">Group id of the first process.</param>
/// <param name="Network">Fixed address; it moves with the container.</param>
/// <param name="Limits">What the container may use.</param>
/// <param name="Tmpfs">Absolute paths of extra tmpfs mounts; each costs about 7 ms of every stop.</param>
/// <param name="StopSignal">Signal number that asks the first process to end (15 = TERM).</param>
public sealed record ContainerSpec(
    ContainerName Name,
    string Image,
    string[] Args,
    string[] Env,
    string WorkingDirectory,
    int Uid,
    int Gid,
    ContainerNetwork Network,
    ContainerLimits Limits,
    string[] Tmpfs,
    int StopSignal)
{
    /// <summary>Where it may be.</summary>
    public ContainerPlacement Placement { get; init; } = ContainerPlacement.Anywhere;
}

/// <summary>Fixed address of a container on the flat L2 segment.</summary>
/// <param name="Address">IPv4 address, without prefix.</param>
/// <param name="PrefixLength">Bits of the subnet mask.</param>
/// <param name="Mac">Locally administered MAC, six lower-case hex pairs with colons.</param>
/// <param name="Gateway">Default route, or empty for none.</param>
/// <param name="Mtu">Bytes; equal on all hosts.</param>
public sealed record ContainerNetwork(string Address, int PrefixLength, string Mac, string Gateway, int Mtu);

/// <summary>Limits of a container; 0 means no limit of its own.</summary>
/// <param name="MemoryBytes">cgroup memory limit.</param>
/// <param name="CpuMillis">CPU time per second of wall time, in ms (1000 = one core).</param>
/// <param name="Pids">Most tasks.</param>
public sealed record ContainerLimits(long MemoryBytes, int CpuMillis, int Pids);
