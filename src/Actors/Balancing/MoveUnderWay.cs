using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>A move that was ordered and has not ended, as the balancer tells the planner of it: it counts as made, and against the limits, and its container is not planned again.</summary>
/// <param name="Container">What is moved.</param>
/// <param name="From">From here.</param>
/// <param name="To">To there.</param>
public readonly record struct MoveUnderWay(ContainerName Container, HostName From, HostName To);
