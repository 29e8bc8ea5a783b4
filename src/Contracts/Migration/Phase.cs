namespace ActorMigration.Contracts;

/// <summary>The six phases of an attempt, in their order, on both sides. Shown to the operator under these names.</summary>
public enum Phase
{
    /// <summary>Both hosts quote their PCRs over nonces, TLS keys, attempt, container and fence, and check each other.</summary>
    Attest,

    /// <summary>Voters register the attempt; the destination reserves memory and disk, takes the image and builds an empty home.</summary>
    PrepareResources,

    /// <summary>Rounds of scan and send while the container runs.</summary>
    PreCopy,

    /// <summary>From the journal's FROZEN to the verdict: the container stands still.</summary>
    StopAndCopy,

    /// <summary>The verdict is carried out: the gate opens and the source dies, or the gated tree dies and the source thaws.</summary>
    Resume,

    /// <summary>The fill ends, keys and stores are wiped, the attempt's record is closed.</summary>
    Teardown,
}

/// <summary>What the register of an attempt answers to "who runs the next epoch?".</summary>
public enum Verdict
{
    /// <summary>The source keeps the container: the attempt is aborted.</summary>
    Source = 1,

    /// <summary>The destination runs the next epoch: the attempt is committed.</summary>
    Dest = 2,
}
