using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>Steps of the destination inside the six phases, in their order.</summary>
public enum DestinationState
{
    /// <summary>Has its TPM quote over the offer.</summary>
    Quoting,

    /// <summary>Its evidence is out; the source's is awaited.</summary>
    AwaitingSourceEvidence,

    /// <summary>Checks the source's evidence.</summary>
    CheckingSource,

    /// <summary>The order to prepare is awaited.</summary>
    AwaitingOrder,

    /// <summary>BEGIN is on the way to the disk.</summary>
    JournalingBegun,

    /// <summary>Reserves and builds.</summary>
    Preparing,

    /// <summary>Pages come; the word that the stop is near is awaited.</summary>
    Receiving,

    /// <summary>Pages come; a majority's promise and an own fresh quote are sought.</summary>
    Promising,

    /// <summary>Pages come; the source's fresh evidence is awaited.</summary>
    AwaitingFreshEvidence,

    /// <summary>Pages come; the source's fresh evidence is being checked.</summary>
    RecheckingSource,

    /// <summary>The stop is agreed; the hand-over is awaited.</summary>
    AwaitingHandOver,

    /// <summary>Restores to the gate.</summary>
    Restoring,

    /// <summary>PREPARED is on the way to the disk.</summary>
    JournalingPrepared,

    /// <summary>Looks whether the gated tree is alive.</summary>
    LookingAtTree,

    /// <summary>PROPOSED is on the way to the disk.</summary>
    JournalingProposed,

    /// <summary>DEST is proposed: only the register leaves this state.</summary>
    Deciding,

    /// <summary>The verdict is on the way to the disk.</summary>
    JournalingVerdict,

    /// <summary>DEST: the gate is being opened.</summary>
    OpeningGate,

    /// <summary>The gated tree, or whatever there is of it, is being killed: on SOURCE, or when this side never proposed.</summary>
    KillingGated,

    /// <summary>DEST: pages are being filled in.</summary>
    Filling,

    /// <summary>What the attempt has on this host goes.</summary>
    Cleaning,

    /// <summary>Given up without having proposed: NEVER is on the way to the disk.</summary>
    JournalingNever,

    /// <summary>The last entry is on the way to the disk.</summary>
    JournalingEnded,

    /// <summary>Nothing is left to do.</summary>
    Ended,
}

/// <summary>Which phase a step belongs to.</summary>
public static class DestinationStates
{
    /// <summary>The phase shown to the operator.</summary>
    public static Phase Phase(this DestinationState state) => state switch
    {
        <= DestinationState.CheckingSource => Contracts.Phase.Attest,
        <= DestinationState.Preparing => Contracts.Phase.PrepareResources,
        <= DestinationState.RecheckingSource => Contracts.Phase.PreCopy,
        <= DestinationState.Deciding => Contracts.Phase.StopAndCopy,
        <= DestinationState.KillingGated => Contracts.Phase.Resume,
        _ => Contracts.Phase.Teardown,
    };

    /// <summary>True while this side has not proposed DEST and may still say that it never will.</summary>
    public static bool MayGiveUp(this DestinationState state) => state <= DestinationState.LookingAtTree;
}
