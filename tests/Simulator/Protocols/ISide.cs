using System.Collections.Immutable;
using ActorMigration.Actors;
using ActorMigration.Contracts;

namespace ActorMigration.Simulator;

/// <summary>One side of one attempt in a daemon's memory.</summary>
internal interface ISide
{
    AttemptRole Role { get; }

    /// <summary>The state's number, for the coverage and for the order of states.</summary>
    int State { get; }

    string StateName { get; }

    Fence Fence { get; }

    HostName Other { get; }

    Registration? Registration { get; }

    /// <summary>The only way a side changes.</summary>
    ImmutableArray<AttemptAction> Step(AttemptEvent happened, DateTimeOffset now);

    AttemptDetails Details();
}

/// <summary>How the two sides of a hand-over behave: the production machines, or another protocol to compare with.</summary>
internal interface IProtocol
{
    /// <summary>True when a register decides, so that the invariants of a register are checked.</summary>
    bool HasRegister { get; }

    ISide NewSource(AttemptId attempt, SimulatedHost source, HostName destination);

    ISide NewDestination(OfferMigration offer, SimulatedHost destination);

    /// <summary>After a restart of the daemon.</summary>
    ISide Recovered(OpenAttempt open, SimulatedHost host);
}
