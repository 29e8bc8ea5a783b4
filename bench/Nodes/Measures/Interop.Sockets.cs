using System.Runtime.InteropServices;

namespace ActorMigration.Nodes;

/// <summary>What .NET does not give of sockets and threads. Names and values are the kernel's, from include/uapi/linux.</summary>
internal static partial class Interop
{
    internal const int IPPROTO_TCP = 6;
    internal const int TCP_INFO = 11;
    internal const ushort AF_INET = 2;
    internal const ushort AF_INET6 = 10;
    internal const int CLOCK_THREAD_CPUTIME_ID = 3;

    // SAFETY: the kernel writes at most length bytes at value, which the caller has on its stack.
    [LibraryImport("libc", EntryPoint = "getsockopt")]
    internal static unsafe partial int GetSockOpt(int fd, int level, int name, byte* value, ref int length);

    // SAFETY: as above.
    [LibraryImport("libc", EntryPoint = "getsockname")]
    internal static unsafe partial int GetSockName(int fd, byte* address, ref int length);

    // SAFETY: as above.
    [LibraryImport("libc", EntryPoint = "getpeername")]
    internal static unsafe partial int GetPeerName(int fd, byte* address, ref int length);

    // SAFETY: the kernel writes two longs.
    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    internal static unsafe partial int ClockGetTime(int clock, long* secondsAndNanoseconds);
}
