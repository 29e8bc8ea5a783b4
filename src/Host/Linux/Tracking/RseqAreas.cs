namespace ActorMigration.Host.Linux.Tracking;

/// <summary>
/// Where the kernel itself writes into a process: the restartable-sequence area of each thread holds the number of the CPU it
/// runs on, and changes whenever the thread runs. <see cref="MemoryDigest"/> leaves it out.
/// </summary>
public static class RseqAreas
{
    /// <summary>Bytes that the kernel may write: cpu ids, the critical section pointer, flags, node and memory map ids.</summary>
    public const int Bytes = 28;

    /// <summary>
    /// Addresses of the areas of all threads, by holding the process for less than a millisecond. Called before the freeze (a
    /// task frozen by a version 1 cgroup cannot be traced); the addresses are the same at the destination.
    /// </summary>
    public static IReadOnlyList<ulong> Find(int pid, TimeProvider time)
        => UserfaultAttach.OnOwnThread(() =>
        {
            using var stopped = StoppedProcess.Stop(pid, new OneProcess(pid), time);
            return stopped.Threads.Select(thread => thread.RseqAddress()).Where(address => address != 0).ToArray();
        });

    private sealed class OneProcess(int pid) : IContainerProcesses
    {
        public IReadOnlyList<int> Pids() => [pid];
    }
}
