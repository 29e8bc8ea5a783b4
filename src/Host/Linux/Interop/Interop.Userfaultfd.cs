using System.Runtime.InteropServices;

namespace ActorMigration.Host.Linux;

/// <summary>userfaultfd in asynchronous write-protect mode, Linux 6.7. Names and values from include/uapi/linux/userfaultfd.h.</summary>
internal static partial class Interop
{
    internal static class Userfaultfd
    {
        internal const ulong UFFD_API = 0xAA;
        internal const int UFFD_USER_MODE_ONLY = 1;

        // _IOWR(0xAA, 0x3F, struct uffdio_api) and so on; the size is in bits 16 to 29.
        internal const nuint UFFDIO_API = 0xC018_AA3F;
        internal const nuint UFFDIO_REGISTER = 0xC020_AA00;
        internal const nuint UFFDIO_WRITEPROTECT = 0xC018_AA06;

        internal const ulong UFFDIO_REGISTER_MODE_WP = 2;

        internal const ulong UFFD_FEATURE_PAGEFAULT_FLAG_WP = 1 << 0;
        internal const ulong UFFD_FEATURE_WP_HUGETLBFS_SHMEM = 1 << 12;
        internal const ulong UFFD_FEATURE_WP_UNPOPULATED = 1 << 13;
        internal const ulong UFFD_FEATURE_WP_ASYNC = 1 << 15;

        /// <summary>What /proc/PID/fd/N of such a descriptor links to.</summary>
        internal const string LinkName = "anon_inode:[userfaultfd]";

        [StructLayout(LayoutKind.Sequential)]
        internal struct uffdio_api
        {
            internal ulong api, features, ioctls;
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct uffdio_register
        {
            internal ulong start, len, mode, ioctls;
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct uffdio_writeprotect
        {
            internal ulong start, len, mode;
        }
    }
}
