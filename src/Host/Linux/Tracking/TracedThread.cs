using System.Globalization;
using static ActorMigration.Host.Linux.Interop.Ptrace;

namespace ActorMigration.Host.Linux.Tracking;

/// <summary>
/// One seized thread of the migrating container. Dispose lets it run again as if nothing had been.
///
/// The kernel ties a tracee to the thread that seized it, not to the process. So this type has no async member, and all its
/// calls must come from the thread that called <see cref="TrySeize"/>. A tracee that did not stop is let go by the end of
/// that thread, which the kernel takes as a detach.
/// </summary>
internal sealed unsafe class TracedThread : IDisposable
{
    private const int SyscallStopSignal = 5 | 0x80;

    /// <summary>Bytes of a kernel sigset_t.</summary>
    private const nint SigSetBytes = 8;

    /// <summary>Stops that may come before the one of the injected call: a group stop repeats itself once (seen), and one spare for each half.</summary>
    private const int MaxExtraStops = 4;

    /// <summary>Looks before the wait for a stop sleeps 1 ms between two: several milliseconds, when the CPU is needed elsewhere.</summary>
    private const int SpinsBeforeSleep = 5000;

    /// <summary><see cref="InjectionRank"/> of a thread that cannot make a call.</summary>
    internal const int Unusable = int.MaxValue;

    private int _firstEvent = -1;
    private int _stopSignal;
    private int _stopEvent;
    private int _signalToDeliver;
    private ulong _blockedSignals;
    private bool _injecting;
    private user_regs_struct _registers;

    private TracedThread(int pid, int tid)
    {
        Pid = pid;
        Tid = tid;
    }

    internal int Pid { get; }

    internal int Tid { get; }

    /// <summary>True between a successful <see cref="WaitForStop"/> and Dispose.</summary>
    internal bool IsStopped { get; private set; }

    /// <summary>True when the thread ended; nothing is left to release.</summary>
    internal bool IsGone { get; private set; }

    /// <summary>
    /// Which thread to use for an injected call, lower is better: in user mode, in a call that restarts by itself, in a call
    /// that says EINTR (it is put back by us). A thread that stopped to take a signal is not usable: what the signal carries
    /// would be lost.
    /// </summary>
    internal int InjectionRank => !IsStopped || _firstEvent != PTRACE_EVENT_STOP ? Unusable
        : (long)_registers.orig_rax < 0 ? 0
        : (long)_registers.rax != -Interop.Errno.EINTR ? 1 : 2;

    /// <summary>Seizes without stopping. Null with <paramref name="errno"/> set when the kernel refuses: ESRCH gone, EPERM traced by another or ended.</summary>
    internal static TracedThread? TrySeize(int pid, int tid, out int errno)
    {
        errno = 0;
        if (Call(PTRACE_SEIZE, tid, 0, 0) == 0)
        {
            return new TracedThread(pid, tid);
        }

        errno = System.Runtime.InteropServices.Marshal.GetLastPInvokeError();
        return null;
    }

    /// <summary>Asks it to stop at its next return to user mode; from here on it runs no instruction of the program.</summary>
    internal void Interrupt()
    {
        // ESRCH means that it ended; WaitForStop finds out.
        _ = Call(PTRACE_INTERRUPT, Tid, 0, 0);
    }

    /// <summary>True when it stopped or is gone; false when <paramref name="deadline"/> passed first.</summary>
    internal bool WaitForStop(StopDeadline deadline)
    {
        if (IsStopped || IsGone)
        {
            return true;
        }

        if (!Wait(deadline))
        {
            return IsGone;
        }

        IsStopped = true;
        fixed (user_regs_struct* registers = &_registers)
        fixed (ulong* blocked = &_blockedSignals)
        {
            Require(Call(PTRACE_GETREGS, Tid, 0, (nint)registers), "PTRACE_GETREGS");
            Require(Call(PTRACE_GETSIGMASK, Tid, SigSetBytes, (nint)blocked), "PTRACE_GETSIGMASK");
        }

        return true;
    }

    /// <summary>
    /// Prepares calls: signals blocked, seccomp filter suspended. False when the filter cannot be suspended (the caller may
    /// still go on with a thread that has none).
    /// </summary>
    internal bool BeginInjection()
    {
        _injecting = true;
        var suspended = Call(PTRACE_SETOPTIONS, Tid, 0, PTRACE_O_SUSPEND_SECCOMP | PTRACE_O_TRACESYSGOOD) == 0;
        if (!suspended)
        {
            Require(Call(PTRACE_SETOPTIONS, Tid, 0, PTRACE_O_TRACESYSGOOD), "PTRACE_SETOPTIONS");
        }

        var all = ulong.MaxValue;
        Require(Call(PTRACE_SETSIGMASK, Tid, SigSetBytes, (nint)(&all)), "PTRACE_SETSIGMASK");
        return suspended;
    }

    /// <summary>
    /// Lets the thread make one 64-bit system call at <paramref name="instruction"/> (a syscall instruction of its own) and
    /// returns what the kernel answers, negative for an error. A 32-bit thread enters 64-bit mode for it.
    /// Syscall stops and not single steps: a forced SIGTRAP would reset the program's own handling of that signal.
    /// No deadline: letting go of a thread that is inside of our call would leave it with our registers. The two calls that
    /// are injected do not block.
    /// </summary>
    internal long Inject(ulong instruction, nint number, nint argument)
    {
        var r = _registers;
        r.rip = instruction;
        r.cs = USER_CS;
        r.rax = (ulong)number;
        r.orig_rax = ulong.MaxValue;
        r.rdi = (ulong)argument;
        r.rsi = r.rdx = r.r10 = 0;
        Require(Call(PTRACE_SETREGS, Tid, 0, (nint)(&r)), "PTRACE_SETREGS");

        var entered = false;
        for (var stops = 0; stops < 2 + MaxExtraStops; stops++)
        {
            Require(Call(PTRACE_SYSCALL, Tid, 0, 0), "PTRACE_SYSCALL");
            if (!Wait(deadline: null))
            {
                throw new AttachException(AttachFailure.Gone, Pid, $"thread {Tid} ended in an injected call");
            }

            if (_stopSignal != SyscallStopSignal)
            {
                continue;
            }

            if (!entered)
            {
                entered = true;
                continue;
            }

            Require(Call(PTRACE_GETREGS, Tid, 0, (nint)(&r)), "PTRACE_GETREGS");
            return r.rip == instruction + 2
                ? (long)r.rax
                : throw new AttachException(AttachFailure.Refused, Pid, $"thread {Tid} left the injected call at 0x{r.rip:x} and not at 0x{instruction + 2:x}");
        }

        throw new AttachException(AttachFailure.NoThread, Pid, $"thread {Tid} stopped {2 + MaxExtraStops} times without making the injected call");
    }

    /// <summary>Address of its restartable-sequence area, 0 when it registered none.</summary>
    internal ulong RseqAddress()
    {
        ptrace_rseq_configuration configuration;
        return IsStopped && Call(PTRACE_GET_RSEQ_CONFIGURATION, Tid, sizeof(ptrace_rseq_configuration), (nint)(&configuration)) > 0
            ? configuration.rseq_abi_pointer
            : 0;
    }

    /// <summary>Puts registers, signals and options back and lets the thread run.</summary>
    public void Dispose()
    {
        if (!IsStopped || IsGone)
        {
            return;
        }

        IsStopped = false;
        var registers = _registers;
        var restart = MustRestart();
        if (restart)
        {
            registers.rax = registers.orig_rax;
            registers.rip -= 2;
            registers.orig_rax = ulong.MaxValue;
        }

        // Errors from here on are ESRCH only: the thread was killed while it was stopped, and nothing is left to put back.
        if (_injecting || restart)
        {
            _ = Call(PTRACE_SETREGS, Tid, 0, (nint)(&registers));
        }

        if (_injecting)
        {
            var blocked = _blockedSignals;
            _ = Call(PTRACE_SETSIGMASK, Tid, SigSetBytes, (nint)(&blocked));
            _ = Call(PTRACE_SETOPTIONS, Tid, 0, 0);
        }

        _ = Call(PTRACE_DETACH, Tid, 0, _signalToDeliver);
    }

    /// <summary>
    /// Calls such as epoll_wait say EINTR when they are interrupted, even when no signal handler ran. The program must not see
    /// that we were there, so such a call is made again; a finite timeout then begins anew. Not when a signal with a handler
    /// is waiting (then EINTR is right), not for close (whose descriptor is gone), not for 32-bit calls.
    /// </summary>
    private bool MustRestart()
        => _firstEvent == PTRACE_EVENT_STOP && _registers.cs == USER_CS && (long)_registers.rax == -Interop.Errno.EINTR
            && (long)_registers.orig_rax >= 0 && _registers.orig_rax != (ulong)Interop.SYS_close && !HandlerIsDue();

    private bool HandlerIsDue()
    {
        var directory = $"/proc/{Pid}/task/{Tid}";
        var pending = Mask(directory, "SigPnd") | Mask(directory, "ShdPnd");
        return (pending & ~_blockedSignals & Mask(directory, "SigCgt")) != 0;
    }

    private static ulong Mask(string directory, string name)
        => ulong.TryParse(ProcTask.Field(directory, name), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var mask) ? mask : 0;

    /// <summary>True when the thread stopped; false with <see cref="IsGone"/> when it ended, without when the deadline passed.</summary>
    private bool Wait(StopDeadline? deadline)
    {
        var spin = default(SpinWait);
        while (true)
        {
            int status;
            var result = WaitPid(Tid, &status, __WALL | WNOHANG);
            if (result == Tid)
            {
                if ((status & 0x7f) != 0x7f)
                {
                    // WIFEXITED or WIFSIGNALED: it ended while it was traced, and the kernel has let go of it.
                    IsGone = true;
                    return false;
                }

                _stopSignal = (status >> 8) & 0xff;
                _stopEvent = status >> 16;
                if (_firstEvent < 0)
                {
                    _firstEvent = _stopEvent;
                }

                if (_stopEvent == 0 && _stopSignal != SyscallStopSignal)
                {
                    // A signal won the race against the interrupt, or is SIGSTOP, which cannot be blocked: handed back when we let go.
                    _signalToDeliver = _stopSignal;
                }

                return true;
            }

            if (result < 0 && System.Runtime.InteropServices.Marshal.GetLastPInvokeError() != Interop.Errno.EINTR)
            {
                // ECHILD: another thread of it called exec, and this tid is no more.
                IsGone = true;
                return false;
            }

            if (deadline is { HasPassed: true })
            {
                return false;
            }

            // Yields and does not sleep at first: the container stands still meanwhile.
            spin.SpinOnce(SpinsBeforeSleep);
        }
    }

    private void Require(nint result, string call)
    {
        if (result != 0)
        {
            throw LinuxException.FromLastError(call, $"tid {Tid}");
        }
    }
}
