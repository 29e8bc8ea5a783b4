using ActorMigration.Contracts.Memory;

namespace ActorMigration.Host.Linux.Tracking;

/// <summary>One address space of the container and what was sent of it. Owned by <see cref="ContainerTracker"/>.</summary>
internal sealed class TrackedProcess(ProcessKey key, int pid, ulong startTime) : IDisposable
{
    internal ProcessKey Key { get; } = key;

    /// <summary>Host pid; with <see cref="StartTime"/> it never means another process.</summary>
    internal int Pid { get; } = pid;

    internal ulong StartTime { get; } = startTime;

    internal PageVersions Versions { get; } = new();

    /// <summary>What earlier rounds could not send.</summary>
    internal List<OwedRange> Owed { get; set; } = [];

    /// <summary>Null while the process is not tracked.</summary>
    internal Userfault? Userfault { get; set; }

    /// <summary>Why it is not tracked; null before the first try and while it is.</summary>
    internal AttachException? Failure { get; set; }

    /// <summary>True when another attach could succeed.</summary>
    internal bool MayAttach => Userfault is null && Failure?.Failure is null or AttachFailure.Deadline or AttachFailure.NoThread or AttachFailure.Gone;

    public void Dispose() => Userfault?.Dispose();
}
