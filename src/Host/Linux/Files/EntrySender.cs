using ActorMigration.Contracts;
using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux.Files;

/// <summary>
/// Writes the frames of one pass that are no content: entries, links, deletions; and, at its end, once more the directories whose times these have moved at
/// the destination. Begin it for each pass.
/// </summary>
internal sealed class EntrySender(SafeFileHandle rootHandle, SentDirectory root)
{
    /// <summary>A directory in itself, for calls that take a name in a directory.</summary>
    internal static readonly byte[] Itself = ".\0"u8.ToArray();

    private readonly List<SentDirectory> _touched = [];
    private FileFrameWriter _to = null!;   // set by Begin, which each pass calls first
    private int _pass;
    private bool _final;

    /// <summary>Entries, links and deletions of this pass.</summary>
    internal long Entries { get; private set; }

    internal void Begin(FileFrameWriter to, int pass, bool final)
    {
        _to = to;
        _pass = pass;
        _final = final;
        Entries = 0;
        _touched.Clear();
    }

    /// <summary>False when it was a symbolic link and is gone; then nothing was sent.</summary>
    internal bool Send(byte[] path, SafeFileHandle parent, byte[] name, in TreeStat stat, FileContent content)
    {
        var entry = Read(path, parent, name, stat, content);
        if (entry is null)
        {
            // Removed or renamed since we looked. Frames that follow need the entry, so it crosses with what we know; a rename
            // moves the ctime, so the next pass sends all of it again.
            if (stat.Type == Interop.Tree.S_IFLNK)
            {
                return false;
            }
            entry = LayerEntry.WithoutXattrs(path, stat, content);
        }
        _to.Write(FileFrameKind.Entry, FileEntryCodec.Encode(entry));
        Entries++;
        return true;
    }

    /// <summary>An entry whose name at the source is the one at the destination, because the pass has settled: the file may have been found under another.</summary>
    internal bool SendSettled(LayerContent.Target target, FileContent content)
    {
        var leaf = target.Inode.Names[0];
        using var parent = TreeHandle.OpenBeneath(rootHandle, leaf.Parent!.Path(), Interop.O_RDONLY | Interop.O_DIRECTORY);
        return Send(leaf.Path(), parent, leaf.Name, target.Stat, content);
    }

    internal void Link(SentLeaf leaf, SentLeaf existing)
    {
        _to.WriteLink(leaf.Path(), existing.Path());
        Entries++;
        Touch(leaf.Parent!);
    }

    internal void Delete(SentName name)
    {
        _to.Write(FileFrameKind.Delete, name.Path());
        Entries++;
        Touch(name.Parent!);
    }

    /// <summary>Something is made or removed in it at the destination, which moves its time there.</summary>
    internal void Touch(SentDirectory directory)
    {
        if (directory.TouchedInPass != _pass)
        {
            directory.TouchedInPass = _pass;
            _touched.Add(directory);
        }
    }

    internal void SendTouched()
    {
        foreach (var directory in _touched)
        {
            if (directory.Gone || directory.SentInPass == _pass)
            {
                continue;   // its entry of this pass is applied at the end anyway
            }
            using var parent = OpenKnown(directory.Parent ?? root);
            if (parent is not null)
            {
                Send(directory.Path(), parent, directory.Parent is null ? Itself : directory.Name, directory.Stat, FileContent.Unchanged);
            }
            else
            {
                directory.Racy = true;   // whatever its own time says, it is owed
            }
        }
    }

    private FileEntry? Read(byte[] path, SafeFileHandle parent, byte[] name, in TreeStat stat, FileContent content)
    {
        try
        {
            return LayerEntry.Read(path, parent, name, stat, content) is { } read
                ? read
                : !_final ? null : throw new LayerException(LayerFailure.CannotCarry, $"/{TreeHandle.Show(path)} went away although every task of the container stands; somebody else writes to its tree.");
        }
        catch (LinuxException gone) when (!_final && gone.Errno == Interop.Errno.ENODATA)
        {
            return null;   // an attribute was removed between its name and its value
        }
    }

    /// <summary>Null when the container has moved it since the walk.</summary>
    internal SafeFileHandle? OpenKnown(SentDirectory directory)
    {
        try
        {
            return TreeHandle.OpenBeneath(rootHandle, directory.Path(), Interop.O_RDONLY | Interop.O_DIRECTORY);
        }
        catch (LinuxException moved) when (!_final && moved.Errno is (Interop.Errno.ENOENT or Interop.Errno.ENOTDIR or Interop.Errno.ELOOP))
        {
            return null;
        }
    }
}
