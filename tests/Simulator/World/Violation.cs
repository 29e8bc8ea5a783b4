namespace ActorMigration.Simulator;

/// <summary>Which invariant was broken.</summary>
internal enum ViolationKind
{
    /// <summary>Two copies run at once.</summary>
    TwoCopies,

    /// <summary>A register has chosen SOURCE and DEST.</summary>
    TwoValues,

    /// <summary>A copy was let run, thawed or killed by something else than the register.</summary>
    NotDecided,

    /// <summary>DEST is the verdict of an attempt that has not proposed it.</summary>
    DestWithoutProposal,

    /// <summary>A ballot was used in two lives of its proposer, or for two values.</summary>
    BallotTwice,

    /// <summary>A voter took back a floor or a promise.</summary>
    BrokenWord,

    /// <summary>What was closed at a majority is open again at another one that votes.</summary>
    FloorReopened,

    /// <summary>A majority that votes does not know of a register that has chosen.</summary>
    ChosenForgotten,

    /// <summary>Two incarnations of one voter have said something in one register.</summary>
    SpokeTwice,

    /// <summary>A host acts on a verdict of the voters though it has consented to a resolution.</summary>
    BoundActs,

    /// <summary>A voter does not come to vote, though nothing keeps it from it.</summary>
    VoterStaysSilent,

    /// <summary>DEST was carried out where no tree stands.</summary>
    NothingAtGate,

    /// <summary>A restore over something that is still there.</summary>
    Leftovers,

    /// <summary>The operator's word that the container is lost was taken, and it stands somewhere.</summary>
    GivenUp,

    /// <summary>No copy is left, though no copy was lost.</summary>
    NothingRuns,

    /// <summary>A copy stays stopped, though a majority is there.</summary>
    StaysStopped,

    /// <summary>An attempt does not end, though everything is healed.</summary>
    DoesNotEnd,
}

/// <summary>An invariant that was broken, and how.</summary>
internal sealed record Violation(ViolationKind Kind, string Sentence)
{
    public override string ToString() => $"{Kind}: {Sentence}";
}
