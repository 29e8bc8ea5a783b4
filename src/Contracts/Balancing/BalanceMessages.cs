namespace ActorMigration.Contracts;

/// <summary>Operator to console, then to the host that balances. Answer: <see cref="BalanceStatus"/> or <see cref="CommandRefused"/>.</summary>
public sealed record SetBalanceMode(BalanceMode Mode) : IWire;

/// <summary>Operator to console, then to the host that balances. Answer: <see cref="BalanceStatus"/> or <see cref="CommandRefused"/>.</summary>
public sealed record AskBalance : IWire;

/// <summary>Operator to console, then to the host that balances: look at all hosts now, and say what is to be done. Answer: <see cref="BalanceSeen"/> or <see cref="CommandRefused"/>.</summary>
public sealed record LookNow : IWire;

/// <summary>Operator to console, then to the host that balances: make the moves that its last decision only said. Answer: <see cref="BalanceSeen"/> or <see cref="CommandRefused"/>.</summary>
/// <param name="Round">Of the decision that the operator has read; another one by now is not made. 0 for whatever is the last.</param>
public sealed record ApplyPlan(long Round) : IWire;

/// <summary>Operator to console, then to the host that balances. Answer: <see cref="MoveExplained"/> or <see cref="CommandRefused"/>.</summary>
/// <param name="Move">Id of a <see cref="DecidedMove"/>.</param>
public sealed record AskMove(string Move) : IWire;

/// <summary>The host that balances asks every other one's balancer for the newest mode that it knows. Answer: <see cref="BalanceModeSet"/>.</summary>
public sealed record AskBalanceMode : IWire;

/// <summary>Balancer to the migrations actor of the container's host: move it, if it is still the one that was planned for. Answers as to <see cref="MigrateContainer"/>.</summary>
/// <param name="Order">The move.</param>
/// <param name="Fence">Of the container when it was planned; another one by now means that it has been moved since.</param>
public sealed record MoveAsPlanned(MigrateContainer Order, Fence Fence) : IWire;

/// <summary>Operator to console, then to the balancer of the host itself: take no containers from now on, or take them again. Answer: <see cref="HostDrained"/> or <see cref="CommandRefused"/>.</summary>
/// <param name="Host">The host.</param>
/// <param name="Drain">Whether it is to take none.</param>
/// <param name="ForShutdown">It is drained because it goes down, or takes containers again because it came up: that ends a drain for a shutdown only, and not one that the operator wants to last.</param>
public sealed record DrainHost(HostName Host, bool Drain, bool ForShutdown) : IWire;

/// <summary>The host keeps to it, also after a restart.</summary>
/// <param name="Host">The host.</param>
/// <param name="Drains">True while it takes no containers.</param>
/// <param name="Changed">False when it was so before.</param>
public sealed record HostDrained(HostName Host, bool Drains, bool Changed) : IWire;

/// <summary>How far a move is.</summary>
/// <param name="Move">The move.</param>
/// <param name="Attempt">Its attempt; null before it has one.</param>
/// <param name="Outcome">Open until it has ended.</param>
/// <param name="EndedUnixMs">0 before.</param>
/// <param name="Sentence">Why it did not move the container; empty otherwise.</param>
public sealed record MoveStanding(DecidedMove Move, AttemptId? Attempt, AttemptOutcome Outcome, long EndedUnixMs, string Sentence);

/// <summary>One host as the balancer saw it last.</summary>
/// <param name="Host">The host.</param>
/// <param name="Standing">Whether it takes containers.</param>
/// <param name="Used">All that is used there.</param>
/// <param name="Capacity">All that it has.</param>
/// <param name="Pressure">Share of time in which something waited.</param>
/// <param name="Containers">How many run there.</param>
public sealed record HostSeen(HostName Host, HostStanding Standing, Resources Used, Resources Capacity, double Pressure, int Containers);

/// <summary>What one look has shown.</summary>
public sealed record BalanceSeen(BalanceDecision Decision) : IWire;

/// <summary>How the cluster is balanced.</summary>
/// <param name="By">The host that balances.</param>
/// <param name="Mode">What was said last.</param>
/// <param name="Policy">In force there.</param>
/// <param name="IntervalMs">Between two looks.</param>
/// <param name="Last">Its last decision; null before the first look.</param>
/// <param name="Hosts">As it saw them then.</param>
/// <param name="Moves">Those under way, then the last ones that ended.</param>
public sealed record BalanceStatus(HostName By, BalanceModeSet Mode, BalancePolicy Policy, int IntervalMs, BalanceDecision? Last, HostSeen[] Hosts, MoveStanding[] Moves) : IWire;

/// <summary>Everything about one move.</summary>
/// <param name="Standing">How far it is.</param>
/// <param name="Decision">The decision that it is of.</param>
public sealed record MoveExplained(MoveStanding Standing, BalanceDecision Decision) : IWire;
