using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>
/// What a voter writes to its disk before it answers. Its whole state is the fold of these, in order. The store keeps them for ever, apart from what a later
/// record made useless.
/// </summary>
public abstract record VoterRecord(ContainerName Container)
{
    /// <summary>A register was opened.</summary>
    public sealed record Opened(Registration Registration) : VoterRecord(Registration.Register.Container);

    /// <summary>A ballot was promised.</summary>
    public sealed record Promise(RegisterId Register, Ballot Ballot) : VoterRecord(Register.Container);

    /// <summary>A value was accepted.</summary>
    public sealed record Vote(RegisterId Register, Ballot Ballot, Verdict Value, HandOverToken? Token) : VoterRecord(Register.Container);

    /// <summary>A verdict was learned; the floor rises above it.</summary>
    public sealed record Closed(ClosedRegister Register) : VoterRecord(Register.Certificate.Register.Container);

    /// <summary>One party has the verdict on its own disk.</summary>
    public sealed record Acknowledged(RegisterId Register, HostName Party) : VoterRecord(Register.Container);

    /// <summary>On behalf of the operator a generation was promised: nothing of a lower one is taken for the verdict any more.</summary>
    public sealed record GenerationPromised(Registration Registration, int Generation) : VoterRecord(Registration.Register.Container);

    /// <summary>This host has consented to a resolution.</summary>
    public sealed record ResolutionConsented(Resolution Resolution) : VoterRecord(Resolution.Register.Container);

    /// <summary>A host was told the operator's verdict.</summary>
    public sealed record Told(RegisterId Register, HostName Host) : VoterRecord(Register.Container);

    /// <summary>A creator gave a name up before it proposed.</summary>
    public sealed record Withdrawn(RegisterId Register) : VoterRecord(Register.Container);

    /// <summary>The owner removed the container; the name is free from the next epoch on.</summary>
    public sealed record Released(ContainerName Name, long Epoch) : VoterRecord(Name);

    /// <summary>The whole of one container's state in one record; the only kind that compaction leaves.</summary>
    public sealed record Snapshot(ContainerBallots State) : VoterRecord(State.Container);
}
