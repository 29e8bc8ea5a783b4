using System.Collections.Immutable;
using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>What a voter that wants to vote has to have done next. None of it is done twice by itself; after a failure all begins anew with <see cref="RecoveryEvent.Begun"/>.</summary>
public abstract record RecoveryAction
{
    private RecoveryAction()
    {
    }

    /// <summary>The TPM is asked where its counter stands.</summary>
    public sealed record ReadCounter : RecoveryAction;

    /// <summary>The TPM adds one.</summary>
    public sealed record Increment : RecoveryAction;

    /// <summary>Made durable.</summary>
    public sealed record Note(VoterMembership Membership) : RecoveryAction;

    /// <summary>All other voters are asked for their memory.</summary>
    public sealed record AskOthers : RecoveryAction;

    /// <summary>What others know is made durable.</summary>
    public sealed record TakeOver(ImmutableArray<ContainerBallots> Containers) : RecoveryAction;

    /// <summary>The voter votes from now on.</summary>
    public sealed record Vote : RecoveryAction;

    /// <summary>All begins anew a little later.</summary>
    public sealed record Wait(string Sentence) : RecoveryAction;
}

/// <summary>What has happened to it.</summary>
public abstract record RecoveryEvent
{
    private RecoveryEvent()
    {
    }

    /// <summary>The daemon has started, or it is time to try again or to count on.</summary>
    public sealed record Begun : RecoveryEvent;

    /// <summary>The counter, null when it was never incremented.</summary>
    public sealed record CounterRead(ulong? Value) : RecoveryEvent;

    /// <summary>It was incremented, to this.</summary>
    public sealed record Counted(ulong Value) : RecoveryEvent;

    /// <summary>What was to be written is on the disk.</summary>
    public sealed record Written : RecoveryEvent;

    /// <summary>What the others answered.</summary>
    public sealed record Heard(ImmutableArray<VoterReply.Memory> Others) : RecoveryEvent;
}
