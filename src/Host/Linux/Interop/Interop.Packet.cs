using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux;

/// <summary>packet(7). Names and values from include/uapi/linux/if_packet.h and if_ether.h; poll and eventfd for its one reader.</summary>
internal static partial class Interop
{
    internal static unsafe partial class Packet
    {
        internal const int SOL_PACKET = 263;
        internal const int PACKET_VNET_HDR = 15;
        internal const int PACKET_IGNORE_OUTGOING = 23;
        internal const ushort ETH_P_ALL = 0x0003;
        internal const int MSG_TRUNC = 0x20;
        internal const int MSG_DONTWAIT = 0x40;
        internal const int EFD_CLOEXEC = 0x80000;
        internal const short POLLIN = 1;

        /// <summary>struct sockaddr_ll: 20 bytes. The compiler keeps all-lower-case type names for itself, hence the names here.</summary>
        [StructLayout(LayoutKind.Sequential)]
        internal struct sockaddr_LL
        {
            internal ushort sll_family;
            internal ushort sll_protocol;
            internal int sll_ifindex;
            internal ushort sll_hatype;
            internal byte sll_pkttype;
            internal byte sll_halen;
            internal fixed byte sll_addr[8];
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct poll_fd
        {
            internal int fd;
            internal short events;
            internal short revents;
        }

        // SAFETY: address points to a sockaddr_ll of length bytes on the caller's stack.
        [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
        internal static partial int Bind(SafeFileHandle socket, sockaddr_LL* address, uint length);

        // SAFETY: fds points to count structures on the caller's stack; the caller holds a reference on both handles.
        [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
        internal static partial int Poll(poll_fd* fds, nuint count, int timeout);

        [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
        internal static partial SafeFileHandle EventFd(uint initial, int flags);
    }
}
