using System.Buffers.Binary;
using System.Globalization;
using System.Net;

namespace ActorMigration.Nodes;

/// <summary>
/// What has come in on every TCP connection of this process, as the kernel counts it: bytes of the stream (TLS and all, without TCP and IP headers), and segments that carried any. Akka.Remote writes each message by itself (batching is off, Nagle's algorithm too), so that on loopback,
/// whose segments hold 64 KiB, a segment is a message unless two met in a buffer.
/// </summary>
internal sealed class Connections
{
    /// <summary>Offsets in struct tcp_info, include/uapi/linux/tcp.h, and its size up to there.</summary>
    private const int BytesReceived = 128;
    private const int DataSegsIn = 152;
    private const int InfoLength = 160;

    /// <summary>A sockaddr_in6 is the longest that there is here.</summary>
    private const int AddressLength = 28;

    private readonly Dictionary<(IPEndPoint Local, IPEndPoint Remote), (long Bytes, long Messages)> _received;

    private Connections(Dictionary<(IPEndPoint, IPEndPoint), (long, long)> received) => _received = received;

    /// <summary>Now; each connection is there twice, once for each end.</summary>
    public static Connections Read()
    {
        var received = new Dictionary<(IPEndPoint, IPEndPoint), (long, long)>();
        foreach (var path in Directory.EnumerateFileSystemEntries("/proc/self/fd"))
        {
            if (TryRead(int.Parse(Path.GetFileName(path.AsSpan()), CultureInfo.InvariantCulture)) is { } one)
            {
                received[(one.Local, one.Remote)] = (one.Bytes, one.Messages);
            }
        }

        return new Connections(received);
    }

    public int Count => _received.Count / 2;

    /// <summary>What came since an earlier look, on connections that were there in both: handshakes do not count, and neither does what is closed meanwhile.</summary>
    /// <param name="before">The earlier look.</param>
    /// <param name="at">Only what other hosts sent to this address by connections of their own; null for everything.</param>
    public Traffic Since(Connections before, IPEndPoint? at = null)
    {
        var (bytes, messages) = (0L, 0L);
        foreach (var (ends, now) in _received)
        {
            if ((at is null || ends.Local.Equals(at)) && before._received.TryGetValue(ends, out var then))
            {
                (bytes, messages) = (bytes + now.Bytes - then.Bytes, messages + now.Messages - then.Messages);
            }
        }

        return new Traffic(bytes, messages);
    }

    private static unsafe (IPEndPoint Local, IPEndPoint Remote, long Bytes, long Messages)? TryRead(int fd)
    {
        var info = stackalloc byte[InfoLength];
        var local = stackalloc byte[AddressLength];
        var remote = stackalloc byte[AddressLength];
        var (infoLength, localLength, remoteLength) = (InfoLength, AddressLength, AddressLength);
        // Whatever is no connected socket fails in one of these.
        if (Interop.GetSockOpt(fd, Interop.IPPROTO_TCP, Interop.TCP_INFO, info, ref infoLength) != 0 || infoLength < InfoLength
            || Interop.GetSockName(fd, local, ref localLength) != 0 || Interop.GetPeerName(fd, remote, ref remoteLength) != 0)
        {
            return null;
        }

        return (EndPoint(new ReadOnlySpan<byte>(local, AddressLength)), EndPoint(new ReadOnlySpan<byte>(remote, AddressLength)), *(long*)(info + BytesReceived), *(uint*)(info + DataSegsIn));
    }

    private static IPEndPoint EndPoint(ReadOnlySpan<byte> address)
    {
        const int Port = 2;
        const int Address4 = 4;
        const int Address6 = 8;
        const int Length6 = 16;
        var ip = BitConverter.ToUInt16(address) == Interop.AF_INET6 ? new IPAddress(address.Slice(Address6, Length6)).MapToIPv4() : new IPAddress(address.Slice(Address4, Address6 - Address4));
        return new IPEndPoint(ip, BinaryPrimitives.ReadUInt16BigEndian(address[Port..]));
    }
}

/// <summary>What came in somewhere.</summary>
internal readonly record struct Traffic(long Bytes, long Messages);
