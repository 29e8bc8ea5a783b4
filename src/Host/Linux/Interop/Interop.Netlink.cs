using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux;

/// <summary>
/// rtnetlink(7) and the bridge ioctls. Names and values are the kernel's, from include/uapi/linux/netlink.h, rtnetlink.h,
/// if_link.h, neighbour.h, veth.h and sockios.h.
/// </summary>
internal static partial class Interop
{
    internal static unsafe partial class Netlink
    {
        internal const int AF_UNSPEC = 0;
        internal const int AF_INET = 2;
        internal const int AF_BRIDGE = 7;
        internal const int AF_NETLINK = 16;
        internal const int AF_PACKET = 17;
        internal const int SOCK_DGRAM = 2;
        internal const int SOCK_RAW = 3;
        internal const int SOCK_NONBLOCK = 0x800;
        internal const int SOCK_CLOEXEC = 0x80000;
        internal const int NETLINK_ROUTE = 0;
        internal const int SOL_SOCKET = 1;
        internal const int SO_RCVBUFFORCE = 33;
        internal const int SOL_NETLINK = 270;
        internal const int NETLINK_CAP_ACK = 10;
        internal const int NETLINK_EXT_ACK = 11;

        internal const ushort NLMSG_ERROR = 2;
        internal const ushort NLMSG_DONE = 3;
        internal const ushort NLM_F_REQUEST = 1;
        internal const ushort NLM_F_ACK = 4;
        internal const ushort NLM_F_DUMP_INTR = 0x10;
        internal const ushort NLM_F_REPLACE = 0x100;
        internal const ushort NLM_F_EXCL = 0x200;
        internal const ushort NLM_F_CREATE = 0x400;
        internal const ushort NLM_F_DUMP = 0x300;
        internal const ushort NLM_F_ACK_TLVS = 0x200;
        internal const ushort NLMSGERR_ATTR_MSG = 1;
        internal const ushort NLA_F_NESTED = 0x8000;

        internal const ushort RTM_NEWLINK = 16;
        internal const ushort RTM_DELLINK = 17;
        internal const ushort RTM_GETLINK = 18;
        internal const ushort RTM_SETLINK = 19;
        internal const ushort RTM_NEWADDR = 20;
        internal const ushort RTM_NEWROUTE = 24;
        internal const ushort RTM_NEWNEIGH = 28;
        internal const ushort RTM_DELNEIGH = 29;
        internal const ushort RTM_GETNEIGH = 30;

        internal const ushort IFLA_ADDRESS = 1;
        internal const ushort IFLA_IFNAME = 3;
        internal const ushort IFLA_MTU = 4;
        internal const ushort IFLA_MASTER = 10;
        internal const ushort IFLA_PROTINFO = 12;
        internal const ushort IFLA_LINKINFO = 18;
        internal const ushort IFLA_IFALIAS = 20;
        internal const ushort IFLA_NET_NS_FD = 28;
        internal const ushort IFLA_INFO_KIND = 1;
        internal const ushort IFLA_INFO_DATA = 2;
        internal const ushort VETH_INFO_PEER = 1;
        internal const ushort IFLA_BR_STP_STATE = 5;
        internal const ushort IFLA_BRPORT_LEARNING = 8;
        internal const ushort IFLA_BRPORT_UNICAST_FLOOD = 9;
        internal const ushort IFLA_BRPORT_MCAST_FLOOD = 27;
        internal const uint IFF_UP = 1;

        internal const ushort IFA_ADDRESS = 1;
        internal const ushort IFA_LOCAL = 2;
        internal const ushort RTA_OIF = 4;
        internal const ushort RTA_GATEWAY = 5;
        internal const byte RT_TABLE_MAIN = 254;
        internal const byte RTPROT_STATIC = 4;
        internal const byte RT_SCOPE_UNIVERSE = 0;
        internal const byte RTN_UNICAST = 1;

        // States of a neighbour that did not answer, from include/uapi/linux/neighbour.h.
        internal const ushort NUD_INCOMPLETE = 0x01;
        internal const ushort NUD_FAILED = 0x20;
        internal const ushort NDA_DST = 1;
        internal const ushort NDA_LLADDR = 2;
        internal const ushort NUD_REACHABLE = 0x02;
        internal const ushort NUD_NOARP = 0x40;
        internal const byte NTF_MASTER = 0x04;
        internal const byte NTF_STICKY = 0x40;

        internal const nuint SIOCBRADDIF = 0x89a2;
        internal const nuint SIOCBRDELIF = 0x89a3;

        /// <summary>struct ifreq: 40 bytes on 64-bit, a name of 16 and a union of 24 of which only the index is used here.</summary>
        [StructLayout(LayoutKind.Sequential, Size = 40)]
        internal struct if_req
        {
            internal fixed byte ifr_name[16];
            internal int ifr_ifindex;
        }

        [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
        internal static partial SafeFileHandle Socket(int domain, int type, int protocol);

        // SAFETY of the three below: the caller's buffer is fixed for the call and holds length bytes.
        [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
        internal static partial int SetSockOpt(SafeFileHandle socket, int level, int name, int* value, uint length);

        [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
        internal static partial nint Send(SafeFileHandle socket, byte* buffer, nuint length, int flags);

        [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
        internal static partial nint Recv(SafeFileHandle socket, byte* buffer, nuint length, int flags);

        /// <summary>0 when the calling thread's network namespace has no such interface.</summary>
        [LibraryImport("libc", EntryPoint = "if_nametoindex", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        internal static partial uint IfNameToIndex(string name);
    }
}
