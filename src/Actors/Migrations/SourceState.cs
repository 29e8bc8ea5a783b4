using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>Steps of the source inside the six phases, in their order.</summary>
public enum SourceState
{
    /// <summary>Asks the voters who owns the container and which fence is next.</summary>
    ReadingFloor,

    /// <summary>Looks what is to be moved.</summary>
    Surveying,

    /// <summary>The offer is out.</summary>
    Offering,

    /// <summary>Checks the destination's evidence.</summary>
    CheckingDestination,

    /// <summary>Has its TPM quote.</summary>
    Quoting,

    /// <summary>Its evidence is out.</summary>
    AwaitingAcceptance,

    /// <summary>BEGIN is on the way to the disk.</summary>
    JournalingBegun,

    /// <summary>BEGIN is on the way to a majority.</summary>
    Registering,

    /// <summary>The order to prepare is out.</summary>
    AwaitingResources,

    /// <summary>Opens the data sockets.</summary>
    Connecting,

    /// <summary>Rounds.</summary>
    Copying,

    /// <summary>Rounds go on; fresh evidence of the destination is awaited.</summary>
    AgreeingStop,

    /// <summary>Rounds go on; the destination's fresh evidence is being checked.</summary>
    RecheckingDestination,

    /// <summary>Rounds go on; the own fresh quote is being made.</summary>
    Requoting,

    /// <summary>Rounds go on; the destination's consent is awaited.</summary>
    AwaitingConsent,

    /// <summary>FROZEN is on the way to the disk.</summary>
    JournalingFrozen,

    /// <summary>Tasks are being stopped.</summary>
    Freezing,

    /// <summary>The port is being taken out.</summary>
    Unplugging,

    /// <summary>The rest crosses.</summary>
    CopyingFrozen,

    /// <summary>Manifest and token are being signed.</summary>
    Signing,

    /// <summary>Only the register leaves this state.</summary>
    AwaitingVerdict,

    /// <summary>The verdict is on the way to the disk.</summary>
    JournalingVerdict,

    /// <summary>SOURCE: port in, tasks run.</summary>
    Thawing,

    /// <summary>DEST: the frozen copy is killed.</summary>
    Killing,

    /// <summary>DEST: the destination's word that it runs is awaited, before files go.</summary>
    AwaitingRunning,

    /// <summary>What the attempt has on this host goes.</summary>
    Cleaning,

    /// <summary>Given up before the freeze: what the attempt has on this host goes; the container runs.</summary>
    Aborting,

    /// <summary>Given up before the freeze: the register is closed with SOURCE, however long that takes; the container runs.</summary>
    ClosingRegister,

    /// <summary>The last entry is on the way to the disk.</summary>
    JournalingEnded,

    /// <summary>Nothing is left to do.</summary>
    Ended,
}

/// <summary>Which phase a step belongs to.</summary>
public static class SourceStates
{
    /// <summary>The phase shown to the operator.</summary>
    public static Phase Phase(this SourceState state) => state switch
    {
        <= SourceState.AwaitingAcceptance => Contracts.Phase.Attest,
        <= SourceState.Connecting => Contracts.Phase.PrepareResources,
        <= SourceState.AwaitingConsent => Contracts.Phase.PreCopy,
        <= SourceState.AwaitingVerdict => Contracts.Phase.StopAndCopy,
        <= SourceState.Killing => Contracts.Phase.Resume,
        _ => Contracts.Phase.Teardown,
    };

    /// <summary>True while the container was never stopped by this attempt.</summary>
    public static bool IsBeforeFreeze(this SourceState state) => state <= SourceState.AwaitingConsent;

    /// <summary>True from the journal's FROZEN until the verdict is known.</summary>
    public static bool IsStopped(this SourceState state) => state is >= SourceState.JournalingFrozen and <= SourceState.AwaitingVerdict;
}
