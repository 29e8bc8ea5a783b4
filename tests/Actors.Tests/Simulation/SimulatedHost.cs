using System.Collections.Immutable;
using ActorMigration.Contracts;

namespace ActorMigration.Actors.Tests.Simulation;

/// <summary>What stands of the container on a host, whoever runs its daemon.</summary>
internal enum Tree
{
    None,
    Running,
    Frozen,
    Gated,
}

/// <summary>One host of a simulation: what survives a crash of its daemon, and the daemon's memory, which does not.</summary>
internal sealed class SimulatedHost(HostName name)
{
    public HostName Name { get; } = name;

    public Tree Tree { get; set; }

    public bool IsLost { get; set; }

    public bool IsUp { get; set; } = true;

    /// <summary>Counts the daemon's lives: what belongs to an earlier one is void.</summary>
    public int Life { get; set; }

    public JournalState Journal { get; set; } = JournalState.Empty;

    public ContainerBallots Ballots { get; set; } = ContainerBallots.Fresh(Simulation.Container);

    public Dictionary<AttemptId, SourceMigration> Sources { get; } = [];

    public Dictionary<AttemptId, DestinationMigration> Destinations { get; } = [];

    public Dictionary<AttemptId, Proposer> Proposers { get; } = [];

    public bool HasOpenAttempt => Sources.Count + Destinations.Count + Journal.Open.Count > 0;

    public void ForgetMemory()
    {
        Sources.Clear();
        Destinations.Clear();
        Proposers.Clear();
    }
}

/// <summary>Rules that are broken on purpose: the simulator must find each of them out.</summary>
internal enum Mutant
{
    None,
    SourceThawsOnTimeout,
    GateOpensWithoutVerdict,
    SourceKilledAtHandOver,
    VoterForgets,
    FrozenNotJournaled,
    ProposesWithDeadTree,
}
