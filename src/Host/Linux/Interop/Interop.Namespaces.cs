using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux;

/// <summary>unshare(2), setns(2) and the mounts that keep a namespace alive. Values from include/uapi/linux/sched.h and mount.h.</summary>
internal static partial class Interop
{
    internal static partial class Namespaces
    {
        internal const int CLONE_NEWNET = 0x4000_0000;

        internal const nuint MS_BIND = 0x1000;
        internal const int MNT_DETACH = 2;

        /// <summary>Acts on the calling thread only: call it from a thread that ends afterwards and is not the pool's.</summary>
        [LibraryImport("libc", EntryPoint = "unshare", SetLastError = true)]
        internal static partial int Unshare(int flags);

        /// <summary>Acts on the calling thread only, as <see cref="Unshare"/>.</summary>
        [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
        internal static partial int SetNs(SafeFileHandle fd, int type);

        // SAFETY: the marshaller pins both paths for the call; type and data may be null for a bind mount.
        [LibraryImport("libc", EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        internal static partial int Mount(string source, string target, string? type, nuint flags, string? data);

        [LibraryImport("libc", EntryPoint = "umount2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        internal static partial int UMount(string target, int flags);
    }
}
