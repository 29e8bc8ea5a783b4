using ActorMigration.Contracts;

namespace ActorMigration.Host.Linux.Containers;

/// <summary>Where a container of one fence lives on this host; the part of its OCI config that neither spec nor policy holds.</summary>
/// <param name="RootFileSystem">Mounted overlay.</param>
/// <param name="NetworkNamespace">Path of a netns that exists already, and that CRIU leaves alone.</param>
/// <param name="CgroupsPath">Absolute below the cgroup mounts.</param>
/// <param name="CriuConfig">File that CRIU reads at a restore; empty for a container that is started.</param>
public sealed record ContainerPlace(string RootFileSystem, string NetworkNamespace, string CgroupsPath, string CriuConfig = "")
{
    /// <summary>runc's id and the last part of the cgroup: name and fence, so that two attempts never share one.</summary>
    public static string IdOf(ContainerName name, Fence fence) => $"{name}-{fence}";
}
