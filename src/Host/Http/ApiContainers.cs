using ActorMigration.Contracts;

namespace ActorMigration.Host.Http;

/// <summary>
/// Body of POST /v1/containers: what <c>amig run</c> asks for. Empty <paramref name="Mac"/> means: derived from the name. Where it may be (<paramref name="Pinned"/> and what follows) may be left out: anywhere.
/// </summary>
public sealed record RunRequest(
    string Name,
    string Image,
    string[] Args,
    string[] Env,
    string WorkingDirectory,
    int Uid,
    int Gid,
    string Address,
    int PrefixLength,
    string Mac,
    string Gateway,
    int Mtu,
    long MemoryBytes,
    int CpuMillis,
    int Pids,
    string[] Tmpfs,
    int StopSignal,
    bool Pinned = false,
    string[]? RequiredLabels = null,
    string ApartFrom = "",
    string TogetherWith = "");

/// <summary>A container as scripts see it.</summary>
public sealed record ContainerJson(string Name, string Host, string State, long Epoch, int Ordinal, int InitPid, string Image, string Address, long MemoryBytes)
{
    public static ContainerJson From(HostName host, ContainerStatus status) => new(
        status.Name.Value,
        host.Value,
        status.State.ToString(),
        status.Fence.Epoch,
        status.Fence.Ordinal,
        status.InitPid,
        status.Image,
        status.Address,
        status.MemoryBytes);
}

/// <summary>Answer of GET /v1/containers; <paramref name="SilentHosts"/> did not answer: what the voters know to be theirs is listed as Unreachable.</summary>
public sealed record ContainersJson(ContainerJson[] Containers, string[] SilentHosts)
{
    public static ContainersJson From(ClusterContainers cluster) => new(
        [.. cluster.Hosts.SelectMany(host => host.Containers.Select(status => ContainerJson.From(host.Host, status))).OrderBy(one => one.Name, StringComparer.Ordinal)],
        [.. cluster.Hosts.Where(host => !host.Reachable).Select(host => host.Host.Value)]);
}

/// <summary>A member of the cluster as the answering host sees it.</summary>
/// <param name="Host">Its name; empty when it did not say one.</param>
/// <param name="Address">host:port of its Akka.Remote.</param>
/// <param name="Status">Akka's member status, for example Up.</param>
/// <param name="Reachable">False while the failure detector suspects it.</param>
/// <param name="Votes">True when it is one of the configured voters.</param>
/// <param name="IsSelf">True for the host that answers.</param>
/// <param name="Trust">What a majority of the voters makes of its evidence, as the answering host has heard: "unknown", "proved", "unproved" or "rejected".</param>
/// <param name="Against">What voters say against it, a majority or not; empty when they say nothing.</param>
public sealed record HostJson(string Host, string Address, string Status, bool Reachable, bool Votes, bool IsSelf, string Trust, string Against);

/// <summary>Answer of GET /v1/hosts.</summary>
public sealed record HostsJson(HostJson[] Hosts);

/// <summary>One of the configured voters.</summary>
/// <param name="Host">Its host.</param>
/// <param name="State">"votes"; "waits" for one whose memory is not known to be its newest; "new" for one whose state directory is empty; "silent" when it did not answer.</param>
/// <param name="Containers">Containers that it knows of, those that have gone included.</param>
/// <param name="Incarnation">Its state directory.</param>
/// <param name="Set">Number of the set of voters that it is configured with; 0 when it did not answer.</param>
public sealed record VoterJson(string Host, string State, int Containers, string Incarnation, int Set)
{
    internal const string Votes = "votes";
    internal const string Waits = "waits";
    internal const string New = "new";
    internal const string Silent = "silent";

    /// <param name="host">The voter.</param>
    /// <param name="memory">Its answer, or null.</param>
    internal static VoterJson From(HostName host, VoterReply.Memory? memory) => memory is null
        ? new VoterJson(host.Value, Silent, 0, "", 0)
        : new VoterJson(host.Value, memory.Standing switch { VoterStanding.Votes => Votes, VoterStanding.New => New, _ => Waits }, memory.Floors.Length, memory.Incarnation.ToString(), memory.Set.Number);
}

/// <summary>Answer of GET /v1/voters.</summary>
public sealed record VotersJson(VoterJson[] Voters);

/// <summary>Answer of GET /v1/node.</summary>
public sealed record NodeJson(string Host, string Version, int Pid);
