using System.Buffers.Binary;
using System.Text;
using ActorMigration.Contracts;
using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux.Files;

/// <summary>
/// Source side of one tree (a container's writable layer, or a volume): each pass sends what has changed since the last one,
/// while the container runs; the final pass does so under freeze and leaves the destination's tree equal.
///
/// An entry has changed when its ctime, size, mode, owner, mtime or inode has. Two kinds of change move none of these and are found by
/// comparing content with a digest per block: writes through a shared mapping (<see cref="MarkMapped"/>), and writes within the same tick
/// of the clock as the last look (an entry younger than <see cref="Granularity"/> when it was read is compared in the next pass).
///
/// Blocks as stream and disk do: call it on a thread that may block. One call at a time.
/// </summary>
internal sealed class LayerSync : IDisposable
{
    /// <summary>Coarsest time stamps that are met: FAT and some network file systems count in 2 s; the kernel's own tick is 1 to 10 ms.</summary>
    private static readonly TimeSpan Granularity = TimeSpan.FromSeconds(2);

    private readonly string _rootPath;
    private readonly SafeFileHandle _rootHandle;
    private readonly TimeProvider _time;
    private readonly SentDirectory _root = new("\0"u8.ToArray(), null);
    private readonly Dictionary<ulong, SentInode> _inodes = [];
    private readonly HashSet<string> _mappedPaths = [];
    private readonly List<SentName> _doomed = [];
    private readonly List<SentDirectory> _touched = [];
    private readonly LayerContent _content = new();
    private ulong _device;
    private int _pass;
    private long _entries;
    private bool _final;
    private FileFrameWriter _to = null!;   // set at the start of each pass, which is the only way in

    /// <summary>Opens the tree at <paramref name="root"/>; sends nothing yet.</summary>
    internal LayerSync(string root, TimeProvider time)
    {
        _rootPath = root;
        _time = time;
        _rootHandle = Interop.Open(root, Interop.O_RDONLY | Interop.O_DIRECTORY | Interop.O_NOFOLLOW | Interop.O_CLOEXEC);
        if (_rootHandle.IsInvalid)
        {
            throw LinuxException.FromLastError("open", root);
        }
    }

    /// <summary>Content that was read in the last pass, compared or sent: what a pass costs besides looking.</summary>
    internal long BytesRead => _content.BytesRead;

    /// <summary>
    /// A task maps this file shared and writable now (path inside the tree, as /proc/PID/map_files shows it, without a leading slash). Called at every round;
    /// once marked, a file stays so for the attempt. A path that is not in the tree belongs to a lower layer, which nobody can write.
    /// </summary>
    internal void MarkMapped(string path) => _mappedPaths.Add(Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(path)));

    /// <summary>
    /// Runs one pass and flushes. The caller then waits for <see cref="DurableAnswer"/>. In a final pass every task of the container stands, and nothing
    /// else writes to the tree.
    /// </summary>
    internal PassReport Run(FileFrameWriter to, bool final, CancellationToken cancel)
    {
        _to = to;
        _final = final;
        _entries = 0;
        _pass++;
        _content.Begin(to);
        Span<byte> begin = stackalloc byte[5];
        BinaryPrimitives.WriteInt32LittleEndian(begin, _pass);
        begin[4] = final ? (byte)1 : (byte)0;
        to.Write(FileFrameKind.PassBegin, begin);

        WalkRoot(cancel);
        CompareMapped();
        RemoveDoomed();
        SendTouched();
        if (final)
        {
            to.Write(FileFrameKind.Settled, []);
            to.Flush();
        }
        _content.VerifyDeferred(SendEntry, cancel);

        Span<byte> end = stackalloc byte[20];
        BinaryPrimitives.WriteInt32LittleEndian(end, _pass);
        BinaryPrimitives.WriteInt64LittleEndian(end[4..], _entries);
        BinaryPrimitives.WriteInt64LittleEndian(end[12..], _content.BytesSent);
        to.Write(FileFrameKind.PassEnd, end);
        to.Flush();
        return new PassReport(_pass, _entries, _content.BytesSent);
    }

    public void Dispose()
    {
        _content.Dispose();
        _rootHandle.Dispose();
    }

    private void WalkRoot(CancellationToken cancel)
    {
        if (!TreeHandle.TryStat(_rootHandle, ".\0"u8.ToArray(), out var stat))
        {
            throw new LinuxException("statx", _rootPath, Interop.Errno.ENOENT);
        }
        _device = stat.Device;
        NoteDirectory(_root, _rootHandle, ".\0"u8.ToArray(), stat);
        Walk(_root, _rootHandle, cancel);
    }

    private void Walk(SentDirectory directory, SafeFileHandle handle, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        if (directory.Stale)
        {
            directory.Stale = IsYoung(directory.Stat);
            foreach (var name in TreeHandle.Names(handle))
            {
                Visit(directory, handle, name, directory.Children.GetValueOrDefault(SentDirectory.Key(name)), cancel);
            }
        }
        else
        {
            // No name has come or gone since the last pass: look at each one without reading the directory.
            foreach (var known in directory.Children.Values.ToArray())
            {
                Visit(directory, handle, known.Name, known, cancel);
            }
        }
        foreach (var known in directory.Children.Values)
        {
            if (known.SeenInPass != _pass)
            {
                _doomed.Add(known);
            }
        }
    }

    private void Visit(SentDirectory directory, SafeFileHandle handle, byte[] name, SentName? known, CancellationToken cancel)
    {
        if (!TreeHandle.TryStat(handle, name, out var stat))
        {
            directory.Stale = true;   // it went while we looked; the next pass reads the names again
            DemandRunning(name);
            return;
        }
        if (stat.Device != _device)
        {
            throw new LayerException(LayerFailure.CannotCarry, $"{_rootPath}: {TreeHandle.Show(name)} is another file system; only the tree's own is carried.");
        }
        if (stat.Type == Interop.Tree.S_IFDIR)
        {
            VisitDirectory(directory, handle, name, known, stat, cancel);
        }
        else
        {
            VisitLeaf(directory, handle, name, known, stat);
        }
    }

    private void VisitDirectory(SentDirectory directory, SafeFileHandle handle, byte[] name, SentName? known, in TreeStat stat, CancellationToken cancel)
    {
        using var inner = TreeHandle.TryOpen(handle, name, Interop.O_RDONLY | Interop.O_DIRECTORY);
        if (inner is null)
        {
            directory.Stale = true;
            DemandRunning(name);
            return;
        }
        if (known is not SentDirectory child)
        {
            Drop(known);
            child = new SentDirectory(name, directory);
            directory.Children[SentDirectory.Key(name)] = child;
            Touch(directory);
        }
        child.SeenInPass = _pass;
        NoteDirectory(child, handle, name, stat);
        Walk(child, inner, cancel);
    }

    /// <summary>Sends a directory's own entry when it has changed, and decides whether its names have to be read.</summary>
    private void NoteDirectory(SentDirectory directory, SafeFileHandle parent, byte[] name, in TreeStat stat)
    {
        if (directory.SentInPass == 0 || directory.Stat != (stat with { Blocks = directory.Stat.Blocks }))
        {
            directory.Stat = stat;
            directory.Stale = true;
            directory.SentInPass = _pass;
            SendEntry(directory.Path(), parent, name, stat, FileContent.Unchanged);
        }
    }

    private void VisitLeaf(SentDirectory directory, SafeFileHandle handle, byte[] name, SentName? known, in TreeStat stat)
    {
        if (!_inodes.TryGetValue(stat.Inode, out var inode) || inode.Type != stat.Type || inode.Names.Count == 0)
        {
            inode = null;
        }
        if (known is SentLeaf leaf && leaf.Inode == inode)
        {
            leaf.SeenInPass = _pass;
            Update(handle, name, leaf.Path(), inode, stat);
            return;
        }
        Drop(known);
        if (inode is { Names.Count: > 0 })
        {
            Update(handle, name, inode.Names[0].Path(), inode, stat);
            leaf = Add(directory, name, inode);
            _to.WriteLink(leaf.Path(), inode.Names[0].Path());
            _entries++;
        }
        else
        {
            inode = new SentInode(stat.Inode, stat.Type);
            _inodes[stat.Inode] = inode;
            leaf = Add(directory, name, inode);
            if (!SendNew(handle, name, leaf.Path(), inode, stat))
            {
                directory.Stale = true;
                DemandRunning(name);
                Drop(leaf);
                return;
            }
        }
        leaf.SeenInPass = _pass;
    }

    /// <summary>False when it is gone.</summary>
    private bool SendNew(SafeFileHandle handle, byte[] name, byte[] path, SentInode inode, in TreeStat stat)
    {
        inode.Stat = stat;
        inode.Racy = IsYoung(stat);
        inode.ComparedInPass = _pass;
        if (stat.Type != Interop.Tree.S_IFREG)
        {
            return SendEntry(path, handle, name, stat, FileContent.Unchanged);
        }
        using var file = TreeHandle.TryOpen(handle, name, Interop.O_RDONLY | Interop.O_NONBLOCK);
        if (file is null || !SendEntry(path, handle, name, stat, FileContent.Whole))
        {
            return false;
        }
        inode.Blocks = _content.SendWhole(file, stat.Size);
        return true;
    }

    private void Update(SafeFileHandle handle, byte[] name, byte[] path, SentInode inode, in TreeStat stat)
    {
        var sent = inode.Stat;
        var changed = sent != (stat with { Blocks = sent.Blocks, Links = sent.Links });
        if (inode.ComparedInPass == _pass || !(changed || inode.Racy || inode.Mapped))
        {
            return;
        }
        inode.ComparedInPass = _pass;
        inode.Stat = stat;
        inode.Racy = IsYoung(stat);
        if (stat.Type == Interop.Tree.S_IFREG)
        {
            var file = TreeHandle.TryOpen(handle, name, Interop.O_RDONLY | Interop.O_NONBLOCK);
            if (file is null)
            {
                inode.Racy = true;
                DemandRunning(name);
                return;
            }
            var entry = new LayerContent.Target(path, name, stat, changed);
            _content.SendRanges(file, inode.Blocks!, sent.Size, entry, (e, content) => SendEntry(e.Path, handle, e.Name, e.Stat, content), defer: _final);
        }
        else if (changed)
        {
            SendEntry(path, handle, name, stat, FileContent.Unchanged);
        }
    }

    /// <summary>Files marked as mapped since the last pass; the older ones were compared on the way.</summary>
    private void CompareMapped()
    {
        foreach (var path in _mappedPaths)
        {
            if (Find(path) is not SentLeaf { Inode: { Type: Interop.Tree.S_IFREG, Mapped: false } inode } leaf)
            {
                continue;
            }
            inode.Mapped = true;
            if (inode.ComparedInPass != _pass)
            {
                using var parent = OpenKnown(leaf.Parent!);
                if (parent is not null && TreeHandle.TryStat(parent, leaf.Name, out var stat) && stat.Inode == inode.Number)
                {
                    Update(parent, leaf.Name, leaf.Path(), inode, stat);
                }
            }
        }
    }

    private SentName? Find(string path)
    {
        SentName? at = _root;
        foreach (var name in path.Split('/'))
        {
            at = (at as SentDirectory)?.Children.GetValueOrDefault(name);
        }
        return at;
    }

    /// <summary>Deletions come last: until then a file that has only moved can still be linked from its old name.</summary>
    private void RemoveDoomed()
    {
        foreach (var name in _doomed)
        {
            if (!name.Gone)
            {
                _to.Write(FileFrameKind.Delete, name.Path());
                _entries++;
                Touch(name.Parent!);
                Drop(name);
            }
        }
        _doomed.Clear();
    }

    /// <summary>What we made or removed has moved these directories' times at the destination.</summary>
    private void SendTouched()
    {
        foreach (var directory in _touched)
        {
            if (directory.Gone || directory.SentInPass == _pass)
            {
                continue;   // its entry of this pass is applied at the end anyway
            }
            using var parent = OpenKnown(directory.Parent ?? _root);
            if (parent is not null)
            {
                SendEntry(directory.Path(), parent, directory.Parent is null ? ".\0"u8.ToArray() : directory.Name, directory.Stat, FileContent.Unchanged);
            }
        }
        _touched.Clear();
    }

    /// <summary>Null when the container has moved it since the walk; then its ctime has moved as well, and the next pass comes back to it.</summary>
    private SafeFileHandle? OpenKnown(SentDirectory directory)
    {
        try
        {
            return TreeHandle.OpenBeneath(_rootHandle, directory.Path(), Interop.O_RDONLY | Interop.O_DIRECTORY);
        }
        catch (LinuxException moved) when (!_final && HasMoved(moved))
        {
            return null;
        }
    }

    private SentLeaf Add(SentDirectory directory, byte[] name, SentInode inode)
    {
        var leaf = new SentLeaf(name, directory, inode);
        directory.Children[SentDirectory.Key(name)] = leaf;
        inode.Names.Add(leaf);
        Touch(directory);
        return leaf;
    }

    private void Touch(SentDirectory directory)
    {
        if (directory.TouchedInPass != _pass)
        {
            directory.TouchedInPass = _pass;
            _touched.Add(directory);
        }
    }

    /// <summary>Forgets a name and all below it; the frame that makes the destination do so is sent by the caller, or follows from the entry put there.</summary>
    private void Drop(SentName? name)
    {
        if (name is null)
        {
            return;
        }
        name.Gone = true;
        name.Parent!.Children.Remove(SentDirectory.Key(name.Name));
        if (name is SentDirectory directory)
        {
            foreach (var child in directory.Children.Values.ToArray())
            {
                Drop(child);
            }
        }
        else if (name is SentLeaf leaf)
        {
            leaf.Inode.Names.Remove(leaf);
            if (leaf.Inode.Names.Count == 0 && _inodes.GetValueOrDefault(leaf.Inode.Number) == leaf.Inode)
            {
                _inodes.Remove(leaf.Inode.Number);
            }
        }
    }

    private bool SendEntry(LayerContent.Target target, FileContent content)
    {
        using var parent = TreeHandle.OpenBeneath(_rootHandle, ParentOf(target.Path), Interop.O_RDONLY | Interop.O_DIRECTORY);
        return SendEntry(target.Path, parent, target.Name, target.Stat, content);
    }

    /// <summary>False when it was a symbolic link and is gone.</summary>
    private bool SendEntry(byte[] path, SafeFileHandle parent, byte[] name, in TreeStat stat, FileContent content)
    {
        FileEntry entry;
        try
        {
            entry = LayerEntry.Read(path, parent, name, stat, content);
        }
        catch (LinuxException gone) when (!_final && HasMoved(gone))
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
        _entries++;
        return true;
    }

    /// <summary>The path is not there, or something else is: normal while the container runs.</summary>
    private static bool HasMoved(LinuxException error)
        => error.Errno is Interop.Errno.ENOENT or Interop.Errno.ENOTDIR or Interop.Errno.ELOOP or Interop.Errno.EINVAL;

    private bool IsYoung(in TreeStat stat)
        => DateTimeOffset.FromUnixTimeSeconds(stat.CSeconds) + TimeSpan.FromTicks(stat.CNanoseconds / 100) > _time.GetUtcNow() - Granularity;

    private void DemandRunning(byte[] name)
    {
        if (_final)
        {
            throw new LayerException(LayerFailure.CannotCarry, $"{_rootPath}: {TreeHandle.Show(name)} went away although every task of the container stands; somebody else writes to its tree.");
        }
    }

    private static byte[] ParentOf(byte[] path) => path.AsSpan().LastIndexOf((byte)'/') is var slash and > 0 ? path[..slash] : [];
}
