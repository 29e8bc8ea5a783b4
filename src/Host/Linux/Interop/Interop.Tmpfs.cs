using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux;

/// <summary>Mounts and sparse files of the page store. Values from include/uapi/linux/mount.h, falloc.h and unistd.h.</summary>
internal static partial class Interop
{
    internal static partial class Tmpfs
    {
        internal const nuint MS_NOSUID = 2;
        internal const nuint MS_NODEV = 4;
        internal const nuint MS_NOEXEC = 8;
        internal const int MNT_DETACH = 2;

        internal const int FALLOC_FL_KEEP_SIZE = 1;
        internal const int FALLOC_FL_PUNCH_HOLE = 2;

        internal const int SEEK_DATA = 3;

        // SAFETY: the marshaller pins the strings for the call.
        [LibraryImport("libc", EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        internal static partial int Mount(string source, string target, string type, nuint flags, string data);

        [LibraryImport("libc", EntryPoint = "umount2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        internal static partial int UMount(string target, int flags);

        [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
        internal static partial int Fallocate(SafeFileHandle fd, int mode, long offset, long length);

        [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
        internal static partial long LSeek(SafeFileHandle fd, long offset, int whence);
    }
}
