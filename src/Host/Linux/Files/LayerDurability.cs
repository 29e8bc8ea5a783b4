using System.Text;
using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux.Files;

/// <summary>
/// Knows which entries of a tree have changed since they were last made durable. A few are synced one by one; syncfs would also
/// write what every other container on this file system has dirtied, which may be gigabytes. Many are cheaper with syncfs.
/// </summary>
internal sealed class LayerDurability(SafeFileHandle root, string rootPath)
{
    /// <summary>Syncs of single entries, about 1 ms each on a disk with a volatile cache.</summary>
    private const int MaxSingleSyncs = 64;

    private readonly HashSet<string> _files = [];
    private readonly HashSet<string> _directories = [];

    /// <summary><paramref name="isFile"/>: a name of a file was made or written, whose content may have come under another name that has gone since.</summary>
    internal void Changed(ReadOnlySpan<byte> path, bool isFile)
    {
        if (_files.Count + _directories.Count > MaxSingleSyncs)
        {
            return;   // it will be syncfs, whatever else comes
        }
        if (isFile)
        {
            _files.Add(Encoding.Latin1.GetString(path));
        }
        // A name is durable with the directory that holds it; so is a special file, which has no content.
        _directories.Add(path.LastIndexOf((byte)'/') is var slash and > 0 ? Encoding.Latin1.GetString(path[..slash]) : "");
    }

    internal void MakeDurable()
    {
        if (_files.Count + _directories.Count > MaxSingleSyncs)
        {
            if (Interop.Tree.SyncFs(root) != 0)
            {
                throw LinuxException.FromLastError("syncfs", rootPath);
            }
        }
        else
        {
            foreach (var path in _files.Concat(_directories))
            {
                Sync(path);
            }
        }
        _files.Clear();
        _directories.Clear();
    }

    /// <summary>What has gone from its path since, or is of another kind by now, is durable with the directories that hold it: these are synced as well.</summary>
    private void Sync(string path)
    {
        try
        {
            var bytes = Encoding.Latin1.GetBytes(path);
            var slash = Math.Max(0, path.LastIndexOf('/'));
            using var parent = TreeHandle.OpenBeneath(root, bytes.AsSpan(0, slash), Interop.O_PATH | Interop.O_DIRECTORY);
            var name = TreeHandle.ZeroTerminated(path.Length == 0 ? "."u8 : bytes.AsSpan(slash == 0 ? 0 : slash + 1));
            if (!TreeHandle.TryStat(parent, name, out var stat) || stat.Type is not (Interop.Tree.S_IFREG or Interop.Tree.S_IFDIR))
            {
                return;
            }
            using var handle = TreeHandle.TryOpen(parent, name, Interop.O_RDONLY);
            if (handle is not null && Interop.FSync(handle) != 0)
            {
                throw LinuxException.FromLastError("fsync", $"{rootPath}/{path}");
            }
        }
        catch (LinuxException gone) when (gone is { Call: "openat2", Errno: Interop.Errno.ENOENT or Interop.Errno.ENOTDIR or Interop.Errno.ELOOP })
        {
            // The directory it was in.
        }
    }
}
