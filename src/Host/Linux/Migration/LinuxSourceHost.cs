using ActorMigration.Actors;
using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Containers;

namespace ActorMigration.Host.Linux.Migration;

/// <summary>Opens attempts for containers that leave this host.</summary>
internal sealed class LinuxSourceHost(LinuxNode node) : ISourceHost
{
    public ISourceAttempt Open(AttemptId attempt, ContainerName container, Fence fence, bool verifyMemory)
    {
        var record = ContainerRecord.Load(node.StateDirectory, container);
        return record is null || record.Fence > fence
            ? throw new AttemptException(MigrationFailure.UnknownContainer, record is null
                ? $"container {container} is not on this host"
                : $"container {container} is here at {record.Fence}, newer than attempt {attempt} at {fence}")
            : new LinuxSourceAttempt(node, attempt, record, fence, verifyMemory);
    }

    /// <summary>
    /// As opened: every call looks at what is there first, and of an earlier daemon's streams and keys nothing is left. A container that is gone was
    /// removed by this attempt, whose journal has not come to say so.
    /// </summary>
    public ISourceAttempt Adopt(AttemptId attempt, ContainerName container, Fence fence)
    {
        var record = ContainerRecord.Load(node.StateDirectory, container);
        return record is null || record.Fence > fence
            ? new DepartedSource(node, container, fence, hasRecord: record is not null)
            : new LinuxSourceAttempt(node, attempt, record, fence, verifyMemory: false);
    }

    public bool CopyStands(ContainerName container)
        => ContainerRecord.Load(node.StateDirectory, container) is { State: not ContainerState.Gated, InitIsAlive: true };

    public bool CopyRuns(ContainerName container)
        => ContainerRecord.Load(node.StateDirectory, container) is { State: not ContainerState.Gated, InitIsAlive: true } record && node.Layout.Open(record.CgroupsPath) is { Exists: true, IsFrozen: false };
}
