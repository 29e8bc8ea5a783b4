using ActorMigration.Host.Linux.Tracking;
using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux.Criu;

/// <summary>
/// TCP sockets that a CRIU which was killed has left in repair: every read of theirs fails with EPERM and every write with EINVAL, so that the program would close them.
/// Taken out of it on a frozen container, before it is thawed. The library that is preloaded into CRIU (src/Host/Native/repair.c) leaves at most one;
/// where there is none, all of them.
/// </summary>
internal static unsafe class SocketsInRepair
{
    private const int IPPROTO_TCP = 6;
    private const int SOL_SOCKET = 1;
    private const int SO_REUSEADDR = 2;
    private const int SO_PROTOCOL = 38;
    private const int TCP_REPAIR = 19;

    /// <summary>Without a window probe, which would go nowhere: the port is unplugged (linux/tcp.h, Linux 4.19).</summary>
    private const int TCP_REPAIR_OFF_NO_WP = -1;

    /// <summary>Returns how many there were. A socket that is gone meanwhile needs nothing.</summary>
    /// <param name="pids">All processes of the container.</param>
    internal static int TakeOut(IEnumerable<int> pids)
    {
        var seen = new HashSet<string>();
        var taken = 0;
        foreach (var pid in pids)
        {
            using var pidfd = new SafeFileHandle(Interop.Spawn.PidfdOpen(pid), ownsHandle: true);
            foreach (var number in pidfd.IsInvalid ? [] : DescriptorLinks.Of(pid))
            {
                if (DescriptorLinks.Read($"/proc/{pid}/fd/{number}") is { } link && link.StartsWith("socket:", StringComparison.Ordinal) && seen.Add(link))
                {
                    using var socket = Interop.LazyFault.PidfdGetfd(pidfd, number);
                    taken += !socket.IsInvalid && TakeOut(socket) ? 1 : 0;
                }
            }
        }

        return taken;
    }

    private static bool TakeOut(SafeFileHandle socket)
    {
        if (Option(socket, SOL_SOCKET, SO_PROTOCOL) != IPPROTO_TCP || Option(socket, IPPROTO_TCP, TCP_REPAIR) != 1)
        {
            return false;
        }

        Set(socket, IPPROTO_TCP, TCP_REPAIR, TCP_REPAIR_OFF_NO_WP);
        // Repair has overwritten it, and what it was before is not known. A connection without it can keep a server from taking its port again; with it, none does.
        Set(socket, SOL_SOCKET, SO_REUSEADDR, 1);
        return true;
    }

    private static int? Option(SafeFileHandle socket, int level, int name)
    {
        int value;
        var length = (uint)sizeof(int);
        // SAFETY: the kernel writes at most length bytes into value.
        return Interop.Sockets.GetSockOpt(socket, level, name, &value, &length) == 0 ? value : null;
    }

    private static void Set(SafeFileHandle socket, int level, int name, int value)
    {
        // SAFETY: the kernel reads one int.
        if (Interop.Sockets.SetSockOpt(socket, level, name, &value, sizeof(int)) != 0)
        {
            throw LinuxException.FromLastError("setsockopt", $"option {name} of a socket in repair");
        }
    }
}
