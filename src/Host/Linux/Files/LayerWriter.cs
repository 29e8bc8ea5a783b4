using System.Runtime.InteropServices;
using ActorMigration.Contracts;
using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux.Files;

/// <summary>
/// The file system calls of <see cref="LayerReceiver"/>, all beneath one root: a parent is opened with openat2 through no link and no
/// mount, then one name in it is worked on, never through a link.
/// </summary>
internal sealed unsafe partial class LayerWriter : IDisposable
{
    private readonly SafeFileHandle _root;
    private readonly string _rootPath;
    private readonly LayerLimits _limits;
    private readonly LayerDurability _durability;
    private byte[] _parentPath = [];
    private SafeFileHandle _parent;
    private SafeFileHandle? _file;
    private ulong _fileBlocks;
    private long _fileWritten;
    private long _used;
    private long _entries;

    internal LayerWriter(string root, LayerLimits limits)
    {
        _rootPath = root;
        _limits = limits;
        _root = Interop.Open(root, Interop.O_RDONLY | Interop.O_DIRECTORY | Interop.O_NOFOLLOW | Interop.O_CLOEXEC);
        if (_root.IsInvalid)
        {
            throw LinuxException.FromLastError("open", root);
        }
        _parent = _root;
        _durability = new LayerDurability(_root, root);
    }

    public void Dispose()
    {
        _file?.Dispose();
        ForgetParent();
        _root.Dispose();
    }

    internal void MakeDurable() => _durability.MakeDurable();

    /// <summary>An entry without content: made if it is not there, then its owner, mode and attributes.</summary>
    internal void Apply(FileEntry entry)
    {
        var (parent, name) = Locate(entry.Path);
        var exists = TreeHandle.TryStat(parent, name, out var there);
        var type = TypeOf(entry.Kind);
        if (entry.Kind == FileEntryKind.File)
        {
            Refuse(!exists || there.Type != type, entry.Path, "metadata of a file that is not there");
        }
        else if (!exists || there.Type != type || (entry.Kind == FileEntryKind.Symlink && !TreeHandle.ReadLink(parent, name).AsSpan().SequenceEqual(entry.Target)))
        {
            Clear(parent, name, exists, there);
            Make(parent, name, entry, type);
        }
        SetMetadata(parent, name, entry, withTime: entry.Kind != FileEntryKind.Directory);
        _durability.Changed(entry.Path, entry.Kind is FileEntryKind.File or FileEntryKind.Directory);
    }

    internal void BeginFile(FileEntry entry)
    {
        var (parent, name) = Locate(entry.Path);
        var exists = TreeHandle.TryStat(parent, name, out var there);
        if (entry.Content == FileContent.Whole)
        {
            Clear(parent, name, exists, there);
            CountEntry(entry.Path);
            _file = Check(TreeHandle.TryOpen(parent, name, Interop.O_WRONLY | Interop.O_CREAT | Interop.O_EXCL, 0x180), entry.Path);
            _fileBlocks = 0;
        }
        else
        {
            Refuse(!exists || there.Type != Interop.Tree.S_IFREG, entry.Path, "blocks of a file that is not there");
            _file = Check(TreeHandle.TryOpen(parent, name, Interop.O_WRONLY | Interop.O_NONBLOCK), entry.Path);
            _fileBlocks = there.Blocks;
        }
        _fileWritten = 0;
    }

    internal void Write(FileEntry entry, long offset, ReadOnlySpan<byte> content)
    {
        // As if all of it were new first, and by the file system's own count when that is too much: overwriting takes no room.
        _fileWritten += content.Length;
        if (_used + _fileWritten > _limits.Bytes && UsedNow(entry) + content.Length > _limits.Bytes)
        {
            throw new LayerException(
                LayerFailure.OverReservation, $"{_rootPath}: the source sends more than the {_limits.Bytes} bytes that the attempt has reserved (at /{TreeHandle.Show(entry.Path)}).");
        }
        fixed (byte* start = content)
        {
            for (var at = 0; at < content.Length;)
            {
                var put = Interop.PWrite(_file!, start + at, (nuint)(content.Length - at), offset + at);
                if (put < 0)
                {
                    throw Failure("pwrite", entry.Path);
                }
                at += (int)put;
            }
        }
    }

    internal void Punch(FileEntry entry, long offset, long length)
    {
        // Beyond the present end there is nothing to punch, and KEEP_SIZE makes that a no-op; the size follows at the end.
        if (Interop.Tree.FAllocate(_file!, Interop.Tree.FALLOC_FL_PUNCH_HOLE | Interop.Tree.FALLOC_FL_KEEP_SIZE, offset, length) != 0)
        {
            throw Failure("fallocate(PUNCH_HOLE)", entry.Path);
        }
    }

    internal void EndFile(FileEntry entry)
    {
        if (Interop.Tree.FTruncate(_file!, entry.Size) != 0)
        {
            throw Failure("ftruncate", entry.Path);
        }
        _file!.Dispose();
        _file = null;
        var (parent, name) = Locate(entry.Path);
        SetMetadata(parent, name, entry, withTime: true);
        _used = UsedNow(entry);
        _durability.Changed(entry.Path, isFile: true);
    }

    private long UsedNow(FileEntry underWay)
    {
        var (parent, name) = Locate(underWay.Path);
        Refuse(!TreeHandle.TryStat(parent, name, out var now), underWay.Path, "a file that went away");
        return _used + ((long)now.Blocks - (long)_fileBlocks) * 512;
    }

    internal void Link(ReadOnlySpan<byte> path, ReadOnlySpan<byte> existing)
    {
        using var from = TreeHandle.OpenBeneath(_root, Split(existing, out var oldName), Interop.O_PATH | Interop.O_DIRECTORY);
        Refuse(!TreeHandle.TryStat(from, oldName, out var old) || old.Type == Interop.Tree.S_IFDIR, existing, "a link to what is not there");
        var (parent, name) = Locate(path);
        var exists = TreeHandle.TryStat(parent, name, out var there);
        if (exists && there.Inode == old.Inode)
        {
            return;
        }
        Clear(parent, name, exists, there);
        CountEntry(path);
        fixed (byte* oldStart = oldName, start = name)
        {
            if (Interop.Tree.LinkAt(from, oldStart, parent, start, 0) != 0)
            {
                throw Failure("linkat", path);
            }
        }
        _durability.Changed(path, isFile: old.Type == Interop.Tree.S_IFREG);
    }

    internal void Delete(ReadOnlySpan<byte> path)
    {
        var (parent, name) = Locate(path);
        if (TreeHandle.TryStat(parent, name, out var there))
        {
            Clear(parent, name, exists: true, there);
        }
        _durability.Changed(path, isFile: false);
    }

    internal void SetTime(FileEntry entry)
    {
        var (parent, name) = Locate(entry.Path);
        SetTime(parent, name, entry);
    }

    private void Make(SafeFileHandle parent, byte[] name, FileEntry entry, int type)
    {
        CountEntry(entry.Path);
        int made;
        fixed (byte* start = name, target = TreeHandle.ZeroTerminated(entry.Target))
        {
            made = entry.Kind switch
            {
                FileEntryKind.Directory => Interop.Tree.MkDirAt(parent, start, 0x1C0),
                FileEntryKind.Symlink => Interop.Tree.SymLinkAt(target, parent, start),
                // Device number 0 is overlayfs' whiteout, which no driver answers; any other never gets here: it has no wire form.
                _ => Interop.Tree.MkNodAt(parent, start, (uint)type | 0x180, 0),
            };
        }
        if (made != 0)
        {
            throw Failure("making an entry", entry.Path);
        }
    }

    /// <summary>Removes what is at a name, with all below it.</summary>
    private void Clear(SafeFileHandle parent, byte[] name, bool exists, in TreeStat there)
    {
        if (!exists)
        {
            return;
        }
        if (there.Type == Interop.Tree.S_IFDIR)
        {
            using var directory = Check(TreeHandle.TryOpen(parent, name, Interop.O_RDONLY | Interop.O_DIRECTORY), name);
            foreach (var inner in TreeHandle.Names(directory))
            {
                Clear(directory, inner, TreeHandle.TryStat(directory, inner, out var stat), stat);
            }
        }
        else if (there.Links == 1)
        {
            _used -= (long)there.Blocks * 512;
        }
        _entries--;
        fixed (byte* start = name)
        {
            if (Interop.Tree.UnlinkAt(parent, start, there.Type == Interop.Tree.S_IFDIR ? Interop.Tree.AT_REMOVEDIR : 0) != 0)
            {
                throw Failure("unlinkat", name);
            }
        }
    }

    /// <summary>The open parent and the name in it; the root itself is "." in itself. Runs of entries in one directory open it once.</summary>
    private (SafeFileHandle Parent, byte[] Name) Locate(ReadOnlySpan<byte> path)
    {
        var up = Split(path, out var name);
        if (!up.SequenceEqual(_parentPath))
        {
            ForgetParent();
            try
            {
                _parent = up.IsEmpty ? _root : TreeHandle.OpenBeneath(_root, up, Interop.O_RDONLY | Interop.O_DIRECTORY);
            }
            catch (LinuxException outside)
            {
                throw new LayerException(LayerFailure.Refused, $"The source's file stream is refused: /{TreeHandle.Show(path)} is in no directory of the tree.", outside);
            }
            _parentPath = up.ToArray();
        }
        return (_parent, name);
    }

    private static ReadOnlySpan<byte> Split(ReadOnlySpan<byte> path, out byte[] name)
    {
        var slash = path.LastIndexOf((byte)'/');
        name = TreeHandle.ZeroTerminated(path.IsEmpty ? "."u8 : path[(slash + 1)..]);
        return slash < 0 ? default : path[..slash];
    }

    private void ForgetParent()
    {
        if (_parent != _root)
        {
            _parent.Dispose();
        }
        _parent = _root;
        _parentPath = [];
    }

    private void CountEntry(ReadOnlySpan<byte> path)
    {
        if (++_entries > _limits.Entries)
        {
            throw new LayerException(
                LayerFailure.OverReservation, $"{_rootPath}: the source sends more than the {_limits.Entries} entries that the attempt has reserved (at /{TreeHandle.Show(path)}).");
        }
    }

    private static int TypeOf(FileEntryKind kind) => kind switch
    {
        FileEntryKind.Directory => Interop.Tree.S_IFDIR,
        FileEntryKind.File => Interop.Tree.S_IFREG,
        FileEntryKind.Symlink => Interop.Tree.S_IFLNK,
        FileEntryKind.Fifo => Interop.Tree.S_IFIFO,
        FileEntryKind.Socket => Interop.Tree.S_IFSOCK,
        _ => Interop.Tree.S_IFCHR,
    };

    private static void Refuse(bool wrong, ReadOnlySpan<byte> path, string what)
    {
        if (wrong)
        {
            throw new LayerException(LayerFailure.Refused, $"The source's file stream is refused: {what} (/{TreeHandle.Show(path)}).");
        }
    }

    private static SafeFileHandle Check(SafeFileHandle? handle, ReadOnlySpan<byte> path)
        => handle ?? throw new LayerException(LayerFailure.Refused, $"The source's file stream is refused: /{TreeHandle.Show(path)} is not there.");

    private IOException Failure(string call, ReadOnlySpan<byte> path)
    {
        var error = LinuxException.FromLastError(call, $"{_rootPath}: /{TreeHandle.Show(path)}");
        return error.Errno is Interop.Errno.ENOSPC or Interop.Errno.EDQUOT
            ? new LayerException(LayerFailure.NoSpace, $"The destination has no room for /{TreeHandle.Show(path)} in {_rootPath}: {error.Message}", error)
            : error;
    }
}
