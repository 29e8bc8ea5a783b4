using ActorMigration.Contracts;

namespace ActorMigration.Actors.Tests.Simulation;

/// <summary>Something that will happen, now or late or never.</summary>
internal abstract record Pending
{
    /// <summary>The daemon whose memory holds it; null for what is on the wire.</summary>
    public SimulatedHost? Owner { get; init; }

    public sealed record Message(SimulatedHost From, SimulatedHost To, IAttemptMessage Body) : Pending;

    public sealed record Call(AttemptId Attempt, AttemptAction Action) : Pending;

    public sealed record Write(AttemptId Attempt, JournalEntry Entry, bool ForProposer) : Pending;

    public sealed record Timer(AttemptId Attempt, AttemptEvent.TimerFired Event) : Pending;

    public sealed record Local(AttemptId Attempt, AttemptEvent Event) : Pending;

    public sealed record Request(SimulatedHost From, AttemptId Attempt, int Life, SimulatedHost Voter, Ballot Ballot, VoterRequest Body, bool IsOrphan) : Pending;

    public sealed record Reply(SimulatedHost To, AttemptId Attempt, int Life, HostName Voter, Ballot Ballot, VoterReply Body) : Pending;

    public sealed record Retry(SimulatedHost Host, AttemptId Attempt, long AfterCounter) : Pending;
}
