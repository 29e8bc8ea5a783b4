using ActorMigration.Contracts;

namespace ActorMigration.Host.Http;

/// <summary>Body of POST /v1/containers: what <c>amig run</c> asks for. Empty <paramref name="Mac"/> means: derived from the name.</summary>
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
    int StopSignal);

/// <summary>A container as scripts see it.</summary>
public sealed record ContainerJson(string Name, string Host, string State, long Epoch, int Ordinal, int InitPid, string Image, string Address, long MemoryBytes)
{
    public static ContainerJson From(ContainerRow row) => new(
        row.Status.Name.Value,
        row.Host.Value,
        row.Status.State.ToString(),
        row.Status.Fence.Epoch,
        row.Status.Fence.Ordinal,
        row.Status.InitPid,
        row.Status.Image,
        row.Status.Address,
        row.Status.MemoryBytes);
}

/// <summary>Answer of GET /v1/containers; <paramref name="SilentHosts"/> did not answer, so what runs there is missing.</summary>
public sealed record ContainersJson(ContainerJson[] Containers, string[] SilentHosts)
{
    public static ContainersJson From(ContainerRows rows) => new([.. rows.Rows.Select(ContainerJson.From)], [.. rows.Silent.Select(host => host.Value)]);
}

/// <summary>A host as scripts see it.</summary>
public sealed record HostJson(string Host, string Address, string Status, bool Reachable, bool Votes, bool IsSelf)
{
    public static HostJson From(HostRow row) => new(row.Host, row.Address, row.Status, row.Reachable, row.Votes, row.IsSelf);
}

/// <summary>Answer of GET /v1/hosts.</summary>
public sealed record HostsJson(HostJson[] Hosts);

/// <summary>Answer of GET /v1/node.</summary>
public sealed record NodeJson(string Host, string Version, int Pid);
