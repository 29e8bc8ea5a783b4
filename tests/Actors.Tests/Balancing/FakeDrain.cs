using ActorMigration.Contracts;

namespace ActorMigration.Actors.Tests;

/// <summary>A host's mark that it is drained, on a disk that may be full.</summary>
internal sealed class FakeDrain : IDrainMark
{
    public bool IsFull { get; set; }

    public DrainCause Cause { get; private set; }

    public void Set(DrainCause cause) => Cause = IsFull ? throw new AttemptException(MigrationFailure.Internal, "the disk is full") : cause;
}
