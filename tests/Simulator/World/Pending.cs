using ActorMigration.Actors;
using ActorMigration.Contracts;

namespace ActorMigration.Simulator;

/// <summary>Something that will happen, now or late or never. Its label names it in a script.</summary>
internal abstract class Pending
{
    private string? _label;

    /// <summary>The daemon whose memory holds it; null for what is on the wire.</summary>
    public SimulatedHost? Owner { get; init; }

    /// <summary>True for what a quiet cluster does last.</summary>
    public virtual bool IsTimer => false;

    /// <summary>True for what may be there once more when it has come.</summary>
    public bool MayComeTwice
        => this is Message or Request { Body: VoterRequest.AskMemory } or Reply { Body: VoterReply.Memory } or Request { Asker: Simulator.Asker.Errand } or Reply { Asker: Simulator.Asker.Errand };

    public string Label => _label ??= MakeLabel();

    private protected abstract string MakeLabel();

    private static int Number(AttemptId attempt) => AttemptNumber.Of(attempt);

    public sealed class Message(SimulatedHost from, SimulatedHost to, IAttemptMessage body) : Pending
    {
        public SimulatedHost From { get; } = from;

        public SimulatedHost To { get; } = to;

        public IAttemptMessage Body { get; } = body;

        private protected override string MakeLabel() => $"{From.Name}>{To.Name}:{Body.GetType().Name}:{Number(Body.Attempt)}";
    }

    /// <summary>A call of the port, of the TPM or of the verifier.</summary>
    public sealed class Call(AttemptId attempt, AttemptAction action) : Pending
    {
        public AttemptId Attempt { get; } = attempt;

        public AttemptAction Action { get; } = action;

        private protected override string MakeLabel()
            => $"{Owner!.Name}:call:{(Action is AttemptAction.Call c ? c.What.ToString() : Action.GetType().Name)}:{Number(Attempt)}";
    }

    /// <summary>A journal's entry on its way to the disk.</summary>
    public sealed class Write(AttemptId attempt, JournalEntry entry) : Pending
    {
        public AttemptId Attempt { get; } = attempt;

        public JournalEntry Entry { get; } = entry;

        private protected override string MakeLabel() => $"{Owner!.Name}:write:{Entry.GetType().Name}:{Number(Attempt)}";
    }

    public sealed class Timer(AttemptId attempt, AttemptEvent.TimerFired fired) : Pending
    {
        public AttemptId Attempt { get; } = attempt;

        public AttemptEvent.TimerFired Fired { get; } = fired;

        public override bool IsTimer => true;

        private protected override string MakeLabel() => $"{Owner!.Name}:timer:{Fired.Timer}:{Number(Attempt)}";
    }

    /// <summary>What an attempt's actor has in its mailbox from its own host.</summary>
    public sealed class Local(AttemptId attempt, AttemptEvent happened) : Pending
    {
        public AttemptId Attempt { get; } = attempt;

        public AttemptEvent Happened { get; } = happened;

        private protected override string MakeLabel() => $"{Owner!.Name}:told:{Happened.GetType().Name}:{Number(Attempt)}";
    }

    /// <summary>A request to a voter. Without an asker (<paramref name="asker"/> is null) nobody waits for the answer, and it may come very late.</summary>
    public sealed class Request(SimulatedHost from, SimulatedHost voter, VoterRequest body, Asker? asker) : Pending
    {
        public SimulatedHost From { get; } = from;

        public SimulatedHost Voter { get; } = voter;

        public VoterRequest Body { get; } = body;

        public Asker? Asker { get; } = asker;

        private protected override string MakeLabel() => $"{From.Name}>{Voter.Name}:{(Asker is null ? "late" : "ask")}{Body.GetType().Name}:{Asker?.Number ?? 0}";
    }

    public sealed class Reply(SimulatedHost voter, SimulatedHost to, VoterReply body, Asker asker) : Pending
    {
        public SimulatedHost Voter { get; } = voter;

        public SimulatedHost To { get; } = to;

        public VoterReply Body { get; } = body;

        public Asker Asker { get; } = asker;

        private protected override string MakeLabel() => $"{Voter.Name}>{To.Name}:{Body.GetType().Name}:{Asker.Number}";
    }

    /// <summary>A disk or TPM at work for a voter that wants to vote.</summary>
    public sealed class VoterWork(RecoveryAction action) : Pending
    {
        public RecoveryAction Action { get; } = action;

        private protected override string MakeLabel() => $"{Owner!.Name}:voter:{Action.GetType().Name}";
    }

    /// <summary>A voter that waits asks again.</summary>
    public sealed class VoterRetry : Pending
    {
        public override bool IsTimer => true;

        private protected override string MakeLabel() => $"{Owner!.Name}:voter:again";
    }

    /// <summary>The end of the time that the others have to tell their memory.</summary>
    public sealed class MemoryDeadline(Asker.Memory asker) : Pending
    {
        public Asker.Memory Asker { get; } = asker;

        public override bool IsTimer => true;

        private protected override string MakeLabel() => $"{Owner!.Name}:voter:deadline";
    }

    /// <summary>A wait of what tells others of the operator's verdicts, or asks for them.</summary>
    public sealed class Tick(Action passed) : Pending
    {
        public Action Passed { get; } = passed;

        public override bool IsTimer => true;

        private protected override string MakeLabel() => $"{Owner!.Name}:news";
    }

    /// <summary>A proposer's back-off.</summary>
    public sealed class Retry(AttemptId attempt, long afterCounter) : Pending
    {
        public AttemptId Attempt { get; } = attempt;

        public long AfterCounter { get; } = afterCounter;

        private protected override string MakeLabel() => $"{Owner!.Name}:retry:{AfterCounter}:{Number(Attempt)}";
    }

    /// <summary>The end of the time that a poll's voters have.</summary>
    public sealed class PollDeadline(Asker.Poll poll) : Pending
    {
        public Asker.Poll Poll { get; } = poll;

        public override bool IsTimer => true;

        private protected override string MakeLabel() => $"{Owner!.Name}:deadline:{Poll.Number}";
    }
}

/// <summary>Who waits for a voter's answer, in which life of its daemon.</summary>
internal abstract class Asker(AttemptId attempt, int life)
{
    public AttemptId Attempt { get; } = attempt;

    public int Life { get; } = life;

    public int Number => AttemptNumber.Of(Attempt);

    /// <summary>A proposer, in one phase of one ballot.</summary>
    public sealed class Ballot(AttemptId attempt, int life, Contracts.Ballot under, ProposerState phase) : Asker(attempt, life)
    {
        public Contracts.Ballot Under { get; } = under;

        public ProposerState Phase { get; } = phase;
    }

    /// <summary>A voter that has no memory, or an old one, and asks all others for theirs.</summary>
    public sealed class Memory(int life, IEnumerable<HostName> others) : Asker(AttemptNumber.Id(0), life)
    {
        public HashSet<HostName> Waiting { get; } = [.. others];

        public Dictionary<HostName, VoterReply.Memory> Replies { get; } = [];

        public bool IsOver { get; set; }
    }

    /// <summary>Production code that waits for one reply: an operator's run (numbered), or what asks for his verdicts and tells them (0).</summary>
    public sealed class Errand(int run, int life, VoterRequest question) : Asker(AttemptNumber.Id(run), life)
    {
        /// <summary>Whoever waits goes on at once, in the same step.</summary>
        public TaskCompletionSource<VoterReply> Answer { get; } = new();

        public VoterRequest Question { get; } = question;
    }

    /// <summary>A question to all voters at once: the floor, or BEGIN.</summary>
    public sealed class Poll(AttemptId attempt, int life, VoterRequest question, int voters) : Asker(attempt, life)
    {
        public VoterRequest Question { get; } = question;

        public List<VoterReply> Replies { get; } = [];

        public int Waiting { get; set; } = voters;

        public bool IsOver { get; set; }
    }
}

/// <summary>Attempts of a schedule are numbered, and so are their ids.</summary>
internal static class AttemptNumber
{
    public static AttemptId Id(int number) => new(new Guid(number, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));

    public static int Of(AttemptId attempt)
    {
        Span<byte> bytes = stackalloc byte[16];
        attempt.Value.TryWriteBytes(bytes);
        return BitConverter.ToInt32(bytes);
    }
}
