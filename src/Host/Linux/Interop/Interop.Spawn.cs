using System.Runtime.InteropServices;

namespace ActorMigration.Host.Linux;

/// <summary>
/// posix_spawn(3), pidfd_open(2) and waitid(2). Process.Start would do, but it cannot give /dev/null or a file as a
/// descriptor, cannot start a new session, and a runc container keeps the descriptors it is started with.
/// </summary>
internal static partial class Interop
{
    internal static partial class Spawn
    {
        /// <summary>glibc's posix_spawn_file_actions_t has 80 bytes and posix_spawnattr_t 336; both fit with room to spare.</summary>
        internal const int ObjectBytes = 512;

        internal const short POSIX_SPAWN_SETSIGDEF = 0x04;
        internal const short POSIX_SPAWN_SETSIGMASK = 0x08;
        internal const short POSIX_SPAWN_SETSID = 0x80;

        /// <summary>waitid: the child is named by a pidfd.</summary>
        internal const int P_PIDFD = 3;

        internal const int WEXITED = 4;

        /// <summary>si_code of a child that called exit; the others (2 = killed, 3 = dumped) carry a signal.</summary>
        internal const int CLD_EXITED = 1;

        internal const int F_SETFL = 4;
        internal const short POLLIN = 1;

        /// <summary>struct pollfd of poll(2): 8 bytes. The compiler keeps all-lower-case type names for itself, hence the underscore.</summary>
        [StructLayout(LayoutKind.Sequential)]
        internal struct poll_fd
        {
            internal int fd;
            internal short events;
            internal short revents;
        }

        // SAFETY: each of the objects below is ObjectBytes of zeroed native memory owned by the caller for the call, and init
        // comes before any other use, as posix_spawn(3) demands.
        [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
        internal static partial int ActionsInit(nint actions);

        [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
        internal static partial int ActionsDestroy(nint actions);

        [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
        internal static partial int ActionsAddDup2(nint actions, int fd, int newFd);

        [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addopen", StringMarshalling = StringMarshalling.Utf8)]
        internal static partial int ActionsAddOpen(nint actions, int fd, string path, int flags, uint mode);

        [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addchdir_np", StringMarshalling = StringMarshalling.Utf8)]
        internal static partial int ActionsAddChdir(nint actions, string path);

        // Since glibc 2.34.
        [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addclosefrom_np")]
        internal static partial int ActionsAddCloseFrom(nint actions, int from);

        [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
        internal static partial int AttributesInit(nint attributes);

        [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
        internal static partial int AttributesDestroy(nint attributes);

        [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
        internal static partial int AttributesSetFlags(nint attributes, short flags);

        // SAFETY: set points to a sigset_t, 128 bytes on Linux, that lives for the call.
        [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
        internal static unsafe partial int AttributesSetSigDefault(nint attributes, byte* set);

        [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
        internal static unsafe partial int AttributesSetSigMask(nint attributes, byte* set);

        // SAFETY: argv and envp are arrays of pointers to UTF-8 strings, each array ended by a null pointer, alive for the call;
        // posix_spawnp returns after the child has executed the program or failed to, so nothing is used later.
        [LibraryImport("libc", EntryPoint = "posix_spawnp", StringMarshalling = StringMarshalling.Utf8)]
        internal static unsafe partial int PosixSpawnp(out int pid, string file, nint actions, nint attributes, nint* argv, nint* envp);

        [LibraryImport("libc", EntryPoint = "pipe2", SetLastError = true)]
        internal static unsafe partial int Pipe2(int* fds, int flags);

        [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
        internal static partial int Fcntl(int fd, int command, int argument);

        [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
        internal static unsafe partial int Poll(poll_fd* fds, nuint count, int timeout);

        // SAFETY: the kernel writes at most count bytes to buffer, which the caller pins.
        [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
        internal static unsafe partial nint Read(int fd, byte* buffer, nuint count);

        // SAFETY: info is a siginfo_t of 128 bytes.
        [LibraryImport("libc", EntryPoint = "waitid", SetLastError = true)]
        internal static unsafe partial int Waitid(int idType, int id, byte* info, int options);

        [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
        internal static partial int Kill(int pid, int signal);

        [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
        private static partial long Syscall2(long number, long first, long second);

        /// <summary>pidfd_open, number 434 on x86-64 and arm64; -1 and errno when it fails.</summary>
        internal static int PidfdOpen(int pid) => (int)Syscall2(434, pid, 0);
    }
}
