using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>What a proposer hears.</summary>
public abstract record ProposerEvent
{
    /// <summary>Have a ballot promised by a majority, propose nothing yet (before the freeze).</summary>
    public sealed record SeekPromises : ProposerEvent;

    /// <summary>Propose a value; with the token when it is DEST of a migration.</summary>
    public sealed record Propose(Verdict Value, HandOverToken? Token) : ProposerEvent;

    /// <summary>The ballot is on the disk and may be used.</summary>
    public sealed record BallotWritten(long Counter) : ProposerEvent;

    /// <summary>The disk failed: this ballot is never used.</summary>
    public sealed record BallotFailed(long Counter) : ProposerEvent;

    /// <summary>A voter's reply to what was asked under this ballot.</summary>
    public sealed record Replied(HostName Voter, Ballot Ballot, VoterReply Reply) : ProposerEvent;

    /// <summary>No reply of this voter to what was asked under this ballot, in that phase.</summary>
    public sealed record NoReply(HostName Voter, Ballot Ballot, ProposerState Phase) : ProposerEvent;

    /// <summary>The back-off after this ballot is over.</summary>
    public sealed record RetryDue(long AfterCounter) : ProposerEvent;
}

/// <summary>What a proposer wants done.</summary>
public abstract record ProposerAction
{
    /// <summary>Write the counter to the journal, then say <see cref="ProposerEvent.BallotWritten"/>, or <see cref="ProposerEvent.BallotFailed"/>.</summary>
    public sealed record WriteBallot(long Counter) : ProposerAction;

    /// <summary>Ask a voter; exactly one reply or no-reply comes back with this ballot and phase, <see cref="ProposerState.Preparing"/> or <see cref="ProposerState.Accepting"/>.</summary>
    public sealed record Ask(HostName Voter, Ballot Ballot, ProposerState Phase, VoterRequest Request) : ProposerAction;

    /// <summary>Say <see cref="ProposerEvent.RetryDue"/> after a back-off that grows with the number of failures and is jittered, so that two proposers part.</summary>
    public sealed record BackOff(long AfterCounter, int Failures) : ProposerAction;

    /// <summary>A majority has promised; nothing is proposed yet.</summary>
    public sealed record PromisesHeld : ProposerAction;

    /// <summary>The register has decided; the certificate is checked.</summary>
    public sealed record Decided(VerdictCertificate Certificate) : ProposerAction;
}
