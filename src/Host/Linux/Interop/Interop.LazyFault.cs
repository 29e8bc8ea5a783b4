using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux;

/// <summary>
/// userfaultfd in missing mode, as CRIU's lazy restore hands it over, and what the pager needs around it. Names and values from
/// include/uapi/linux/userfaultfd.h, prctl.h, sched.h and socket.h; system call numbers of x86-64.
/// </summary>
internal static partial class Interop
{
    internal static unsafe partial class LazyFault
    {
        // _IOWR(0xAA, nr, struct) with the size in bits 16 to 29.
        internal const nuint UFFDIO_COPY = 0xC028_AA03;
        internal const nuint UFFDIO_ZEROPAGE = 0xC020_AA04;

        // _IOR(0xAA, 0x02, struct uffdio_range)
        internal const nuint UFFDIO_WAKE = 0x8010_AA02;

        internal const byte UFFD_EVENT_PAGEFAULT = 0x12;
        internal const byte UFFD_EVENT_FORK = 0x13;
        internal const byte UFFD_EVENT_REMAP = 0x14;
        internal const byte UFFD_EVENT_REMOVE = 0x15;
        internal const byte UFFD_EVENT_UNMAP = 0x16;

        internal const int PR_SET_DUMPABLE = 4;
        internal const int CLONE_FILES = 0x400;
        internal const int __WALL = 0x4000_0000;
        internal const nint SYS_pidfd_send_signal = 424;

        internal const int SOL_SOCKET = 1;
        internal const int SO_PASSCRED = 16;
        internal const int SCM_RIGHTS = 1;
        internal const int SCM_CREDENTIALS = 2;
        internal const int MSG_DONTWAIT = 0x40;
        internal const int MSG_CMSG_CLOEXEC = 0x4000_0000;

        internal const uint MFD_CLOEXEC = 1;

        internal const int SEEK_DATA = 3;
        internal const int SEEK_HOLE = 4;

        internal const int PROT_EXEC = 4;

        [StructLayout(LayoutKind.Sequential)]
        internal struct uffdio_range
        {
            internal ulong start, len;
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct uffdio_copy
        {
            internal ulong dst, src, len, mode;
            internal long copy;
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct uffdio_zeropage
        {
            internal ulong start, len, mode;
            internal long zeropage;
        }

        /// <summary>struct uffd_msg, 32 bytes; what the three words mean depends on the event.</summary>
        [StructLayout(LayoutKind.Explicit, Size = 32)]
        internal struct uffd_msg
        {
            [FieldOffset(0)]
            internal byte @event;

            [FieldOffset(8)]
            internal ulong first;

            [FieldOffset(16)]
            internal ulong second;

            [FieldOffset(24)]
            internal ulong third;

            /// <summary>UFFD_EVENT_FORK: the descriptor of the child's address space, in the reader's table.</summary>
            [FieldOffset(8)]
            internal int ufd;
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct msg_hdr
        {
            internal void* msg_name;
            internal uint msg_namelen;
            internal iovec* msg_iov;
            internal nuint msg_iovlen;
            internal byte* msg_control;
            internal nuint msg_controllen;
            internal int msg_flags;
        }

        /// <summary>struct cmsghdr, 16 bytes; its data follows, padded to 8. The compiler keeps all-lower-case names for itself, hence the underscores.</summary>
        [StructLayout(LayoutKind.Sequential)]
        internal struct cmsg_hdr
        {
            internal nuint cmsg_len;
            internal int cmsg_level, cmsg_type;
        }

        // SAFETY: message points to structures and buffers of the caller's frame that live for the call.
        [LibraryImport("libc", EntryPoint = "recvmsg", SetLastError = true)]
        internal static partial nint RecvMsg(int socket, msg_hdr* message, int flags);

        [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
        internal static partial int SetSockOpt(int socket, int level, int name, int* value, uint length);

        [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
        internal static partial int Prctl(int option, nuint argument);

        [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
        internal static partial int WaitPid(int pid, int* status, int options);

        // SAFETY: the caller's mapping, page-aligned.
        [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
        internal static partial int MProtect(nint address, nuint length, int protection);

        [LibraryImport("libc", EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        internal static partial SafeFileHandle MemfdCreate(string name, uint flags);

        [LibraryImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
        internal static partial int FTruncate(SafeFileHandle fd, long length);

        /// <summary>userfaultfd(2) for memory of this process.</summary>
        internal static SafeFileHandle OpenUserfault(int flags) => new(SysCall(SYS_userfaultfd, (nint)flags, 0, 0), ownsHandle: true);

        /// <summary>pidfd_getfd(2), Linux 5.6: a duplicate of another process's descriptor.</summary>
        internal static SafeFileHandle PidfdGetfd(SafeFileHandle pidfd, int fd)
            => new(SysCall(SYS_pidfd_getfd, pidfd, fd, 0), ownsHandle: true);

        /// <summary>pidfd_send_signal(2): never to another process that got the same pid.</summary>
        internal static int PidfdKill(SafeFileHandle pidfd) => (int)SysCall(SYS_pidfd_send_signal, pidfd.DangerousGetHandle(), SIGKILL, 0);
    }
}
