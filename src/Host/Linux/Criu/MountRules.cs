using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Containers;

namespace ActorMigration.Host.Linux.Criu;

/// <summary>Which mounts a container of a spec has on any host: those of its generated config, and no other.</summary>
internal static class MountRules
{
    // enum fstype of CRIU's images.
    private const int Proc = 1;
    private const int Sysfs = 2;
    private const int Tmpfs = 5;
    private const int Devpts = 6;

    /// <summary>True when the config that this host would generate has the mount.</summary>
    /// <param name="spec">Of the container.</param>
    /// <param name="point">Where it is mounted inside.</param>
    /// <param name="type">CRIU's number of the file system.</param>
    /// <param name="root">Which directory of the file system is mounted.</param>
    /// <param name="externalKey">Not empty when CRIU is to bind it from outside.</param>
    internal static bool Allows(ContainerSpec spec, string point, int type, string root, string externalKey)
    {
        if (root.Split('/').Contains(".."))
        {
            return false;
        }

        if (HostPolicy.MaskedFiles.Contains(point))
        {
            return externalKey == "/dev/null";
        }

        return externalKey.Length == 0 && point switch
        {
            // CRIU binds the root that runc names, whatever its type on the source.
            "/" => true,
            "/proc" => type == Proc && root == "/",
            "/sys" => type == Sysfs && root == "/",
            "/dev" or "/dev/shm" => type == Tmpfs && root == "/",
            "/dev/pts" => type == Devpts && root == "/",
            _ when HostPolicy.ReadonlyPaths.Contains(point) => type == Proc && "/proc" + root == point,
            _ => spec.Tmpfs.Contains(point) && type == Tmpfs && root == "/",
        };
    }
}
