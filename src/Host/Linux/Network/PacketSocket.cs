using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux.Network;

/// <summary>
/// Raw frames of one interface. With <c>metadata</c> every frame carries the 10-byte virtio_net_hdr (PACKET_VNET_HDR) before it, in
/// both directions: a frame of a virtual device has no finished checksum and may be longer than the MTU, and without the header
/// its receiver would drop it.
/// </summary>
internal sealed unsafe class PacketSocket : IDisposable
{
    /// <summary>Bytes of the virtio_net_hdr: u8 flags, u8 gso_type, u16 hdr_len, gso_size, csum_start, csum_offset, in the host's byte order.</summary>
    internal const int MetadataBytes = 10;

    /// <summary>A GSO frame has at most 64 KiB of IP packet, and its Ethernet header.</summary>
    internal const int MaxFrameBytes = MetadataBytes + 14 + 65536;

    private readonly SafeFileHandle _socket;
    private readonly string _on;

    private PacketSocket(SafeFileHandle socket, string on)
    {
        _socket = socket;
        _on = on;
    }

    internal SafeFileHandle Handle => _socket;

    /// <summary>
    /// Opens in the calling thread's namespace. A socket that only sends takes no frame in. <paramref name="receiveBytes"/> is the kernel's queue
    /// before the first frame is dropped; 0 for a socket that only sends.
    /// </summary>
    internal static PacketSocket Open(int interfaceIndex, string name, bool metadata, int receiveBytes)
    {
        var socket = Interop.Netlink.Socket(
            Interop.Netlink.AF_PACKET, Interop.Netlink.SOCK_RAW | Interop.Netlink.SOCK_CLOEXEC | Interop.Netlink.SOCK_NONBLOCK, 0);
        if (socket.IsInvalid)
        {
            throw LinuxException.FromLastError("socket(AF_PACKET)", name);
        }
        if (metadata)
        {
            SetOption(socket, Interop.Packet.SOL_PACKET, Interop.Packet.PACKET_VNET_HDR, 1, name);
        }
        if (receiveBytes > 0)
        {
            SetOption(socket, Interop.Packet.SOL_PACKET, Interop.Packet.PACKET_IGNORE_OUTGOING, 1, name);
            SetOption(socket, Interop.Netlink.SOL_SOCKET, Interop.Netlink.SO_RCVBUFFORCE, receiveBytes, name);
        }
        var address = new Interop.Packet.sockaddr_LL
        {
            sll_family = Interop.Netlink.AF_PACKET,
            sll_protocol = receiveBytes > 0 ? BinaryPrimitives.ReverseEndianness(Interop.Packet.ETH_P_ALL) : (ushort)0,
            sll_ifindex = interfaceIndex,
        };
        if (Interop.Packet.Bind(socket, &address, (uint)sizeof(Interop.Packet.sockaddr_LL)) != 0)
        {
            throw LinuxException.FromLastError("bind(AF_PACKET)", name);
        }
        return new PacketSocket(socket, name);
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>Puts one frame on the interface. False when the kernel had no room for it or would not have it (ENOBUFS, EINVAL): a lost frame, as on a wire.</summary>
    internal bool TrySend(ReadOnlySpan<byte> frame)
    {
        fixed (byte* start = frame)
        {
            return Interop.Netlink.Send(_socket, start, (nuint)frame.Length, 0) == frame.Length;
        }
    }

    /// <summary>Puts one frame on the interface, or says why not.</summary>
    internal void Send(ReadOnlySpan<byte> frame)
    {
        if (!TrySend(frame))
        {
            throw LinuxException.FromLastError("send(AF_PACKET)", _on);
        }
    }

    /// <summary>
    /// The next frame that has come in, in <paramref name="buffer"/>; 0 when none waits. More than the buffer's length means that the frame was longer and
    /// is cut.
    /// </summary>
    internal int TryReceive(Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            var got = Interop.Netlink.Recv(_socket, start, (nuint)buffer.Length, Interop.Packet.MSG_TRUNC);
            if (got >= 0)
            {
                return (int)got;
            }
        }
        return Marshal.GetLastPInvokeError() switch
        {
            Interop.Errno.EAGAIN or Interop.Errno.EINTR => 0,
            // The interface went down or away; whoever took it away knows. There is nothing to read either way.
            Interop.Errno.ENETDOWN => 0,
            // A frame that the header before it cannot describe (a large send of a kind that it has no number for), which the kernel has dropped.
            Interop.Errno.EINVAL => buffer.Length + 1,
            var error => throw new LinuxException("recv(AF_PACKET)", _on, error),
        };
    }

    private static void SetOption(SafeFileHandle socket, int level, int option, int value, string name)
    {
        if (Interop.Netlink.SetSockOpt(socket, level, option, &value, sizeof(int)) != 0)
        {
            throw LinuxException.FromLastError("setsockopt(AF_PACKET)", name);
        }
    }
}
