namespace ActorMigration.Host.Linux.Tracking;

/// <summary>Which processes have their memory in common (clone with CLONE_VM; above all a vfork child before its exec).</summary>
internal static class AddressSpaces
{
    internal static bool AreSame(int pid, int other)
        => Interop.SysCall(Interop.SYS_kcmp, pid, other, Interop.KCMP_VM) == 0;

    /// <summary>Two live processes with one address space, or null. kcmp orders as well as it compares, so this is one sort.</summary>
    internal static (int First, int Second)? FindShared(IEnumerable<int> livePids)
    {
        var ordered = livePids.ToArray();
        Array.Sort(ordered, Compare);
        for (var i = 1; i < ordered.Length; i++)
        {
            if (AreSame(ordered[i - 1], ordered[i]))
            {
                return (Math.Min(ordered[i - 1], ordered[i]), Math.Max(ordered[i - 1], ordered[i]));
            }
        }

        return null;
    }

    /// <summary>True when a thread of the process waits in the kernel for its vfork child.</summary>
    internal static bool IsInVfork(int pid)
        => ProcTask.Threads(pid).Any(tid => SleepingCall.Of($"/proc/{pid}/task/{tid}") is { IsClone: true });

    private static int Compare(int pid, int other)
        => (int)Interop.SysCall(Interop.SYS_kcmp, pid, other, Interop.KCMP_VM) switch
        {
            0 => 0,
            1 => -1,
            2 => 1,
            _ => throw LinuxException.FromLastError("kcmp", $"processes {pid} and {other}"),
        };
}
