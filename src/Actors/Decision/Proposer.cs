using System.Collections.Immutable;
using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>Where a proposer stands.</summary>
public enum ProposerState
{
    /// <summary>Nothing was asked of it.</summary>
    Idle,

    /// <summary>Its next ballot is on the way to the disk.</summary>
    WritingBallot,

    /// <summary>Phase 1 is out.</summary>
    Preparing,

    /// <summary>A majority has promised; waiting for a value to propose.</summary>
    Holding,

    /// <summary>Phase 2 is out.</summary>
    Accepting,

    /// <summary>A ballot failed; the next one waits.</summary>
    BackingOff,

    /// <summary>The verdict is known.</summary>
    Decided,
}

/// <summary>
/// One party's side of the register: gets its value chosen, or learns the one that was. Pure. It never gives up and never concludes anything from silence; it
/// leaves <see cref="ProposerState.Decided"/> never.
///
/// Invariants: a ballot is used only after <see cref="ProposerEvent.BallotWritten"/> for it, and by one value; the value of a ballot is that of the highest
/// ballot accepted among its promises, and the own wish only when there is none.
/// </summary>
/// <param name="Registration">The register.</param>
/// <param name="Self">This party.</param>
/// <param name="Keys">Checks accepts and certificates as they come.</param>
/// <param name="Counter">Highest counter that was written; from the journal after a restart.</param>
public sealed record Proposer(Registration Registration, HostName Self, INodeKeys Keys, long Counter)
{
    public ProposerState State { get; private init; } = ProposerState.Idle;

    /// <summary>The value wished for; null while only promises are sought.</summary>
    public Verdict? Wish { get; private init; }

    private HandOverToken? Token { get; init; }

    private Verdict Value { get; init; }

    private HandOverToken? ValueToken { get; init; }

    private long HighestSeen { get; init; }

    private int Failures { get; init; }

    private ImmutableHashSet<HostName> Waiting { get; init; } = [];

    private ImmutableDictionary<HostName, VoterReply.Promised> Promises { get; init; } = ImmutableDictionary<HostName, VoterReply.Promised>.Empty;

    private ImmutableDictionary<HostName, SignedAccept> Accepts { get; init; } = ImmutableDictionary<HostName, SignedAccept>.Empty;

    private Ballot Ballot => new(Counter, Self);

    private int Majority => VerdictCheck.Majority(Registration.Voters.Length);

    public (Proposer Next, ImmutableArray<ProposerAction> Actions) Step(ProposerEvent e) => (State, e) switch
    {
        (ProposerState.Decided, _) => (this, []),
        (ProposerState.Idle, ProposerEvent.SeekPromises) => NextBallot(),
        (ProposerState.Idle, ProposerEvent.Propose p) => WithWish(p).NextBallot(),
        (ProposerState.Holding, ProposerEvent.Propose p) => WithWish(p).SendAccepts(p.Value, p.Token),
        (_, ProposerEvent.Propose p) => (WithWish(p), []),
        (ProposerState.WritingBallot, ProposerEvent.BallotWritten w) when w.Counter == Counter => SendPrepares(),
        (ProposerState.WritingBallot, ProposerEvent.BallotFailed f) when f.Counter == Counter => BackOff(),
        (ProposerState.BackingOff, ProposerEvent.RetryDue r) when r.AfterCounter == Counter => NextBallot(),
        (_, ProposerEvent.Replied { Reply: VoterReply.Decided d }) => Learn(d.Certificate),
        (ProposerState.Preparing or ProposerState.Accepting, ProposerEvent.Replied r) when r.Ballot == Ballot => OnReply(r.Voter, r.Reply),

        // A promise that does not come when accepts are out already says nothing of this voter's accept.
        (ProposerState.Preparing or ProposerState.Accepting, ProposerEvent.NoReply n) when n.Ballot == Ballot && n.Phase == State => Miss(n.Voter),
        _ => (this, []),
    };

    private Proposer WithWish(ProposerEvent.Propose propose) => this with { Wish = propose.Value, Token = propose.Token };

    private (Proposer, ImmutableArray<ProposerAction>) NextBallot()
    {
        var counter = Math.Max(Counter, HighestSeen) + 1;
        return (this with { Counter = counter, State = ProposerState.WritingBallot }, [new ProposerAction.WriteBallot(counter)]);
    }

    private (Proposer, ImmutableArray<ProposerAction>) SendPrepares() =>
        (this with
        {
            State = ProposerState.Preparing,
            Waiting = [.. Registration.Voters.Select(v => v.Host)],
            Promises = ImmutableDictionary<HostName, VoterReply.Promised>.Empty,
            Accepts = ImmutableDictionary<HostName, SignedAccept>.Empty,
        }, AskAll(ProposerState.Preparing, new VoterRequest.Prepare(Registration.Register, Ballot)));

    private (Proposer, ImmutableArray<ProposerAction>) SendAccepts(Verdict value, HandOverToken? token) =>
        (this with
        {
            State = ProposerState.Accepting,
            Value = value,
            ValueToken = token,
            Waiting = [.. Registration.Voters.Select(v => v.Host)],
        }, AskAll(ProposerState.Accepting, new VoterRequest.Accept(Registration.Register, Ballot, value, token)));

    private ImmutableArray<ProposerAction> AskAll(ProposerState phase, VoterRequest request)
        => [.. Registration.Voters.Select(v => new ProposerAction.Ask(v.Host, Ballot, phase, request))];

    private (Proposer, ImmutableArray<ProposerAction>) OnReply(HostName voter, VoterReply reply) => reply switch
    {
        VoterReply.Promised p when State == ProposerState.Preparing && p.Ballot == Ballot && Waiting.Contains(voter) => OnPromise(voter, p),
        VoterReply.Accepted a when State == ProposerState.Accepting && Waiting.Contains(voter) => OnAccepted(voter, a.Accept),

        // A majority had promised before this voter did. It is asked to accept by now, and its answer to that is still to come.
        VoterReply.Promised when State == ProposerState.Accepting => (this, []),
        VoterReply.Outbid o => (this with { HighestSeen = Math.Max(HighestSeen, o.Highest.Counter) }).Miss(voter),

        // The voter missed BEGIN: it is told what was begun, then asked again under the same ballot, for which it has promised nothing.
        VoterReply.UnknownRegister when Waiting.Contains(voter) => (this, [new ProposerAction.Ask(voter, Ballot, State, new VoterRequest.Begin(Registration))]),
        VoterReply.Registered when Waiting.Contains(voter) => (this, [new ProposerAction.Ask(voter, Ballot, State, CurrentRequest)]),
        _ => Miss(voter),
    };

    private VoterRequest CurrentRequest => State == ProposerState.Preparing
        ? new VoterRequest.Prepare(Registration.Register, Ballot)
        : new VoterRequest.Accept(Registration.Register, Ballot, Value, ValueToken);

    private (Proposer, ImmutableArray<ProposerAction>) OnPromise(HostName voter, VoterReply.Promised promise)
    {
        var next = this with { Promises = Promises.SetItem(voter, promise), Waiting = Waiting.Remove(voter) };
        if (next.Promises.Count < Majority)
        {
            return next.FailIfHopeless();
        }

        var accepted = next.Promises.Values.Where(p => p.AcceptedBallot is not null).MaxBy(p => p.AcceptedBallot);
        return accepted is { AcceptedValue: { } value } ? next.SendAccepts(value, accepted.AcceptedToken)
            : next.Wish is { } wish ? next.SendAccepts(wish, next.Token)
            : (next with { State = ProposerState.Holding, Failures = 0 }, [new ProposerAction.PromisesHeld()]);
    }

    private (Proposer, ImmutableArray<ProposerAction>) OnAccepted(HostName voter, SignedAccept accept)
    {
        if (accept.Voter != voter || accept.Ballot != Ballot || accept.Value != Value || accept.Register != Registration.Register
            || Registration.Voters.Single(v => v.Host == voter).Incarnation != accept.Incarnation
            || !Keys.Verify(voter, DecisionBytes.ToSign(accept), accept.Signature))
        {
            return Miss(voter);
        }

        var next = this with { Accepts = Accepts.SetItem(voter, accept), Waiting = Waiting.Remove(voter) };
        return next.Accepts.Count < Majority
            ? next.FailIfHopeless()
            : next.Learn(new VerdictCertificate(Registration.Register, Value, [.. next.Accepts.Values.OrderBy(a => a.Voter.Value, StringComparer.Ordinal)]));
    }

    private (Proposer, ImmutableArray<ProposerAction>) Learn(VerdictCertificate certificate)
        => VerdictCheck.Verify(certificate, Registration, Keys)
            ? (this with { State = ProposerState.Decided }, [new ProposerAction.Decided(certificate)])
            : (this, []);

    private (Proposer, ImmutableArray<ProposerAction>) Miss(HostName voter)
        => (this with { Waiting = Waiting.Remove(voter) }).FailIfHopeless();

    private (Proposer, ImmutableArray<ProposerAction>) FailIfHopeless()
    {
        var have = State == ProposerState.Preparing ? Promises.Count : Accepts.Count;
        return have + Waiting.Count >= Majority ? (this, []) : BackOff();
    }

    private (Proposer, ImmutableArray<ProposerAction>) BackOff()
        => (this with { State = ProposerState.BackingOff, Failures = Failures + 1 }, [new ProposerAction.BackOff(Counter, Failures + 1)]);
}
