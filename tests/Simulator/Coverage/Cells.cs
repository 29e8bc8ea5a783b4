using System.Collections.Frozen;
using ActorMigration.Actors;
using ActorMigration.Contracts;

namespace ActorMigration.Simulator;

/// <summary>Whether a voter votes, and what it has of the register that it is asked about; for a question about the floor, whether any is open.</summary>
internal enum VoterState
{
    New,
    Waits,
    Idle,
    Unsettled,
    OtherOpen,
    Opened,
    Promised,
    Accepted,
    Closed,
    BelowFloor,

    /// <summary>It has promised the operator to wait.</summary>
    Barred,
    Consented,
}

/// <summary>A cell of the coverage: which machine, in which state, handles what. All cells that the types allow have a number; few can be reached.</summary>
internal static class Cells
{
    private const string AcceptOf = "Accept ";
    private const string MemoryOf = "Memory ";
    private const string NoReply = "NoReply";

    /// <summary>The messages between the two hosts.</summary>
    public static readonly string[] MessageNames = [.. NamesOf(typeof(IAttemptMessage)).Order(StringComparer.Ordinal)];

    private static readonly string[] AttemptNames =
        [.. NamesOf(typeof(AttemptEvent)).Where(n => n != nameof(AttemptEvent.Received)).Order(StringComparer.Ordinal), .. MessageNames];

    private static readonly string[] RequestNames =
    [
        nameof(VoterRequest.AskFloor), nameof(VoterRequest.Begin), nameof(VoterRequest.Prepare), AcceptOf + Verdict.Source, AcceptOf + Verdict.Dest, nameof(VoterRequest.Learn),
        nameof(VoterRequest.AskMemory), nameof(VoterRequest.Withdraw), nameof(VoterRequest.Release),
        .. OperatorsRequests, nameof(VoterRequest.AskResolutions), nameof(VoterRequest.AskWhetherLost),
    ];

    private static string[] OperatorsRequests => [nameof(VoterRequest.PrepareResolution), nameof(VoterRequest.ConsentToResolution), nameof(VoterRequest.SpreadResolution)];

    /// <summary>What an operator's run, and what tells of his verdicts, waits for.</summary>
    private static readonly string[] ErrandStates = [nameof(VoterRequest.AskFloor), .. OperatorsRequests, nameof(VoterRequest.AskResolutions), nameof(VoterRequest.AskWhetherLost)];

    private static readonly string[] RecoveryNames =
        [.. NamesOf(typeof(RecoveryEvent)).Order(StringComparer.Ordinal), .. Enum.GetNames<VoterStanding>().Select(s => MemoryOf + s)];

    private static readonly string[] ProposerNames =
        [.. NamesOf(typeof(ProposerEvent)).Where(n => n != nameof(ProposerEvent.Replied)).Order(StringComparer.Ordinal), .. NamesOf(typeof(VoterReply)).Order(StringComparer.Ordinal)];

    private static readonly Table Source = new("source", Enum.GetNames<SourceState>(), AttemptNames, 0);
    private static readonly Table Destination = new("destination", Enum.GetNames<DestinationState>(), AttemptNames, Source.End);
    private static readonly Table Voter = new("voter", Enum.GetNames<VoterState>(), RequestNames, Destination.End);
    private static readonly Table Proposers = new("proposer", Enum.GetNames<ProposerState>(), ProposerNames, Voter.End);
    private static readonly Table Recovery = new("recovery", Enum.GetNames<RecoveryState>(), RecoveryNames, Proposers.End);
    private static readonly Table Creation = new("creator", Enum.GetNames<CreatorState>(), AttemptNames, Recovery.End);
    private static readonly Table Errands = new("errand", ErrandStates, [.. NamesOf(typeof(VoterReply)).Order(StringComparer.Ordinal), NoReply], Creation.End);
    private static readonly Table[] Tables = [Source, Destination, Voter, Proposers, Recovery, Creation, Errands];

    /// <summary>How many there are.</summary>
    public static int Number => Errands.End;

    public static int Of(ISide side, AttemptEvent happened) => (side.Role switch { AttemptRole.Source => Source, AttemptRole.Destination => Destination, _ => Creation }).Cell(side.State, NameOf(happened));

    public static int Of(Proposer proposer, ProposerEvent e)
        => Proposers.Cell((int)proposer.State, e is ProposerEvent.Replied r ? r.Reply.GetType().Name : e.GetType().Name);

    public static int Of(RecoveryMachine machine, RecoveryEvent e) => Recovery.Cell((int)machine.State, e.GetType().Name);

    /// <summary>One voter's answer, while others are waited for.</summary>
    public static int Of(RecoveryMachine machine, VoterReply.Memory memory) => Recovery.Cell((int)machine.State, MemoryOf + memory.Standing);

    public static int Of(SimulatedHost voter, VoterRequest request) => Voter.Cell((int)StateOf(voter, request), request switch
    {
        VoterRequest.Accept { Value: Verdict.Source } => RequestNames[3],
        VoterRequest.Accept => RequestNames[4],
        _ => request.GetType().Name,
    });

    /// <summary>One host's answer to what an operator's run asks, or to who tells of his verdicts or asks for them; null when there was none.</summary>
    public static int Of(VoterRequest question, VoterReply? reply) => Errands.Cell(Array.IndexOf(ErrandStates, question.GetType().Name), reply?.GetType().Name ?? NoReply);

    public static string NameOf(AttemptEvent happened) => happened is AttemptEvent.Received r ? r.Message.GetType().Name : happened.GetType().Name;

    /// <summary>Machine, state and event, as in the list of reachable cells.</summary>
    public static string Name(int cell)
    {
        var table = Array.Find(Tables, t => cell < t.End)!;
        return table.Name(cell);
    }

    /// <summary>What a cell's machine handles there.</summary>
    public static string EventOf(int cell) => Array.Find(Tables, t => cell < t.End)!.Event(cell);

    /// <summary>True for cells of one machine that differ in its state only.</summary>
    public static bool IsSameEvent(int one, int other) => Array.Find(Tables, t => one < t.End)! is var table && table == Array.Find(Tables, t => other < t.End) && table.Event(one) == table.Event(other);

    /// <summary>The cell of a name, or -1 when there is none.</summary>
    public static int Find(string name)
    {
        for (var cell = 0; cell < Number; cell++)
        {
            if (Name(cell) == name)
            {
                return cell;
            }
        }

        return -1;
    }

    private static VoterState StateOf(SimulatedHost voter, VoterRequest request) => voter.Votes.Membership.Standing(voter.IsVoting) switch
    {
        _ when request is VoterRequest.PrepareResolution or VoterRequest.ConsentToResolution or VoterRequest.SpreadResolution or VoterRequest.AskResolutions or VoterRequest.AskWhetherLost => StateOf(voter.Ballots, request),
        VoterStanding.New => VoterState.New,
        VoterStanding.Waits => VoterState.Waits,
        _ => StateOf(voter.Ballots, request),
    };

    private static VoterState StateOf(ContainerBallots state, VoterRequest request)
    {
        var register = request switch
        {
            VoterRequest.Begin r => r.Registration.Register,
            VoterRequest.Prepare r => r.Register,
            VoterRequest.Accept r => r.Register,
            VoterRequest.Learn r => r.Certificate.Register,
            VoterRequest.Withdraw r => r.Register,
            VoterRequest.PrepareResolution r => r.Registration.Register,
            VoterRequest.ConsentToResolution r => r.Resolution.Register,
            VoterRequest.SpreadResolution r => r.Register.Registration.Register,
            _ => null,
        };
        if (register is not null && state.Resolving is { } resolving && resolving.Registration.Register == register)
        {
            return resolving.Consented is null ? VoterState.Barred : VoterState.Consented;
        }

        return register is null || state.Open is null || state.Open.Id != register
            ? register is not null && state.Kept.Any(k => k.Register.Registration.Register == register) ? VoterState.Closed
                : register is not null && register.Fence < state.Lowest ? VoterState.BelowFloor
                : state.Open is not null ? VoterState.OtherOpen
                : state.Unsettled.IsEmpty ? VoterState.Idle : VoterState.Unsettled
            : state.Open.AcceptedBallot is not null ? VoterState.Accepted
            : state.Open.Promised is not null ? VoterState.Promised : VoterState.Opened;
    }

    private static IEnumerable<string> NamesOf(Type type)
        => type.Assembly.GetTypes().Where(t => type.IsAssignableFrom(t) && t is { IsAbstract: false, IsInterface: false }).Select(t => t.Name);

    private sealed class Table(string machine, string[] states, string[] events, int start)
    {
        private readonly FrozenDictionary<string, int> _events = events.Select((name, index) => (name, index)).ToFrozenDictionary(e => e.name, e => e.index);

        public int End => start + (states.Length * events.Length);

        public int Cell(int state, string happened) => start + (state * events.Length) + _events[happened];

        public string Event(int cell) => events[(cell - start) % events.Length];

        public string Name(int cell) => $"{machine} {states[(cell - start) / events.Length]} {Event(cell)}";
    }
}
