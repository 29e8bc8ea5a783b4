using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux;

/// <summary>Calls about other processes, x86-64. glibc has no wrapper for most, so they go through syscall(2); all numbers are in asm/unistd_64.h.</summary>
internal static unsafe partial class Interop
{
    internal const nint SYS_close = 3;
    internal const nint SYS_kcmp = 312;
    internal const nint SYS_userfaultfd = 323;
    internal const nint SYS_pidfd_open = 434;
    internal const nint SYS_pidfd_getfd = 438;

    /// <summary>pidfd_open of a thread, Linux 6.9 (include/uapi/linux/pidfd.h).</summary>
    internal const int PIDFD_THREAD = O_EXCL;

    // include/uapi/linux/kcmp.h; the answer is 0 for the same object.
    internal const nint KCMP_FILE = 0;
    internal const nint KCMP_VM = 1;
    internal const nint KCMP_FILES = 2;

    internal const int SIGKILL = 9;
    internal const int SIGTERM = 15;
    internal const int SIGCONT = 18;
    internal const int SIGSTOP = 19;

    /// <summary>A range of memory, here or in another process.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct iovec
    {
        internal ulong iov_base;
        internal ulong iov_len;
    }

    // SAFETY: only numbers cross.
    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    internal static partial nint SysCall(nint number, nint a, nint b, nint c, nint d = 0, nint e = 0);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    internal static partial nint SysCall(nint number, SafeFileHandle a, nint b, nint c);

    // SAFETY: the kernel writes only into what local describes, which the caller holds fixed; remote addresses are the other process's.
    [LibraryImport("libc", EntryPoint = "process_vm_readv", SetLastError = true)]
    internal static partial nint ProcessVmReadV(int pid, iovec* local, nuint localCount, iovec* remote, nuint remoteCount, nuint flags);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    internal static partial int Kill(int pid, int signal);

    // SAFETY: the buffer is the caller's and count bytes long; the kernel writes no terminator.
    [LibraryImport("libc", EntryPoint = "readlink", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint ReadLink(string path, byte* buffer, nuint count);
}
