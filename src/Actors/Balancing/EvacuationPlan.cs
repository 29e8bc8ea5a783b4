using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>How hosts that are drained are emptied.</summary>
/// <param name="Moves">What can be ordered now, shortest predicted stop first.</param>
/// <param name="Stuck">What cannot be moved by anybody, and why.</param>
/// <param name="Waiting">How many can be moved but not yet: other moves are under way, or the last try is too recent.</param>
public sealed record EvacuationPlan(PlannedMove[] Moves, StuckContainer[] Stuck, int Waiting);
