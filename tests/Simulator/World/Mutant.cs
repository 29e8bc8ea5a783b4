namespace ActorMigration.Simulator;

/// <summary>Rules that are broken on purpose: the simulator must find each of them out. Each is made here, around the production machines, and never in them.</summary>
internal enum Mutant
{
    None,

    /// <summary>The source thaws when it would only propose SOURCE.</summary>
    SourceThawsOnTimeout,

    /// <summary>The gate opens as soon as DEST is proposed.</summary>
    GateOpensWithoutVerdict,

    /// <summary>The source kills its copy when it has handed over.</summary>
    SourceKilledAtHandOver,

    /// <summary>A voter's promises and votes do not survive a crash.</summary>
    VoterForgets,

    /// <summary>FROZEN is said to be on the disk and is not.</summary>
    FrozenNotJournaled,

    /// <summary>The look at the gated tree always says that it lives.</summary>
    ProposesWithDeadTree,

    /// <summary>Ballots are said to be on the disk and are not.</summary>
    BallotNotJournaled,

    /// <summary>Nobody compares ordinals or attempts: what another attempt of the same owner says is taken for this one's, its certificates included.</summary>
    OrdinalNotChecked,

    /// <summary>DEST is proposed when the restore begins, before the tree stands at its gate.</summary>
    DecidesBeforeGate,

    /// <summary>A voter whose disk went back is taken for the one that it was.</summary>
    RolledBackVoterKeepsIncarnation,

    /// <summary>A voter with an empty state directory votes without asking anybody.</summary>
    EmptyVoterVotesAtOnce,

    /// <summary>One voter that votes is enough to be admitted.</summary>
    AdmissionAsksMinority,

    /// <summary>An admitted voter takes over who owns the container, and not what is closed.</summary>
    AdmissionTakesOwnerOnly,

    /// <summary>A counter that is further than what the state directory says is not noticed.</summary>
    OldCopyIsTakenForNewest,

    /// <summary>An admitted voter takes over what is closed, and not what is open at others.</summary>
    AdmissionForgetsOpenRegisters,

    /// <summary>A daemon that crashed between the note of a count and the count notes and counts the same again.</summary>
    CrashedCountIsCountedOnce,

    /// <summary>An admitted voter votes in attempts whose BEGIN names the one that it was before.</summary>
    AdmittedVotesInOldAttempts,

    /// <summary>What a host has consented to does not survive a crash.</summary>
    ConsentNotKept,

    /// <summary>What a host has promised the operator does not survive a crash.</summary>
    PromiseNotKept,

    /// <summary>An operator's run takes for granted that hosts consent that are there and are no side of the attempt.</summary>
    ConsentNotAsked,

    /// <summary>A host consents to a resolution of any generation, whatever it has promised since.</summary>
    GenerationNotCompared,

    /// <summary>Whoever has consented to one side does not say so, and consents to the other too.</summary>
    ConsentsToBoth,

    /// <summary>An attempt acts on a verdict of the voters without asking whether the operator was promised something, and without saying that it acts.</summary>
    SeatNotAsked,

    /// <summary>A host that is said to be off runs on, where nobody reaches it.</summary>
    FencedRunsOn,

    /// <summary>A side takes the operator's word that the container is lost, and does not look whether it stands there.</summary>
    LossNotLookedAt,
}
