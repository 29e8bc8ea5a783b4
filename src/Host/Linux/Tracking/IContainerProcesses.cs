namespace ActorMigration.Host.Linux.Tracking;

/// <summary>Which processes belong to a container. Asked at every round and during every attach, so it must be fast.</summary>
public interface IContainerProcesses
{
    /// <summary>Host pids of all processes that are in the container now, zombies allowed, in any order.</summary>
    IReadOnlyList<int> Pids();
}
