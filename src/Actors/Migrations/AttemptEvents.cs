using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;

namespace ActorMigration.Actors;

/// <summary>What an attempt's state machine hears; made by its shell from messages, finished calls and timers.</summary>
public abstract record AttemptEvent
{
    /// <summary>A message of the other side.</summary>
    public sealed record Received(IAttemptMessage Message) : AttemptEvent;

    /// <summary>The shell is ready; the first event after start and after recovery.</summary>
    public sealed record Started : AttemptEvent;

    /// <summary>The operator wants the attempt to end.</summary>
    /// <param name="Why">Who, and that it is cancelled: the beginning of the sentence that is kept.</param>
    public sealed record CancelRequested(string Why = "the operator cancelled") : AttemptEvent;

    /// <summary>Source: the page stream broke.</summary>
    public sealed record StreamFailed(string Sentence) : AttemptEvent;

    /// <summary>A call of the port came back well; calls with a result have their own event.</summary>
    public sealed record CallDone(AttemptCall Call) : AttemptEvent;

    /// <summary>A call of the port failed.</summary>
    public sealed record CallFailed(AttemptCall Call, MigrationFailure Failure, string Sentence, bool Retryable = false) : AttemptEvent;

    /// <summary>Source: what is to be moved, and the digest of the attempt's key.</summary>
    public sealed record Surveyed(SourceSurvey Survey, byte[] KeyDigest) : AttemptEvent;

    /// <summary>Source: one round.</summary>
    public sealed record RoundDone(RoundReport Report) : AttemptEvent;

    /// <summary>Source: all has crossed.</summary>
    public sealed record FrozenCopied(FrozenCopy Copy) : AttemptEvent;

    /// <summary>Source: the token.</summary>
    public sealed record HandOverSigned(HandOverToken Token) : AttemptEvent;

    /// <summary>Destination: built and listening.</summary>
    public sealed record ResourcesReady(DataEndpoint Endpoint) : AttemptEvent;

    /// <summary>Destination: the tree stands at its gate.</summary>
    public sealed record Gated(GateReport Report) : AttemptEvent;

    /// <summary>Destination: whether the gated tree is alive, asked just before DEST is proposed.</summary>
    public sealed record TreeLooked(bool Alive) : AttemptEvent;

    /// <summary>Destination: every page is in its place.</summary>
    public sealed record FillDone(FillReport Report) : AttemptEvent;

    /// <summary>This host's quote.</summary>
    public sealed record QuoteMade(Evidence Evidence) : AttemptEvent;

    /// <summary>This host cannot quote.</summary>
    public sealed record QuoteFailed(string Sentence) : AttemptEvent;

    /// <summary>What the verifier says; an empty sentence means accepted.</summary>
    public sealed record EvidenceChecked(string Rejection) : AttemptEvent;

    /// <summary>What a majority of voters knows of the container, or null when none could be had.</summary>
    public sealed record FloorRead(FloorReading? Reading) : AttemptEvent;

    /// <summary>A majority has the register open, or why not.</summary>
    public sealed record RegisterAnswered(MigrationFailure Failure, string Sentence) : AttemptEvent;

    /// <summary>An entry is on the disk.</summary>
    public sealed record Journaled(JournalEntry Entry) : AttemptEvent;

    /// <summary>The disk failed; whether the entry is on it is not known.</summary>
    public sealed record JournalFailed(JournalEntry Entry, string Sentence) : AttemptEvent;

    /// <summary>A majority has promised this host's ballot.</summary>
    public sealed record PromisesHeld : AttemptEvent;

    /// <summary>This host's proposer has learned the verdict. Checked again here.</summary>
    public sealed record VerdictLearned(VerdictCertificate Certificate) : AttemptEvent;

    /// <summary>Source: somebody else has let the frozen copy run. It stands again.</summary>
    public sealed record CopyThawed(string Sentence) : AttemptEvent;

    /// <summary>A timer; late ones are recognised by the serial of the state that set them.</summary>
    public sealed record TimerFired(AttemptTimer Timer, int Serial) : AttemptEvent;
}

/// <summary>Calls of <see cref="ISourceAttempt"/> and <see cref="IDestinationAttempt"/>; at most one is out at any time.</summary>
public enum AttemptCall
{
    /// <summary>No call is out.</summary>
    None,
    Survey,
    Connect,
    RunRound,
    Freeze,
    Unplug,
    CopyFrozen,
    SignHandOver,
    PlugAndThaw,
    Kill,
    Prepare,
    ClaimAddress,
    RestoreToGate,
    OpenGate,
    KillGated,
    AwaitFill,
    Clean,
}

/// <summary>Timers of an attempt.</summary>
public enum AttemptTimer
{
    /// <summary>Send again what may have been lost.</summary>
    Resend,

    /// <summary>Before the freeze: the other side has been silent too long.</summary>
    Patience,

    /// <summary>Source, after the freeze: propose SOURCE.</summary>
    StopDeadline,

    /// <summary>Make a failed call again, after the verdict.</summary>
    Retry,
}
