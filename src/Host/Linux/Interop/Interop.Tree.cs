using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux;

/// <summary>
/// Directory entries by descriptor and by bytes. .NET decodes names as UTF-8 and follows links, so neither end of a file transfer can use it.
/// Names and values from include/uapi/linux/stat.h, fcntl.h, openat2.h, falloc.h, fs.h.
/// </summary>
internal static partial class Interop
{
    internal static unsafe partial class Tree
    {
        internal const int AT_SYMLINK_NOFOLLOW = 0x100;
        internal const int AT_REMOVEDIR = 0x200;
        internal const int AT_EMPTY_PATH = 0x1000;
        internal const int AT_STATX_DONT_SYNC = 0x4000;
        internal const uint STATX_BASIC_STATS = 0x7ff;

        internal const ushort S_IFMT = 0xF000;
        internal const ushort S_IFIFO = 0x1000;
        internal const ushort S_IFCHR = 0x2000;
        internal const ushort S_IFDIR = 0x4000;
        internal const ushort S_IFBLK = 0x6000;
        internal const ushort S_IFREG = 0x8000;
        internal const ushort S_IFLNK = 0xA000;
        internal const ushort S_IFSOCK = 0xC000;

        internal const ulong RESOLVE_NO_XDEV = 0x01;
        internal const ulong RESOLVE_NO_MAGICLINKS = 0x02;
        internal const ulong RESOLVE_NO_SYMLINKS = 0x04;
        internal const ulong RESOLVE_BENEATH = 0x08;

        internal const int SEEK_DATA = 3;
        internal const int SEEK_HOLE = 4;
        internal const int FALLOC_FL_KEEP_SIZE = 0x01;
        internal const int FALLOC_FL_PUNCH_HOLE = 0x02;
        internal const int UTIME_OMIT = 0x3ffffffe;

        /// <summary>Number of openat2, the same on every architecture since Linux 5.6; glibc has no wrapper before 2.42.</summary>
        private const long SYS_openat2 = 437;

        /// <summary>struct open_how: 24 bytes.</summary>
        [StructLayout(LayoutKind.Sequential)]
        internal struct open_how
        {
            internal ulong flags;
            internal ulong mode;
            internal ulong resolve;
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct statx_timestamp
        {
            internal long tv_sec;
            internal uint tv_nsec;
            private readonly int _pad;
        }

        /// <summary>struct statx: 256 bytes on every architecture.</summary>
        [StructLayout(LayoutKind.Sequential, Size = 256)]
        internal struct statx_T
        {
            internal uint stx_mask;
            internal uint stx_blksize;
            internal ulong stx_attributes;
            internal uint stx_nlink;
            internal uint stx_uid;
            internal uint stx_gid;
            internal ushort stx_mode;
            private readonly ushort _pad;
            internal ulong stx_ino;
            internal ulong stx_size;
            internal ulong stx_blocks;
            internal ulong stx_attributes_mask;
            internal statx_timestamp stx_atime;
            internal statx_timestamp stx_btime;
            internal statx_timestamp stx_ctime;
            internal statx_timestamp stx_mtime;
            internal uint stx_rdev_major;
            internal uint stx_rdev_minor;
            internal uint stx_dev_major;
            internal uint stx_dev_minor;
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct time_spec
        {
            internal long tv_sec;
            internal long tv_nsec;
        }

        // SAFETY of all below: every byte* is a zero-terminated name or a buffer of the length given with it, fixed by the caller for the call.
        [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
        internal static partial int StatX(SafeFileHandle directory, byte* name, int flags, uint mask, statx_T* result);

        [LibraryImport("libc", EntryPoint = "openat", SetLastError = true)]
        internal static partial SafeFileHandle OpenAt(SafeFileHandle directory, byte* name, int flags, uint mode);

        [LibraryImport("libc", EntryPoint = "getdents64", SetLastError = true)]
        internal static partial nint GetDents64(SafeFileHandle directory, byte* buffer, nuint length);

        [LibraryImport("libc", EntryPoint = "readlinkat", SetLastError = true)]
        internal static partial nint ReadLinkAt(SafeFileHandle directory, byte* name, byte* buffer, nuint length);

        [LibraryImport("libc", EntryPoint = "llistxattr", SetLastError = true)]
        internal static partial nint LListXattr(byte* path, byte* list, nuint length);

        [LibraryImport("libc", EntryPoint = "listxattr", SetLastError = true)]
        internal static partial nint ListXattr(byte* path, byte* list, nuint length);

        [LibraryImport("libc", EntryPoint = "getxattr", SetLastError = true)]
        internal static partial nint GetXattr(byte* path, byte* name, byte* value, nuint length);

        [LibraryImport("libc", EntryPoint = "lsetxattr", SetLastError = true)]
        internal static partial int LSetXattr(byte* path, byte* name, byte* value, nuint length, int flags);

        [LibraryImport("libc", EntryPoint = "lremovexattr", SetLastError = true)]
        internal static partial int LRemoveXattr(byte* path, byte* name);

        [LibraryImport("libc", EntryPoint = "mkdirat", SetLastError = true)]
        internal static partial int MkDirAt(SafeFileHandle directory, byte* name, uint mode);

        [LibraryImport("libc", EntryPoint = "mknodat", SetLastError = true)]
        internal static partial int MkNodAt(SafeFileHandle directory, byte* name, uint mode, ulong device);

        [LibraryImport("libc", EntryPoint = "symlinkat", SetLastError = true)]
        internal static partial int SymLinkAt(byte* target, SafeFileHandle directory, byte* name);

        [LibraryImport("libc", EntryPoint = "linkat", SetLastError = true)]
        internal static partial int LinkAt(SafeFileHandle oldDirectory, byte* oldName, SafeFileHandle newDirectory, byte* newName, int flags);

        [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true)]
        internal static partial int UnlinkAt(SafeFileHandle directory, byte* name, int flags);

        [LibraryImport("libc", EntryPoint = "fchownat", SetLastError = true)]
        internal static partial int FChOwnAt(SafeFileHandle directory, byte* name, uint uid, uint gid, int flags);

        [LibraryImport("libc", EntryPoint = "fchmodat", SetLastError = true)]
        internal static partial int FChModAt(SafeFileHandle directory, byte* name, uint mode, int flags);

        [LibraryImport("libc", EntryPoint = "utimensat", SetLastError = true)]
        internal static partial int UTimeNsAt(SafeFileHandle directory, byte* name, time_spec* times, int flags);

        [LibraryImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
        internal static partial int FTruncate(SafeFileHandle file, long length);

        [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
        internal static partial int FAllocate(SafeFileHandle file, int mode, long offset, long length);

        [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
        internal static partial long LSeek(SafeFileHandle file, long offset, int whence);

        [LibraryImport("libc", EntryPoint = "syncfs", SetLastError = true)]
        internal static partial int SyncFs(SafeFileHandle anyFile);

        [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
        private static partial long Syscall4(long number, SafeFileHandle directory, byte* path, open_how* how, nuint size);

        /// <summary>openat2(2), Linux 5.6; -1 and errno when it fails.</summary>
        internal static int OpenAt2(SafeFileHandle directory, byte* path, open_how* how)
            => (int)Syscall4(SYS_openat2, directory, path, how, (nuint)sizeof(open_how));
    }
}
