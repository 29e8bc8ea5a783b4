using ActorMigration.Host.Linux.Containers;
using ActorMigration.Host.Linux.Criu;
using ActorMigration.Host.Linux.Tracking;

namespace ActorMigration.Host.Linux.Migration;

/// <summary>What a look at a running container finds that keeps it from being moved: asked by the survey of a move, and before one by a host that is drained.</summary>
internal static class MoveObstacles
{
    /// <summary>The first one, for the operator; null when none is seen.</summary>
    /// <param name="container">The container.</param>
    /// <param name="hazards">What <see cref="TrackingHazards"/> finds in its processes.</param>
    internal static string? Find(RuncContainer container, IReadOnlyList<TrackingHazard> hazards)
        => In(hazards) ?? (DumpObstacles.Find(container) is [var obstacle, ..] ? obstacle.Sentence : null);

    /// <summary>Of the hazards alone: all that there is to look for under the freeze, where CRIU has the last word on the rest.</summary>
    internal static string? In(IReadOnlyList<TrackingHazard> hazards)
        => hazards.FirstOrDefault(hazard => hazard.Kind is not (TrackingHazardKind.SharedMemory or TrackingHazardKind.SharedWritableFile))?.Sentence;
}
