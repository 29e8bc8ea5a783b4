using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux.Tracking;

/// <summary>
/// Gets a userfaultfd out of a running process: all tasks that share its descriptors are stopped (about 0.2 ms), one thread
/// makes the call, we take the descriptor, the thread closes it, all run on. Done by a thread of its own for each attach: when
/// something goes wrong, the end of that thread makes the kernel let go of every task it held.
/// </summary>
internal static class UserfaultAttach
{
    /// <summary>Tries when a thread was about to take a signal or the like; each holds the process for less than a millisecond.</summary>
    private const int MaxTries = 5;

    private static readonly Lock WarmUpLock = new();
    private static bool s_warm;

    /// <summary>Throws <see cref="AttachException"/>. <paramref name="container"/> lists all that could share or inherit a descriptor.</summary>
    internal static (Userfault Userfault, TimeSpan Stopped) Take(int pid, IContainerProcesses container, TimeProvider time)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                // A new thread for each try: the end of the one before lets go of tasks that would not stop.
                return OnOwnThread(() => TakeOnce(pid, container, time));
            }
            catch (AttachException e) when (e.Failure == AttachFailure.NoThread && attempt < MaxTries)
            {
                // The signal was handed back; by the next try its handler has begun.
                Thread.Yield();
            }
            catch (LinuxException e) when (e.Errno is Interop.Errno.ESRCH or Interop.Errno.ENOENT)
            {
                throw new AttachException(AttachFailure.Gone, pid, e.Message);
            }
        }
    }

    /// <summary>Closes a descriptor in another process the same way; used to take back what a task of the container kept.</summary>
    internal static void CloseIn(int pid, int descriptor, IContainerProcesses container, TimeProvider time)
        => OnOwnThread(() =>
        {
            using var memory = OpenMemory(pid);
            var instruction = FindInstruction(pid, memory);
            using var stopped = StoppedProcess.Stop(pid, container, time);
            var thread = Prepare(stopped, pid, memory, instruction);
            return thread.Inject(instruction, Interop.SYS_close, descriptor);
        });

    private static (Userfault Userfault, TimeSpan Stopped) TakeOnce(int pid, IContainerProcesses container, TimeProvider time)
    {
        using var memory = OpenMemory(pid);
        var instruction = FindInstruction(pid, memory);
        SafeFileHandle descriptor;
        TimeSpan held;
        using (var stopped = StoppedProcess.Stop(pid, container, time))
        {
            var thread = Prepare(stopped, pid, memory, instruction);
            descriptor = Transfer(thread, instruction);
            held = stopped.Elapsed;
        }

        try
        {
            HeldDescriptors.TakeBack(descriptor, pid, container, time);
            return (new Userfault(descriptor), held);
        }
        catch
        {
            descriptor.Dispose();
            throw;
        }
    }

    private static TracedThread Prepare(StoppedProcess stopped, int pid, SafeFileHandle memory, ulong instruction)
    {
        var thread = stopped.Injectable();
        if (!SyscallInstruction.IsAt(memory, instruction))
        {
            throw new AttachException(AttachFailure.Gone, pid, "it became another program meanwhile");
        }

        if (!thread.BeginInjection() && ProcTask.Field($"/proc/{pid}/task/{thread.Tid}", "Seccomp") != "0")
        {
            throw new AttachException(AttachFailure.Seccomp, pid, "its seccomp filter cannot be suspended (needs CAP_SYS_ADMIN, a kernel with CHECKPOINT_RESTORE, and no filter on the daemon itself)");
        }

        return thread;
    }

    private static SafeFileHandle Transfer(TracedThread thread, ulong instruction)
    {
        const nint flags = Interop.O_CLOEXEC | Interop.O_NONBLOCK | Interop.Userfaultfd.UFFD_USER_MODE_ONLY;
        var number = thread.Inject(instruction, Interop.SYS_userfaultfd, flags);
        if (number < 0)
        {
            throw new AttachException(AttachFailure.Refused, thread.Pid, new LinuxException("userfaultfd", $"tid {thread.Tid}", (int)-number).Message);
        }

        try
        {
            var taken = TakeDescriptor(thread, (nint)number);
            return DescriptorLinks.IsUserfaultfd($"/proc/self/fd/{taken.DangerousGetHandle()}")
                ? taken
                : throw new AttachException(AttachFailure.Refused, thread.Pid, $"descriptor {number} is not the userfaultfd that was made");
        }
        finally
        {
            thread.Inject(instruction, Interop.SYS_close, (nint)number);
        }
    }

    private static SafeFileHandle TakeDescriptor(TracedThread thread, nint number)
    {
        // A thread's own pidfd also works when the leader has ended; kernels before 6.9 know only the process's.
        var pidfd = Interop.SysCall(Interop.SYS_pidfd_open, thread.Tid, Interop.PIDFD_THREAD, 0);
        if (pidfd < 0)
        {
            pidfd = Interop.SysCall(Interop.SYS_pidfd_open, thread.Pid, 0, 0);
        }

        if (pidfd < 0)
        {
            throw LinuxException.FromLastError("pidfd_open", $"tid {thread.Tid}");
        }

        using var handle = new SafeFileHandle(pidfd, ownsHandle: true);
        var taken = Interop.SysCall(Interop.SYS_pidfd_getfd, handle, number, 0);
        return taken >= 0
            ? new SafeFileHandle(taken, ownsHandle: true)
            : throw LinuxException.FromLastError("pidfd_getfd", $"descriptor {number} of tid {thread.Tid}");
    }

    private static SafeFileHandle OpenMemory(int pid)
    {
        var path = $"/proc/{pid}/task/{ProcTask.LiveThread(pid) ?? pid}/mem";
        var memory = Interop.Open(path, Interop.O_RDONLY | Interop.O_CLOEXEC);
        return memory.IsInvalid
            ? throw new AttachException(AttachFailure.Gone, pid, LinuxException.FromLastError("open", path).Message)
            : memory;
    }

    private static ulong FindInstruction(int pid, SafeFileHandle memory)
        => SyscallInstruction.Find($"/proc/{pid}/task/{ProcTask.LiveThread(pid) ?? pid}", memory)
            ?? throw new AttachException(AttachFailure.NoThread, pid, "no executable mapping of it holds a syscall instruction");

    /// <summary>Runs work that traces on a thread that ends with it.</summary>
    internal static T OnOwnThread<T>(Func<T> work)
    {
        WarmUp();
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                result = work();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        })
        {
            IsBackground = true,
            Name = "attach",
        };
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result;
    }

    /// <summary>Compiles everything that runs inside the stop, so that the container does not wait for the JIT.</summary>
    private static void WarmUp()
    {
        lock (WarmUpLock)
        {
            if (s_warm)
            {
                return;
            }

            Type[] types = [typeof(UserfaultAttach), typeof(StoppedProcess), typeof(TracedThread), typeof(ProcTask), typeof(SleepingCall), typeof(SyscallInstruction), typeof(DescriptorLinks), typeof(CgroupProcesses), typeof(Interop), typeof(Interop.Ptrace)];
            const System.Reflection.BindingFlags all = System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.Instance
                | System.Reflection.BindingFlags.Public | System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.DeclaredOnly;
            foreach (var method in types.SelectMany(type => type.GetMethods(all)).Where(method => !method.ContainsGenericParameters))
            {
                if ((method.Attributes & System.Reflection.MethodAttributes.PinvokeImpl) != 0)
                {
                    Marshal.Prelink(method);
                }
                else
                {
                    RuntimeHelpers.PrepareMethod(method.MethodHandle);
                }
            }

            s_warm = true;
        }
    }
}
