using ActorMigration.Actors;
using ActorMigration.Contracts;

namespace ActorMigration.Simulator;

/// <summary>What stands of the container on a host, whoever runs its daemon.</summary>
internal enum Tree
{
    None,
    Running,
    Frozen,
    Gated,
}

/// <summary>One host of a simulation: what survives a crash of its daemon (trees, disk), and the daemon's memory, which does not.</summary>
internal sealed class SimulatedHost(HostName name, int index)
{
    private readonly List<(JournalState Journal, ContainerBallots Ballots)> _past = [];

    public HostName Name { get; } = name;

    public int Index { get; } = index;

    public Tree Tree { get; set; }

    /// <summary>The attempt that froze the tree or holds it at its gate. Ports compare: what one attempt has stopped, no other one lets run, kills or takes for its own.</summary>
    public AttemptId StoppedBy { get; set; }

    public bool IsLost { get; set; }

    /// <summary>What was lost with it.</summary>
    public Tree LostWith { get; set; }

    public bool IsUp { get; set; } = true;

    /// <summary>Counts the daemon's lives: what belongs to an earlier one is void.</summary>
    public int Life { get; set; }

    /// <summary>Counts the host's boots: a tree of an earlier one is gone.</summary>
    public int Boot { get; set; }

    /// <summary>How far its clock is from the others'.</summary>
    public TimeSpan ClockStep { get; set; }

    /// <summary>The journal as it is on the disk.</summary>
    public JournalState Journal { get; private set; } = JournalState.Empty;

    /// <summary>The voter's state as it is on the disk.</summary>
    public ContainerBallots Ballots { get; private set; } = ContainerBallots.Fresh(World.Container);

    /// <summary>Of the voter's state directory; another one as soon as it went back in time, which a counter in the TPM tells for certain.</summary>
    public Guid Incarnation { get; set; } = new(index + 1, 0, 0, new byte[8]);

    /// <summary>Its votes went back at some time: it may not even know what was closed before.</summary>
    public bool IsVoterNew { get; set; }

    /// <summary>A write failed: nothing more is written until the daemon is started again.</summary>
    public bool IsJournalBroken { get; set; }

    /// <summary>Its disk went back and the journal forgot something: what it promised, it may break without knowing. Nothing but safety is asked of it.</summary>
    public bool HasForgotten { get; set; }

    /// <summary>Its tree died once DEST might have been proposed: the container may then have crashed on the host that owns it.</summary>
    public bool DiedAfterProposal { get; set; }

    public Dictionary<AttemptId, ISide> Sides { get; } = [];

    public Dictionary<AttemptId, Proposer> Proposers { get; } = [];

    public bool HasOpenAttempt => Sides.Count + Journal.Open.Count > 0;

    public void Write(JournalState journal)
    {
        _past.Add((Journal, Ballots));
        Journal = journal;
    }

    public void Write(ContainerBallots ballots)
    {
        _past.Add((Journal, Ballots));
        Ballots = ballots;
    }

    /// <summary>The disk as it was so many writes ago; before the first one it was empty.</summary>
    public void GoBack(int writes, DiskPart part)
    {
        var (journal, ballots) = writes <= _past.Count ? _past[^writes] : (JournalState.Empty, ContainerBallots.Fresh(World.Container));
        if (part != DiskPart.Votes)
        {
            HasForgotten |= !ReferenceEquals(journal, Journal);
            Journal = journal;
        }

        if (part != DiskPart.Journal)
        {
            Ballots = ballots;
            IsVoterNew = true;
        }
    }

    public void ForgetMemory()
    {
        Sides.Clear();
        Proposers.Clear();
        IsJournalBroken = false;
    }
}

/// <summary>Which files of a state directory are old.</summary>
internal enum DiskPart
{
    Both,
    Votes,
    Journal,
}
