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

    private void Sync(string path)
    {
        try
        {
            using var handle = TreeHandle.OpenBeneath(root, Encoding.Latin1.GetBytes(path), Interop.O_RDONLY | Interop.O_NONBLOCK);
            if (Interop.FSync(handle) != 0)
            {
                throw LinuxException.FromLastError("fsync", $"{rootPath}/{path}");
            }
        }
        catch (LinuxException gone) when (gone is { Call: "openat2", Errno: Interop.Errno.ENOENT })
        {
            // Removed later in the same pass; the directory it was in is synced as well.
        }
    }
}
