using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux.Tracking;

/// <summary>
/// After an attach no task of the container may hold our userfaultfd: CRIU would refuse the task in the stop, and its holder
/// could switch tracking off. All sharers were stopped, so only a fork that was half done can have a copy; it is closed there.
/// </summary>
internal static class HeldDescriptors
{
    /// <summary>Looks after which a copy that keeps coming back is reported: the container works against us.</summary>
    private const int MaxLooks = 4;

    /// <summary>Closes every copy of <paramref name="descriptor"/> in the container; throws <see cref="AttachException"/> when one stays.</summary>
    internal static void TakeBack(SafeFileHandle descriptor, int pid, IContainerProcesses container, TimeProvider time)
    {
        for (var look = 1; ; look++)
        {
            var held = Find(descriptor, container);
            if (held.Count == 0)
            {
                return;
            }

            if (look == MaxLooks)
            {
                throw new AttachException(AttachFailure.DescriptorKept, pid, $"process {held[0].Pid} ({ProcTask.Program(held[0].Pid)}) keeps a copy of the descriptor as its number {held[0].Number}");
            }

            foreach (var (holder, number) in held)
            {
                UserfaultAttach.CloseIn(holder, number, container, time);
            }
        }
    }

    private static List<(int Pid, int Number)> Find(SafeFileHandle descriptor, IContainerProcesses container)
    {
        var held = new List<(int, int)>();
        foreach (var pid in container.Pids())
        {
            foreach (var number in DescriptorLinks.Of(pid))
            {
                // The program's own userfaultfds have the same name; kcmp tells ours.
                if (DescriptorLinks.IsUserfaultfd($"/proc/{pid}/fd/{number}")
                    && Interop.SysCall(Interop.SYS_kcmp, Environment.ProcessId, pid, Interop.KCMP_FILE, descriptor.DangerousGetHandle(), number) == 0)
                {
                    held.Add((pid, number));
                }
            }
        }

        return held;
    }
}
