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
internal sealed class SimulatedHost(HostName name, int index, Guid incarnation)
{
    private readonly List<(JournalState Journal, VoterDisk Votes)> _past = [];
    private int _noted;
    private int _counted;

    public HostName Name { get; } = name;

    public int Index { get; } = index;

    public Tree Tree { get; set; }

    /// <summary>The attempt that froze the tree or holds it at its gate. Ports compare: what one attempt has stopped, no other one lets run, kills or takes for its own.</summary>
    public AttemptId StoppedBy { get; set; }

    public bool IsLost { get; set; }

    /// <summary>What was lost with it.</summary>
    public Tree LostWith { get; set; }

    public bool IsUp { get; set; } = true;

    /// <summary>It is switched off; nobody starts its daemon.</summary>
    public bool IsOff { get; set; }

    /// <summary>Its daemon asks the others what it has missed: its voter's seat is taken, and nothing of its attempts is there yet.</summary>
    public bool IsStarting { get; set; }

    /// <summary>Operators who have said that it is off and have not ended: it stays off for as long.</summary>
    public int Fencing { get; set; }

    /// <summary>Counts the daemon's lives: what belongs to an earlier one is void.</summary>
    public int Life { get; set; }

    /// <summary>Counts the host's boots: a tree of an earlier one is gone.</summary>
    public int Boot { get; set; }

    /// <summary>The boot in which its daemon has last heard what it had missed.</summary>
    public int NotedBoot { get; set; }

    /// <summary>How far its clock is from the others'.</summary>
    public TimeSpan ClockStep { get; set; }

    /// <summary>The journal as it is on the disk.</summary>
    public JournalState Journal { get; private set; } = JournalState.Empty;

    /// <summary>The voter's state directory.</summary>
    public VoterDisk Votes { get; private set; } = VoterDisk.Empty(incarnation);

    /// <summary>What the voter knows, on the disk.</summary>
    public ContainerBallots Ballots => Votes.Ballots;

    public Guid Incarnation => Votes.Membership.Incarnation;

    /// <summary>The counter in its TPM, which no disk takes back; null before the first count.</summary>
    public ulong? Counter { get; set; }

    /// <summary>The production voter over this disk, in the daemon's memory.</summary>
    public Voter Seat { get; set; } = null!;

    /// <summary>Where it waits to tell others of the operator's verdicts, while there is nothing to tell.</summary>
    public Pending.Tick? Rest { get; set; }

    /// <summary>Rounds in which it has told and nobody has heard.</summary>
    public int RoundsTold { get; set; }

    /// <summary>True when its voter votes in this life of its daemon.</summary>
    public bool IsVoting { get; set; }

    /// <summary>How its voter comes to vote, in the daemon's memory.</summary>
    public RecoveryMachine? Recovery { get; set; }

    /// <summary>Rounds in which its voter has waited and nothing has changed meanwhile.</summary>
    public int RoundsWaited { get; set; }

    /// <summary>Its voter's disk was lost, or an old copy was put back, at some time.</summary>
    public bool HasLostVotes { get; private set; }

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
        _past.Add((Journal, Votes));
        Journal = journal;
    }

    public void Write(ContainerBallots ballots)
    {
        _past.Add((Journal, Votes));
        Votes = Votes with { Ballots = ballots };
    }

    public void Write(VoterMembership membership)
    {
        _noted = _past.Count;
        _past.Add((Journal, Votes));
        Votes = Votes with { Membership = membership };
    }

    /// <summary>The voter votes: it has just noted a count. Copies of its disk from before that note are older than its last start, admission or count, and are to be noticed.</summary>
    public void Confirm()
    {
        IsVoting = true;
        _counted = _noted;
    }

    /// <summary>
    /// The disk as it was so many writes ago; before the first one it was empty (<paramref name="incarnation"/> names it then). Of a voter that is so many writes before
    /// its last count: a younger copy is not noticed, and is not to be put back.
    /// </summary>
    public void GoBack(int writes, DiskPart part, Guid incarnation)
    {
        var journal = writes <= _past.Count ? _past[^writes].Journal : JournalState.Empty;
        var votes = writes <= _counted ? _past[_counted - writes + 1].Votes : VoterDisk.Empty(incarnation);
        if (part != DiskPart.Votes)
        {
            HasForgotten |= !ReferenceEquals(journal, Journal);
        }

        _past.Add((Journal, Votes));
        if (part != DiskPart.Votes)
        {
            Journal = journal;
        }

        if (part != DiskPart.Journal)
        {
            Votes = votes;
            HasLostVotes = true;
        }
    }

    public void ForgetMemory()
    {
        Sides.Clear();
        Proposers.Clear();
        IsJournalBroken = false;
        IsVoting = false;
        IsStarting = false;
        Recovery = null;
        Rest = null;
        RoundsTold = 0;
    }
}

/// <summary>A voter's state directory: which voter it is, and what it knows.</summary>
internal sealed record VoterDisk(VoterMembership Membership, ContainerBallots Ballots)
{
    public static VoterDisk Empty(Guid incarnation) => new(VoterMembership.Fresh(incarnation), ContainerBallots.Fresh(World.Container));
}

/// <summary>Which files of a state directory are old.</summary>
internal enum DiskPart
{
    Both,
    Votes,
    Journal,
}
