namespace ActorMigration.Contracts;

/// <summary>What a move is expected to cost.</summary>
/// <param name="StopSeconds">How long the container stands.</param>
/// <param name="Bytes">What crosses.</param>
/// <param name="Seconds">From the order to the end of the copy.</param>
public sealed record MoveCost(double StopSeconds, double Bytes, double Seconds);

/// <summary>One move of a plan.</summary>
/// <param name="Container">What is moved.</param>
/// <param name="From">From here.</param>
/// <param name="To">To there.</param>
/// <param name="Before">Imbalance before it, with the moves above it in the plan made.</param>
/// <param name="After">And after.</param>
/// <param name="Cost">Its price.</param>
public sealed record PlannedMove(ContainerName Container, HostName From, HostName To, double Before, double After, MoveCost Cost);

/// <summary>What the planner wants, in the order in which it is to be done.</summary>
/// <param name="Imbalance">As things are.</param>
/// <param name="Moves">Empty when nothing is worth its price.</param>
/// <param name="Sentence">Why these and no more.</param>
public sealed record BalancePlan(double Imbalance, PlannedMove[] Moves, string Sentence);
