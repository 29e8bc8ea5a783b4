using ActorMigration.Host.Linux.Containers;

namespace ActorMigration.Host.Linux.Criu;

/// <summary>
/// What dump and restore have to agree on. The keys of externals are those of runc, which restores the images.
/// </summary>
internal static class CriuOptions
{
    /// <summary>runc's name for the netns it leaves to others.</summary>
    private const string NetworkKey = "extRootNetNS";

    /// <summary>
    /// TCP connections are carried; the network is locked by us, who unplug the port first (CRIU's own lock costs 80 ms); locks of files and deleted files that
    /// still have a name elsewhere are carried. Unix sockets, terminals and queues of connections that lead outside are not: they are refused.
    /// </summary>
    internal static readonly string[] Common = ["--tcp-established", "--network-lock", "skip", "--file-locks", "--link-remap"];

    /// <summary>The same in a config file, for a restore by runc.</summary>
    internal const string RestoreConfig = "tcp-established\nnetwork-lock skip\nfile-locks\nlink-remap\nverbosity 2\n";

    /// <summary>Files that our config covers with /dev/null, as far as this kernel has them: for CRIU these are mounts from outside.</summary>
    internal static IEnumerable<string> ExternalMounts(int init)
        => HostPolicy.MaskedFiles.Where(path => File.Exists($"/proc/{init}/root{path}")).SelectMany(path => (string[])["--ext-mount-map", $"{path}:/dev/null"]);

    /// <summary>The netns by its inode number; its devices and routes are not dumped.</summary>
    internal static string ExternalNetworkNamespace(string path) => $"net[{NamespaceInode(path)}]:{NetworkKey}";

    private static ulong NamespaceInode(string path)
    {
        using var handle = Interop.Open(path, Interop.O_RDONLY | Interop.O_CLOEXEC);
        if (handle.IsInvalid)
        {
            throw LinuxException.FromLastError("open", path);
        }

        var inode = File.ReadLines($"/proc/self/fdinfo/{handle.DangerousGetHandle()}").FirstOrDefault(line => line.StartsWith("ino:", StringComparison.Ordinal))?[4..].Trim();
        return ulong.TryParse(inode, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new NotSupportedException($"/proc/self/fdinfo does not tell the inode of {path}: Linux 5.14 or later is needed");
    }
}
