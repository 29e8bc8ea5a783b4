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

    internal static byte[] ZeroTerminated(ReadOnlySpan<byte> name)
    {
        var bytes = new byte[name.Length + 1];
        name.CopyTo(bytes);
        return bytes;
    }

    /// <summary>For messages only.</summary>
    internal static string Show(ReadOnlySpan<byte> name) => Encoding.UTF8.GetString(name.TrimEnd((byte)0));

    internal static bool TryStat(SafeFileHandle directory, byte[] name, out TreeStat stat)
    {
        Interop.Tree.statx_T raw;
        fixed (byte* start = name)
        {
            if (Interop.Tree.StatX(directory, start, Interop.Tree.AT_SYMLINK_NOFOLLOW | Interop.Tree.AT_STATX_DONT_SYNC, Interop.Tree.STATX_BASIC_STATS, &raw) != 0)
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
    {
        var list = Sized(
            (buffer, length) =>
            {
                fixed (byte* path = PathOf(directory, name))
                {
                    return Interop.Tree.LListXattr(path, buffer, (nuint)length);
                }
            },
            "llistxattr", name);
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

    internal static byte[] GetXattr(SafeFileHandle directory, byte[] name, byte[] xattr)
        => Sized(
            (buffer, length) =>
            {
                fixed (byte* path = PathOf(directory, name), attribute = ZeroTerminated(xattr))
                {
                    return Interop.Tree.LGetXattr(path, attribute, buffer, (nuint)length);
                }
            },
            $"lgetxattr {Show(xattr)}", name);

    private delegate nint Fill(byte* buffer, int length);

    /// <summary>Most values are small: a small buffer first, and only then the largest that Linux allows.</summary>
    private static byte[] Sized(Fill fill, string call, byte[] name)
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
                throw LinuxException.FromLastError(call, Show(name));
        }
        var largest = new byte[FileFrameLimits.MaxXattrValueBytes];
        fixed (byte* start = largest)
        {
            got = fill(start, largest.Length);
        }
        return got >= 0 ? largest[..(int)got] : throw LinuxException.FromLastError(call, Show(name));
    }

    /// <summary>
    /// The l*xattr calls take paths only: this one goes through our own descriptor, which is no link that anybody else could turn, to one name.
    /// </summary>
    internal static byte[] PathOf(SafeFileHandle directory, byte[] name)
        => [.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{directory.DangerousGetHandle()}/")), .. name];
}
