namespace ActorMigration.Contracts;

/// <summary>Operator to console; the console sends it on to the containers actor of the host. Answer: <see cref="ContainerStarted"/> or <see cref="CommandRefused"/>.</summary>
/// <param name="Spec">What to run.</param>
/// <param name="Host">Where.</param>
public sealed record RunContainer(ContainerSpec Spec, HostName Host) : IWire;

/// <summary>Operator to console, or console to a host's containers actor. Answers: <see cref="ClusterContainers"/> and <see cref="HostContainers"/>.</summary>
public sealed record ListContainers : IWire;

/// <summary>Operator to console, then to the owner. Answer: <see cref="ContainerRemoved"/> or <see cref="CommandRefused"/>.</summary>
/// <param name="Container">The container.</param>
/// <param name="GraceMs">Between the stop signal and KILL.</param>
public sealed record RemoveContainer(ContainerName Container, int GraceMs) : IWire;

/// <summary>Operator to console, then to the owner's migrations actor: move the container while it runs. Answer: <see cref="MigrationAccepted"/> or <see cref="CommandRefused"/>.</summary>
public sealed record MigrateContainer(ContainerName Container, HostName To, MigrationPolicy Policy) : IWire;

/// <summary>
/// Operator to console, then to the source. Before the freeze the attempt is given up; after it the source proposes SOURCE and the register decides.
/// Answer: <see cref="CancelAccepted"/> or <see cref="CommandRefused"/>.
/// </summary>
public sealed record CancelMigration(AttemptId Attempt) : IWire;

/// <summary>Operator to console, or console to a host's migrations actor: open and ended attempts. Answer: <see cref="MigrationsListed"/>.</summary>
public sealed record ListMigrations : IWire;

/// <summary>Operator to console, or console to a host's migrations actor. Answer: <see cref="AttemptDetails"/> or <see cref="CommandRefused"/>.</summary>
public sealed record ShowMigration(AttemptId Attempt) : IWire;

/// <summary>Operator to console: what all reachable members can do, or one of them. Answer: <see cref="HostsExamined"/> or <see cref="CommandRefused"/>.</summary>
/// <param name="Only">The one host; null for all.</param>
public sealed record ExamineHosts(HostName? Only) : IWire;

/// <summary>Console to a host's doctor actor: examine the host you are on. Answer: <see cref="HostExamined"/>.</summary>
public sealed record ExamineHost : IWire;

/// <summary>Operator to console: the load of all reachable members. Answer: <see cref="LoadsListed"/>.</summary>
public sealed record ListLoads : IWire;
