using ActorMigration.Actors;
using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Containers;

namespace ActorMigration.Host.Linux.Migration;

/// <summary>Opens attempts for containers that leave this host.</summary>
internal sealed class LinuxSourceHost(LinuxNode node) : ISourceHost
{
    public ISourceAttempt Open(AttemptId attempt, ContainerName container, Fence fence, bool verifyMemory) => Create(attempt, container, fence, verifyMemory);

    public ISourceAttempt Adopt(AttemptId attempt, ContainerName container, Fence fence) => Create(attempt, container, fence, verifyMemory: false);

    /// <summary>The same for both: every call looks at what is there first, and of an earlier daemon's streams and keys nothing is left.</summary>
    private LinuxSourceAttempt Create(AttemptId attempt, ContainerName container, Fence fence, bool verifyMemory)
    {
        var record = ContainerRecord.Load(node.StateDirectory, container);
        return record is null || record.Fence > fence
            ? throw new AttemptException(MigrationFailure.UnknownContainer, record is null
                ? $"container {container} is not on this host"
                : $"container {container} is here at {record.Fence}, newer than attempt {attempt} at {fence}")
            : new LinuxSourceAttempt(node, attempt, record, fence, verifyMemory);
    }
}
