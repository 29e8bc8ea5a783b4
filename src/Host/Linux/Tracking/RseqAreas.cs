namespace ActorMigration.Host.Linux.Tracking;

/// <summary>
/// Where the kernel itself writes into a process: the restartable-sequence area of each thread holds the number of the CPU it
/// runs on, and changes whenever the thread runs. <see cref="MemoryDigest"/> leaves it out.
/// </summary>
public static class RseqAreas
{
    /// <summary>Bytes that the kernel may write: cpu ids, the critical section pointer, flags, node and memory map ids.</summary>
    public const int Bytes = 28;

    /// <summary>On a host where a thread may wait for its turn for longer than <see cref="StopDeadline.Limit"/>, or for a child of vfork: some seconds, while the container runs on.</summary>
    private const int MaxTries = 20;

    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// Addresses of the areas of all threads, by holding the process for less than a millisecond. Called before the freeze (a
    /// task frozen by a version 1 cgroup cannot be traced); the addresses are the same at the destination.
    /// </summary>
    public static IReadOnlyList<ulong> Find(int pid, TimeProvider time) => Retried(() => FindOnce(pid, time));

    /// <summary>A thread that did not stop in time was let go again and has lost nothing but that: tried again.</summary>
    internal static ulong[] Retried(Func<ulong[]> find)
    {
        using var pause = new ManualResetEventSlim();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return find();
            }
            catch (AttachException e) when (e.Failure is AttachFailure.Deadline or AttachFailure.NoThread && attempt < MaxTries)
            {
                pause.Wait(BetweenTries);
            }
        }
    }

    private static ulong[] FindOnce(int pid, TimeProvider time)
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
