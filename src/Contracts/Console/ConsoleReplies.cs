namespace ActorMigration.Contracts;

/// <summary>The command was not carried out and nothing was changed.</summary>
/// <param name="Failure">What scripts match on.</param>
/// <param name="Sentence">What the operator reads.</param>
public sealed record CommandRefused(MigrationFailure Failure, string Sentence) : IWire;

/// <summary>The container runs.</summary>
public sealed record ContainerStarted(HostName Host, ContainerStatus Status) : IWire;

/// <summary>The container is gone and its name is free.</summary>
public sealed record ContainerRemoved(ContainerName Container) : IWire;

/// <summary>One host's containers.</summary>
/// <param name="Host">The host.</param>
/// <param name="Reachable">False when the host did not answer.</param>
/// <param name="Containers">As found there; of a host that did not answer, what the voters know to be its own.</param>
public sealed record HostContainers(HostName Host, bool Reachable, ContainerStatus[] Containers) : IWire;

/// <summary>All members' containers.</summary>
public sealed record ClusterContainers(HostContainers[] Hosts) : IWire;

/// <summary>The attempt has begun; <see cref="ShowMigration"/> follows it.</summary>
public sealed record MigrationAccepted(AttemptId Attempt) : IWire;

/// <summary>The wish to cancel was taken; how the attempt ends is read with <see cref="ShowMigration"/>.</summary>
public sealed record CancelAccepted(AttemptId Attempt) : IWire;

/// <summary>Open attempts first, then ended ones, newest first, without rounds and spans.</summary>
public sealed record MigrationsListed(AttemptDetails[] Attempts) : IWire;

/// <summary>What one host can do, found by doing it.</summary>
/// <param name="Host">The host.</param>
/// <param name="Findings">In the order in which a reader would mend them; one that says so when the host did not answer.</param>
public sealed record HostExamined(HostName Host, DoctorFinding[] Findings) : IWire;

/// <summary>What each member can do, in name order.</summary>
public sealed record HostsExamined(HostExamined[] Hosts) : IWire;

/// <summary>What each reachable member carries.</summary>
/// <param name="Hosts">Those that could say, in name order.</param>
/// <param name="Unknown">Those that could not, and why.</param>
public sealed record LoadsListed(HostLoad[] Hosts, LoadUnknown[] Unknown) : IWire;
