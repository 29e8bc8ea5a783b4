namespace ActorMigration.Simulator;

/// <summary>What a step of a schedule does.</summary>
internal enum StepKind
{
    /// <summary>The operator orders a migration from the host to the host of the number.</summary>
    Start,

    /// <summary>The cluster is a new one: nothing runs, and no voter has ever voted. Only as the first step.</summary>
    Found,

    /// <summary>The operator runs the container for the first time, on the host.</summary>
    Create,

    /// <summary>Nothing goes wrong until the attempt of the host is in the state of the number.</summary>
    Quiet,

    /// <summary>Everything is healed and runs until nothing happens any more; what is held back stays so.</summary>
    Heal,

    /// <summary>The item happens.</summary>
    Take,

    /// <summary>The message comes, and will come again.</summary>
    Double,

    /// <summary>The item is lost; with the number 1 a voter may still get the request, though nobody waits for its answer.</summary>
    Lose,

    /// <summary>The item is held back, beyond the end of its attempt if need be.</summary>
    Hold,

    /// <summary>From now on a copy of each message of the kind is held back.</summary>
    Copy,

    /// <summary>What was held back is on its way again.</summary>
    Release,

    /// <summary>The daemon ends; the mask says which of its calls and writes under way have happened.</summary>
    Crash,

    /// <summary>The daemon starts again.</summary>
    Restart,

    /// <summary>The host is gone for good, with disk and trees.</summary>
    LoseHost,

    /// <summary>The host is switched off, with all that stands on it; its disk stays.</summary>
    SwitchOff,

    /// <summary>The host is switched on, unless an operator whose command has not ended has said that it is off.</summary>
    SwitchOn,

    /// <summary>The operator gives the container to the side of the number (1 SOURCE, 2 DEST) on the host, and says which hosts are off.</summary>
    Resolve,

    /// <summary>The host boots: no tree of it is left. Only where no copy runs or is frozen.</summary>
    Reboot,

    /// <summary>The tree at the gate dies.</summary>
    TreeDies,

    /// <summary>The daemon ends, and its disk is as it was so many writes ago; of its votes so many before their last count.</summary>
    Disk,

    /// <summary>Hours go by: the voter of the host counts on.</summary>
    Count,

    /// <summary>The host cannot reach the host of the number, or with -1 nobody.</summary>
    Cut,

    /// <summary>All links are well again.</summary>
    Join,

    /// <summary>The host's clock jumps by so many seconds.</summary>
    Clock,

    /// <summary>The operator cancels the attempt of the host.</summary>
    Cancel,

    /// <summary>The page stream of the host's attempt breaks.</summary>
    BreakStream,

    /// <summary>The daemon that reaches the cell of the number crashes there, once.</summary>
    Trap,
}

/// <summary>How an item goes.</summary>
internal enum Outcome
{
    Well,

    /// <summary>It fails and has done nothing.</summary>
    Fails,

    /// <summary>It fails and has done all its work.</summary>
    FailsAfter,
}

/// <summary>Whether the daemon that handles an item crashes there.</summary>
internal enum CrashPoint
{
    None,

    /// <summary>What happened has happened, but the machine never hears of it.</summary>
    Before,

    /// <summary>The machine has decided; what it wants done is under way.</summary>
    After,
}

/// <summary>One step of a schedule; what it leaves out is zero.</summary>
internal readonly record struct Step(StepKind Kind)
{
    public int Host { get; init; }

    public int Number { get; init; }

    public Pending? Item { get; init; }

    public Outcome Outcome { get; init; }

    public CrashPoint Crash { get; init; }

    /// <summary>Which of the calls and writes under way have happened, when a daemon crashes.</summary>
    public int Mask { get; init; }

    public DiskPart Part { get; init; }
}
