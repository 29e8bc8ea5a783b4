using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux.Processes;

/// <summary>
/// One child that posix_spawn made: its pid stays valid until <see cref="WaitForExit"/>, since nobody else reaps it (the runtime reaps
/// only children of <see cref="System.Diagnostics.Process"/>). Standard input is /dev/null, no other descriptor of this process
/// is inherited, signals are as after a login, and it has a session of its own, so that neither a terminal nor this process's death signals it.
/// </summary>
internal sealed class SpawnedProcess : IDisposable
{
    private const int SignalSetBytes = 128;
    private const int SiginfoBytes = 128;
    private const string Null = "/dev/null";

    /// <summary>First descriptor after standard input, output and error: the child has none from here on.</summary>
    private const int FirstOther = 3;

    private readonly string _name;

    private SpawnedProcess(int pid, SafeFileHandle handle, string name)
    {
        Pid = pid;
        Handle = handle;
        _name = name;
    }

    internal int Pid { get; }

    /// <summary>pidfd: readable once the process has ended.</summary>
    internal SafeFileHandle Handle { get; }

    /// <summary>
    /// Starts <paramref name="command"/> with standard output and error on the given descriptors; where they are -1, on its output file or
    /// /dev/null.
    /// </summary>
    /// <exception cref="ToolFailedException">The program does not exist or may not be executed.</exception>
    internal static unsafe SpawnedProcess Start(ToolCommand command, int output = -1, int error = -1)
    {
        using var actions = new NativeObject(Interop.Spawn.ActionsInit, Interop.Spawn.ActionsDestroy);
        using var attributes = new NativeObject(Interop.Spawn.AttributesInit, Interop.Spawn.AttributesDestroy);
        using var argv = new NativeStrings([command.Program, .. command.Arguments]);
        using var envp = new NativeStrings(command.Environment ?? InheritedEnvironment());

        var none = stackalloc byte[SignalSetBytes];
        var all = stackalloc byte[SignalSetBytes];
        new Span<byte>(none, SignalSetBytes).Clear();
        new Span<byte>(all, SignalSetBytes).Fill(0xFF);
        // The runtime ignores SIGPIPE and may block others; an ignored or blocked signal would survive exec.
        Check(Interop.Spawn.AttributesSetSigDefault(attributes.Pointer, all), command);
        Check(Interop.Spawn.AttributesSetSigMask(attributes.Pointer, none), command);
        Check(Interop.Spawn.AttributesSetFlags(attributes.Pointer, Interop.Spawn.POSIX_SPAWN_SETSID | Interop.Spawn.POSIX_SPAWN_SETSIGDEF | Interop.Spawn.POSIX_SPAWN_SETSIGMASK), command);

        Check(Interop.Spawn.ActionsAddOpen(actions.Pointer, 0, Null, Interop.O_RDONLY, 0), command);
        if (output >= 0)
        {
            Check(Interop.Spawn.ActionsAddDup2(actions.Pointer, output, 1), command);
            Check(Interop.Spawn.ActionsAddDup2(actions.Pointer, error, 2), command);
        }
        else
        {
            Check(Interop.Spawn.ActionsAddOpen(actions.Pointer, 1, command.OutputFile ?? Null, Interop.O_WRONLY | Interop.O_CREAT | Interop.O_APPEND, 0x180 /* 0600 */), command);
            Check(Interop.Spawn.ActionsAddDup2(actions.Pointer, 1, 2), command);
        }

        // Last, when 1 and 2 are in place. A helper that lives for hours would hold whatever this process has open without close-on-exec: a listener's
        // port, a pipe whose reader waits for its end, an userfaultfd of a container.
        Check(Interop.Spawn.ActionsAddCloseFrom(actions.Pointer, FirstOther), command);

        if (command.WorkingDirectory is { } directory)
        {
            Check(Interop.Spawn.ActionsAddChdir(actions.Pointer, directory), command);
        }

        Check(Interop.Spawn.PosixSpawnp(out var pid, command.Program, actions.Pointer, attributes.Pointer, argv.Pointer, envp.Pointer), command);
        var pidfd = Interop.Spawn.PidfdOpen(pid);
        if (pidfd < 0)
        {
            throw LinuxException.FromLastError("pidfd_open", $"{command.Program} (pid {pid})");
        }

        return new SpawnedProcess(pid, new SafeFileHandle(pidfd, ownsHandle: true), command.Program);
    }

    /// <summary>Blocks until the process has ended and reaps it: its exit code, or 128 + signal. Call once.</summary>
    internal unsafe int WaitForExit()
    {
        var info = stackalloc byte[SiginfoBytes];
        while (Interop.Spawn.Waitid(Interop.Spawn.P_PIDFD, (int)Handle.DangerousGetHandle(), info, Interop.Spawn.WEXITED) != 0)
        {
            if (Marshal.GetLastPInvokeError() != Interop.Errno.EINTR)
            {
                throw LinuxException.FromLastError("waitid", $"{_name} (pid {Pid})");
            }
        }

        // siginfo_t of SIGCHLD: si_signo, si_errno, si_code at 0, 4, 8; si_pid, si_uid, si_status at 16, 20, 24.
        var code = *(int*)(info + 8);
        var status = *(int*)(info + 24);
        return code == Interop.Spawn.CLD_EXITED ? status : ToolResult.SignalBase + status;
    }

    /// <summary>SIGKILL to the process and all of its descendants, also those that left its session.</summary>
    internal void KillTree()
    {
        try
        {
            using var process = System.Diagnostics.Process.GetProcessById(Pid);
            process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // It has ended already: a zombie that only WaitForExit has yet to reap.
        }
    }

    public void Dispose() => Handle.Dispose();

    private static void Check(int error, ToolCommand command)
    {
        if (error != 0)
        {
            throw ToolFailedException.NotStarted(command, Marshal.GetPInvokeErrorMessage(error));
        }
    }

    private static List<string> InheritedEnvironment()
    {
        var list = new List<string>();
        foreach (System.Collections.DictionaryEntry entry in Environment.GetEnvironmentVariables())
        {
            list.Add($"{entry.Key}={entry.Value}");
        }

        return list;
    }

    /// <summary>A glibc object that is initialised and destroyed by two calls.</summary>
    private readonly ref struct NativeObject
    {
        private readonly Func<nint, int> _destroy;

        internal NativeObject(Func<nint, int> initialise, Func<nint, int> destroy)
        {
            _destroy = destroy;
            unsafe
            {
                // SAFETY: freed in Dispose, after the last use.
                Pointer = (nint)NativeMemory.AllocZeroed(Interop.Spawn.ObjectBytes);
            }

            if (initialise(Pointer) != 0)
            {
                throw new LinuxException("posix_spawn", "its arguments", Interop.Errno.ENOMEM);
            }
        }

        internal nint Pointer { get; }

        public void Dispose()
        {
            _destroy(Pointer);
            unsafe
            {
                NativeMemory.Free((void*)Pointer);
            }
        }
    }

    /// <summary>A null-terminated array of UTF-8 strings.</summary>
    private readonly unsafe ref struct NativeStrings
    {
        private readonly int _count;

        internal NativeStrings(IReadOnlyList<string> strings)
        {
            _count = strings.Count;
            // SAFETY: count + 1 zeroed pointers; the last one stays null. Freed in Dispose, after the last use.
            Pointer = (nint*)NativeMemory.AllocZeroed((nuint)(_count + 1), (nuint)sizeof(nint));
            for (var i = 0; i < _count; i++)
            {
                Pointer[i] = Marshal.StringToCoTaskMemUTF8(strings[i]);
            }
        }

        internal nint* Pointer { get; }

        public void Dispose()
        {
            for (var i = 0; i < _count; i++)
            {
                Marshal.FreeCoTaskMem(Pointer[i]);
            }

            NativeMemory.Free(Pointer);
        }
    }
}
