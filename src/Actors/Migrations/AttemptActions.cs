using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;

namespace ActorMigration.Actors;

/// <summary>What an attempt's state machine wants done; its shell does it and reports back with an <see cref="AttemptEvent"/>.</summary>
public abstract record AttemptAction
{
    /// <summary>Tell the other side.</summary>
    public sealed record Send(IAttemptMessage Message) : AttemptAction;

    /// <summary>Make a call of the port that takes nothing but what the shell has.</summary>
    public sealed record Call(AttemptCall What) : AttemptAction;

    /// <summary>Cancel the call that is out; it still comes back.</summary>
    public sealed record CancelCall : AttemptAction;

    /// <summary>Source: open the data sockets.</summary>
    public sealed record Connect(DataEndpoint Endpoint) : AttemptAction;

    /// <summary>Source: one pre-copy round.</summary>
    public sealed record RunRound(int Round) : AttemptAction;

    /// <summary>Source: sign manifest and token.</summary>
    public sealed record SignHandOver(Manifest Manifest, byte[] DestinationKeyDigest) : AttemptAction;

    /// <summary>Destination: reserve and build.</summary>
    public sealed record Prepare(PrepareOrder Order) : AttemptAction;

    /// <summary>Destination: restore.</summary>
    public sealed record RestoreToGate(Manifest Manifest) : AttemptAction;

    /// <summary>Destination: say whether the gated tree is alive.</summary>
    public sealed record LookAtTree : AttemptAction;

    /// <summary>Destination, with a verdict: let the tasks run.</summary>
    public sealed record OpenGate(VerdictCertificate Certificate) : AttemptAction;

    /// <summary>Source, whose host an operator said was off: see that no copy stands here, in the place of the call <see cref="AttemptCall.Kill"/>.</summary>
    public sealed record RefuseCopy : AttemptAction;

    /// <summary>Destination, whose host an operator said was off when he took the container for lost: see that no tree stands here, in the place of the call <see cref="AttemptCall.KillGated"/>.</summary>
    public sealed record RefuseTree : AttemptAction;

    /// <summary>Wipe what the attempt has on this host.</summary>
    public sealed record Clean(Verdict Verdict) : AttemptAction;

    /// <summary>Have the host's TPM quote over this binding.</summary>
    public sealed record Quote(AttestationBinding Binding, bool StopPhase) : AttemptAction;

    /// <summary>Verify the other side's evidence.</summary>
    public sealed record CheckEvidence(Evidence Evidence, HostName Host, AttestationBinding Binding, DateTimeOffset ChallengedAt) : AttemptAction;

    /// <summary>Ask the voters for the container's floor.</summary>
    public sealed record ReadFloor : AttemptAction;

    /// <summary>Source: sign the registration, give it back by <see cref="AttemptEvent.Journaled"/> of its BEGIN entry.</summary>
    public sealed record JournalBegun(AttemptRole Role, Registration Registration) : AttemptAction;

    /// <summary>Open the register at a majority.</summary>
    public sealed record OpenRegister(Registration Registration) : AttemptAction;

    /// <summary>Write to the journal.</summary>
    public sealed record Journal(JournalEntry Entry) : AttemptAction;

    /// <summary>Write that the attempt has ended, with its details.</summary>
    public sealed record JournalEnded : AttemptAction;

    /// <summary>Destination: phase 1, before the freeze.</summary>
    public sealed record SeekPromises : AttemptAction;

    /// <summary>Propose until the register has decided.</summary>
    public sealed record Propose(Verdict Value, HandOverToken? Token) : AttemptAction;

    /// <summary>Tell the voters that the verdict is on this host's disk.</summary>
    public sealed record Acknowledge(VerdictCertificate Certificate) : AttemptAction;

    /// <summary>Source, given its container back: say on the segment again that the address is here, for the destination has claimed it since.</summary>
    public sealed record AnnounceAgain : AttemptAction;

    /// <summary>Set a timer; it replaces an older one of its kind.</summary>
    public sealed record StartTimer(AttemptTimer Timer, TimeSpan After, int Serial) : AttemptAction;

    /// <summary>The event was expected by nobody in this state, and why that is harmless. For the log.</summary>
    public sealed record Ignore(string Reason) : AttemptAction;

    /// <summary>Something that no honest run can produce. For the log, loudly; nothing is changed.</summary>
    public sealed record Alarm(string Sentence) : AttemptAction;

    /// <summary>The attempt's actor may end.</summary>
    public sealed record End : AttemptAction;
}
