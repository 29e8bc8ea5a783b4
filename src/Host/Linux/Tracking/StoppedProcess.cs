namespace ActorMigration.Host.Linux.Tracking;

/// <summary>
/// One process held still together with every other task that shares its descriptor table: nobody can copy, replace or
/// inherit a descriptor while something is injected. Dispose lets all of them run. Thread-bound like <see cref="TracedThread"/>.
/// </summary>
internal sealed class StoppedProcess : IDisposable
{
    /// <summary>How long a thread may take to stop before we look at what it sleeps in; most stop within 0.2 ms.</summary>
    private static readonly TimeSpan VforkLook = TimeSpan.FromMilliseconds(5);

    private readonly Dictionary<int, TracedThread> _threads = [];
    private readonly int _pid;
    private readonly StopDeadline _deadline;

    private StoppedProcess(int pid, StopDeadline deadline)
    {
        _pid = pid;
        _deadline = deadline;
    }

    /// <summary>Time from the first interrupt on: how long the container has been held.</summary>
    internal TimeSpan Elapsed => _deadline.Elapsed;

    /// <summary>Stops the process and its sharers in the container; throws <see cref="AttachException"/> and lets all go when one cannot be stopped.</summary>
    internal static StoppedProcess Stop(int pid, IContainerProcesses container, TimeProvider time)
    {
        var stopped = new StoppedProcess(pid, new StopDeadline(time, StopDeadline.Limit));
        try
        {
            // A task that was running while we listed may have made another one; when a pass finds none, all stand still.
            while (stopped.SeizeNew(container))
            {
                stopped.WaitForAll();
            }

            return stopped;
        }
        catch
        {
            stopped.Dispose();
            throw;
        }
    }

    /// <summary>All that are held.</summary>
    internal IEnumerable<TracedThread> Threads => _threads.Values;

    /// <summary>The thread of this process that suits best for an injected call.</summary>
    internal TracedThread Injectable()
    {
        var best = _threads.Values.Where(thread => thread.Pid == _pid).MinBy(thread => thread.InjectionRank);
        return best is not null && best.InjectionRank != TracedThread.Unusable
            ? best
            : throw new AttachException(AttachFailure.NoThread, _pid, "no thread is in a state in which it could make a call");
    }

    public void Dispose()
    {
        foreach (var thread in _threads.Values)
        {
            thread.Dispose();
        }
    }

    private static bool SharesDescriptors(int pid, int other)
        => Interop.SysCall(Interop.SYS_kcmp, pid, other, Interop.KCMP_FILES) == 0;

    /// <summary>True when a task was found that is not held yet.</summary>
    private bool SeizeNew(IContainerProcesses container)
    {
        var found = false;
        foreach (var sharer in container.Pids().Where(other => other != _pid && SharesDescriptors(_pid, other)).Prepend(_pid).ToArray())
        {
            foreach (var tid in ProcTask.Threads(sharer))
            {
                if (_threads.ContainsKey(tid))
                {
                    continue;
                }

                if (TracedThread.TrySeize(sharer, tid, out var errno) is { } thread)
                {
                    _threads.Add(tid, thread);
                    thread.Interrupt();
                    found = true;
                }
                else
                {
                    RequireDead(sharer, tid, errno);
                }
            }
        }

        return found;
    }

    private void RequireDead(int sharer, int tid, int errno)
    {
        var directory = $"/proc/{sharer}/task/{tid}";
        if (ProcTask.Read(directory) is null or { IsDead: true })
        {
            return;
        }

        var tracer = ProcTask.Field(directory, "TracerPid");
        if (errno == Interop.Errno.EPERM && (tracer is null or "0" || Directory.Exists($"/proc/self/task/{tracer}")))
        {
            // A thread of ours that has just given up an attach is still on its way out.
            throw new AttachException(AttachFailure.Deadline, _pid, $"thread {tid} is still held by an attach that was given up");
        }

        throw tracer is null or "0"
            ? new AttachException(AttachFailure.Refused, _pid, new LinuxException("PTRACE_SEIZE", $"tid {tid}", errno).Message)
            : new AttachException(AttachFailure.Traced, _pid, $"thread {tid} is traced by process {tracer}; end the debugger first");
    }

    private void WaitForAll()
    {
        foreach (var thread in _threads.Values)
        {
            while (!thread.WaitForStop(new StopDeadline(TimeProvider.System, VforkLook)))
            {
                // A vfork parent sleeps in the kernel until its child calls exec. It is held all the same: the interrupt that
                // waits for it lets it run no instruction before we end.
                if (IsVforkParent(thread))
                {
                    break;
                }

                if (_deadline.HasPassed)
                {
                    throw new AttachException(AttachFailure.Deadline, _pid, $"thread {thread.Tid} did not stop within {StopDeadline.Limit.TotalMilliseconds} ms");
                }
            }
        }
    }

    private static bool IsVforkParent(TracedThread thread)
    {
        var directory = $"/proc/{thread.Pid}/task/{thread.Tid}";
        return ProcTask.Read(directory) is { State: 'D' } && SleepingCall.Of(directory) is { IsClone: true };
    }
}
