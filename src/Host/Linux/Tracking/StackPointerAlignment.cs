using ActorMigration.Contracts.Memory;

namespace ActorMigration.Host.Linux.Tracking;

/// <summary>
/// A thread whose stack pointer is at a page border makes CRIU 4.2.1 carry every page of its process in the stop (its
/// is_stack takes an empty range for all), so the stop grows with memory. Asked under the freeze: the caller thaws for a
/// moment and freezes again when there is one.
/// </summary>
public static class StackPointerAlignment
{
    /// <summary>The threads of these frozen host pids that stand at a page border. Throws <see cref="InvalidOperationException"/> when one still runs.</summary>
    public static IReadOnlyList<(int Pid, int Tid)> FindAligned(IEnumerable<int> pids)
    {
        var aligned = new List<(int, int)>();
        foreach (var pid in pids)
        {
            foreach (var tid in ProcTask.Threads(pid))
            {
                var directory = $"/proc/{pid}/task/{tid}";
                if (ProcTask.Read(directory) is null or { IsDead: true })
                {
                    continue;
                }

                var call = SleepingCall.Of(directory)
                    ?? throw new InvalidOperationException($"thread {tid} of process {pid} ({ProcTask.Program(pid)}) runs: the container is not frozen");
                if (call.StackPointer != 0 && call.StackPointer % PageSize.Bytes == 0)
                {
                    aligned.Add((pid, tid));
                }
            }
        }

        return aligned;
    }
}
