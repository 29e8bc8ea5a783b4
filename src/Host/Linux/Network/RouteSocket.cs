using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux.Network;

/// <summary>
/// One rtnetlink socket. It belongs for ever to the network namespace of the thread that opened it, so a port opens it once in
/// prepare and may then be used from any thread. One request at a time; a refusal is a <see cref="LinuxException"/> with the
/// kernel's own words where it gives some.
/// </summary>
internal sealed unsafe partial class RouteSocket : IDisposable
{
    /// <summary>Bytes of one answer. The kernel fills at most 32 KiB per datagram of a dump.</summary>
    private const int AnswerBytes = 64 * 1024;

    /// <summary>A dump that races with changes is asked again; more often than this means that somebody changes links without end.</summary>
    private const int MaxDumpAttempts = 10;

    private readonly SafeFileHandle _socket;
    private readonly byte[] _answer = new byte[AnswerBytes];
    private readonly Lock _lock = new();
    private uint _sequence;

    private RouteSocket(SafeFileHandle socket) => _socket = socket;

    /// <summary>Opens in the calling thread's network namespace.</summary>
    internal static RouteSocket Open()
    {
        var socket = Interop.Netlink.Socket(Interop.Netlink.AF_NETLINK, Interop.Netlink.SOCK_RAW | Interop.Netlink.SOCK_CLOEXEC, Interop.Netlink.NETLINK_ROUTE);
        if (socket.IsInvalid)
        {
            throw LinuxException.FromLastError("socket", "NETLINK_ROUTE");
        }
        var one = 1;
        foreach (var option in (ReadOnlySpan<int>)[Interop.Netlink.NETLINK_CAP_ACK, Interop.Netlink.NETLINK_EXT_ACK])
        {
            if (Interop.Netlink.SetSockOpt(socket, Interop.Netlink.SOL_NETLINK, option, &one, sizeof(int)) != 0)
            {
                throw LinuxException.FromLastError("setsockopt", "NETLINK_ROUTE");
            }
        }
        return new RouteSocket(socket);
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>Sends one request and waits for the kernel's answer to it, which comes at once.</summary>
    private void Request(NetlinkMessage message, string call, string on)
    {
        lock (_lock)
        {
            Send(message, call, on);
            Receive(call, on, _ => { });
        }
    }

    /// <summary>Every message of a dump, as (type, payload after the netlink header).</summary>
    private List<byte[]> Dump(Func<NetlinkMessage> request, string call)
    {
        for (var attempt = 1; ; attempt++)
        {
            lock (_lock)
            {
                var found = new List<byte[]>();
                Send(request(), call, "all");
                if (!Receive(call, "all", payload => found.Add(payload.ToArray())))
                {
                    return found;
                }
            }
            if (attempt == MaxDumpAttempts)
            {
                throw new LinuxException(call, $"all (interrupted {attempt} times)", Interop.Errno.EAGAIN);
            }
        }
    }

    private void Send(NetlinkMessage message, string call, string on)
    {
        var bytes = message.Finish(++_sequence);
        fixed (byte* start = bytes)
        {
            if (Interop.Netlink.Send(_socket, start, (nuint)bytes.Length, 0) < 0)
            {
                throw LinuxException.FromLastError(call, on);
            }
        }
    }

    /// <summary>Reads up to the acknowledgement or the end of the dump. True when the kernel says that the dump was interrupted by a change.</summary>
    private bool Receive(string call, string on, Action<ReadOnlySpan<byte>> take)
    {
        var interrupted = false;
        while (true)
        {
            nint got;
            fixed (byte* start = _answer)
            {
                got = Interop.Netlink.Recv(_socket, start, AnswerBytes, 0);
            }
            if (got < 0)
            {
                if (Marshal.GetLastPInvokeError() == Interop.Errno.EINTR)
                {
                    continue;
                }
                throw LinuxException.FromLastError(call, on);
            }
            var rest = _answer.AsSpan(0, (int)got);
            while (rest.Length >= 16)
            {
                var length = MemoryMarshal.Read<int>(rest);
                var type = MemoryMarshal.Read<ushort>(rest[4..]);
                var flags = MemoryMarshal.Read<ushort>(rest[6..]);
                var sequence = MemoryMarshal.Read<uint>(rest[8..]);
                var payload = rest[16..length];
                rest = rest[Math.Min(rest.Length, (length + 3) & ~3)..];
                if (sequence != _sequence)
                {
                    continue;   // the tail of a dump that an exception left unread
                }
                interrupted |= (flags & Interop.Netlink.NLM_F_DUMP_INTR) != 0;
                if (type == Interop.Netlink.NLMSG_DONE)
                {
                    return interrupted;
                }
                if (type == Interop.Netlink.NLMSG_ERROR)
                {
                    ThrowIfError(payload, flags, call, on);
                    return interrupted;
                }
                take(payload);
            }
        }
    }

    private static void ThrowIfError(ReadOnlySpan<byte> payload, ushort flags, string call, string on)
    {
        var error = MemoryMarshal.Read<int>(payload);
        if (error == 0)
        {
            return;
        }
        var why = "";
        // struct nlmsgerr: i32 error, the request's header (16 bytes, NETLINK_CAP_ACK keeps the rest away), then attributes.
        if ((flags & Interop.Netlink.NLM_F_ACK_TLVS) != 0 && NetlinkAttributes.TryFind(payload[20..], Interop.Netlink.NLMSGERR_ATTR_MSG, out var text))
        {
            why = $" ({Encoding.ASCII.GetString(text).TrimEnd('\0')})";
        }
        throw new LinuxException(call, on + why, -error);
    }
}
