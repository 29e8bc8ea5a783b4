using ActorMigration.Contracts.Memory;

namespace ActorMigration.Host.Linux.Tracking;

/// <summary>Memory of a frozen process could not be read: the attempt must be aborted and the container thawed.</summary>
public sealed class PagesOwedException(ProcessKey process, int pid, IReadOnlyList<OwedRange> ranges)
    : Exception($"memory of process {process} (host pid {pid}, {ProcTask.Program(pid)}) cannot be carried: {ranges[0]}{(ranges.Count > 1 ? $" and {ranges.Count - 1} more ranges" : "")}; the container must run on here")
{
    public ProcessKey Process { get; } = process;

    public int Pid { get; } = pid;

    /// <summary>Never empty.</summary>
    public IReadOnlyList<OwedRange> Ranges { get; } = ranges;
}
