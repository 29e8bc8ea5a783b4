using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using ActorMigration.Contracts;
using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux.Files;

/// <summary>What the kernel says about one entry, with what tells whether it has changed.</summary>
internal readonly record struct TreeStat(
    ulong Inode, ulong Device, ushort Mode, uint Uid, uint Gid, long Size, ulong Rdev, long CSeconds, uint CNanoseconds, long MSeconds, uint MNanoseconds, uint Links, ulong Blocks)
{
    internal int Type => Mode & Interop.Tree.S_IFMT;
}

/// <summary>
/// Calls on entries of one open directory. Names are bytes that end with a zero. Nothing here follows a link. Names and directory come from
/// the caller, who has made sure that they are beneath a root.
/// </summary>
internal static unsafe class TreeHandle
{
    private const int DirentBytes = 64 * 1024;

    /// <summary>The empty name: what is open itself.</summary>
    private static readonly byte[] Itself = [0];

    internal static byte[] ZeroTerminated(ReadOnlySpan<byte> name)
    {
        var bytes = new byte[name.Length + 1];
        name.CopyTo(bytes);
        return bytes;
    }

    /// <summary>For messages only.</summary>
    internal static string Show(ReadOnlySpan<byte> name) => Encoding.UTF8.GetString(name.TrimEnd((byte)0));

    internal static bool TryStat(SafeFileHandle directory, byte[] name, out TreeStat stat, int flags = 0)
    {
        Interop.Tree.statx_T raw;
        fixed (byte* start = name)
        {
            if (Interop.Tree.StatX(directory, start, flags | Interop.Tree.AT_SYMLINK_NOFOLLOW | Interop.Tree.AT_STATX_DONT_SYNC, Interop.Tree.STATX_BASIC_STATS, &raw) != 0)
            {
                stat = default;
                return Marshal.GetLastPInvokeError() == Interop.Errno.ENOENT ? false : throw LinuxException.FromLastError("statx", Show(name));
            }
        }
        stat = new TreeStat(
            raw.stx_ino, ((ulong)raw.stx_dev_major << 32) | raw.stx_dev_minor, raw.stx_mode, raw.stx_uid, raw.stx_gid, (long)raw.stx_size,
            ((ulong)raw.stx_rdev_major << 32) | raw.stx_rdev_minor,
            raw.stx_ctime.tv_sec, raw.stx_ctime.tv_nsec, raw.stx_mtime.tv_sec, raw.stx_mtime.tv_nsec, raw.stx_nlink, raw.stx_blocks);
        return true;
    }

    /// <summary>Null when there is no such entry any more, or another kind of entry than the caller has just seen.</summary>
    internal static SafeFileHandle? TryOpen(SafeFileHandle directory, byte[] name, int flags, uint mode = 0)
    {
        fixed (byte* start = name)
        {
            var handle = Interop.Tree.OpenAt(directory, start, flags | Interop.O_NOFOLLOW | Interop.O_CLOEXEC, mode);
            if (!handle.IsInvalid)
            {
                return handle;
            }
        }
        return Marshal.GetLastPInvokeError() is Interop.Errno.ENOENT or Interop.Errno.ENOTDIR or Interop.Errno.ELOOP or Interop.Errno.ENXIO
            ? null
            : throw LinuxException.FromLastError("openat", Show(name));
    }

    /// <summary>Holds, with O_PATH, the inode of this number and type if the name still leads to it, else null.</summary>
    internal static SafeFileHandle? TryFind(SafeFileHandle directory, byte[] name, ulong inode, int type)
    {
        var found = TryOpen(directory, name, Interop.O_PATH);
        if (found is not null && TryStat(found, Itself, out var stat, Interop.Tree.AT_EMPTY_PATH) && stat.Inode == inode && stat.Type == type)
        {
            return found;
        }
        found?.Dispose();
        return null;
    }

    /// <summary>
    /// Opens a regular file for reading if the name still leads to this inode, else null. Nothing but that file is ever opened: opening a device node or a
    /// FIFO that has taken the name since would do something.
    /// </summary>
    internal static SafeFileHandle? TryOpenFile(SafeFileHandle directory, byte[] name, ulong inode)
    {
        using var found = TryFind(directory, name, inode, Interop.Tree.S_IFREG);
        if (found is null)
        {
            return null;
        }
        fixed (byte* path = PathOf(found))
        {
            var handle = Interop.Tree.OpenAt(found, path, Interop.O_RDONLY | Interop.O_CLOEXEC, 0);
            return handle.IsInvalid ? throw LinuxException.FromLastError("openat", Show(name)) : handle;
        }
    }

    /// <summary>Opens a path below a root, through no link, no mount and no "..".</summary>
    internal static SafeFileHandle OpenBeneath(SafeFileHandle root, ReadOnlySpan<byte> path, int flags)
    {
        var how = new Interop.Tree.open_how
        {
            flags = (ulong)(flags | Interop.O_CLOEXEC | Interop.O_NOFOLLOW),
            resolve = Interop.Tree.RESOLVE_BENEATH | Interop.Tree.RESOLVE_NO_SYMLINKS | Interop.Tree.RESOLVE_NO_MAGICLINKS | Interop.Tree.RESOLVE_NO_XDEV,
        };
        fixed (byte* start = ZeroTerminated(path.IsEmpty ? "."u8 : path))
        {
            var fd = Interop.Tree.OpenAt2(root, start, &how);
            return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw LinuxException.FromLastError("openat2", Show(path));
        }
    }

    /// <summary>All names but "." and "..", each with its zero. None for a directory that has been removed while it was open.</summary>
    internal static List<byte[]> Names(SafeFileHandle directory)
    {
        var names = new List<byte[]>();
        var buffer = (byte*)NativeMemory.Alloc(DirentBytes);
        try
        {
            Interop.Tree.LSeek(directory, 0, 0);
            while (true)
            {
                var got = Interop.Tree.GetDents64(directory, buffer, DirentBytes);
                if (got == 0 || (got < 0 && Marshal.GetLastPInvokeError() == Interop.Errno.ENOENT))
                {
                    return names;
                }
                if (got < 0)
                {
                    throw LinuxException.FromLastError("getdents64", "a directory of the tree");
                }
                // struct linux_dirent64: u64 inode, i64 offset, u16 length of the record, u8 type, name and zero.
                for (var at = buffer; at < buffer + got; at += *(ushort*)(at + 16))
                {
                    var name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(at + 19);
                    if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
                    {
                        names.Add(ZeroTerminated(name));
                    }
                }
            }
        }
        finally
        {
            NativeMemory.Free(buffer);
        }
    }

    internal static byte[] ReadLink(SafeFileHandle link) => ReadLink(link, Itself);

    internal static byte[] ReadLink(SafeFileHandle directory, byte[] name)
    {
        var buffer = stackalloc byte[FileFrameLimits.MaxPathBytes + 1];
        fixed (byte* start = name)
        {
            var got = Interop.Tree.ReadLinkAt(directory, start, buffer, FileFrameLimits.MaxPathBytes + 1);
            return got >= 0 ? new ReadOnlySpan<byte>(buffer, (int)got).ToArray() : throw LinuxException.FromLastError("readlinkat", Show(name));
        }
    }

    /// <summary>Names of all extended attributes of an entry, without their zeros.</summary>
    internal static List<byte[]> XattrNames(SafeFileHandle directory, byte[] name)
        => Names(Sized(
            (buffer, length) =>
            {
                fixed (byte* path = PathOf(directory, name))
                {
                    return Interop.Tree.LListXattr(path, buffer, (nuint)length);
                }
            },
            "llistxattr", name));

    private static List<byte[]> Names(byte[] list)
    {
        var found = new List<byte[]>();
        foreach (var range in list.AsSpan().Split((byte)0))
        {
            if (!list.AsSpan(range).IsEmpty)
            {
                found.Add(list[range]);
            }
        }
        return found;
    }

    /// <summary>Names of all extended attributes of what is open, which may be a link and may be open with O_PATH.</summary>
    internal static List<byte[]> XattrNames(SafeFileHandle opened)
        => Names(Sized(
            (buffer, length) =>
            {
                fixed (byte* path = PathOf(opened))
                {
                    return Interop.Tree.ListXattr(path, buffer, (nuint)length);
                }
            },
            "listxattr", "an entry of the tree"u8));

    internal static byte[] GetXattr(SafeFileHandle opened, byte[] xattr)
        => Sized(
            (buffer, length) =>
            {
                fixed (byte* path = PathOf(opened), attribute = ZeroTerminated(xattr))
                {
                    return Interop.Tree.GetXattr(path, attribute, buffer, (nuint)length);
                }
            },
            $"getxattr {Show(xattr)}", "an entry of the tree"u8);

    private delegate nint Fill(byte* buffer, int length);

    /// <summary>Most values are small: a small buffer first, and only then the largest that Linux allows.</summary>
    private static byte[] Sized(Fill fill, string call, ReadOnlySpan<byte> on)
    {
        const int UsualBytes = 1024;
        var usual = stackalloc byte[UsualBytes];
        var got = fill(usual, UsualBytes);
        if (got >= 0)
        {
            return new ReadOnlySpan<byte>(usual, (int)got).ToArray();
        }
        switch (Marshal.GetLastPInvokeError())
        {
            case Interop.Errno.EOPNOTSUPP:
                return [];   // a file system without attributes has none
            case Interop.Errno.ERANGE:
                break;
            default:
                throw LinuxException.FromLastError(call, Show(on));
        }
        var largest = new byte[FileFrameLimits.MaxXattrValueBytes];
        fixed (byte* start = largest)
        {
            got = fill(start, largest.Length);
        }
        return got >= 0 ? largest[..(int)got] : throw LinuxException.FromLastError(call, Show(on));
    }

    /// <summary>
    /// The l*xattr calls take paths only: this one goes through our own descriptor, which is no link that anybody else could turn, to one name.
    /// </summary>
    internal static byte[] PathOf(SafeFileHandle directory, byte[] name)
        => [.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{directory.DangerousGetHandle()}/")), .. name];

    /// <summary>What is open itself, once more.</summary>
    private static byte[] PathOf(SafeFileHandle opened)
        => Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{opened.DangerousGetHandle()}\0"));
}
