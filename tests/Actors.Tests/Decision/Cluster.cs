using System.Collections.Immutable;
using ActorMigration.Contracts;
using ActorMigration.Simulator;

namespace ActorMigration.Actors.Tests.Decision;

/// <summary>Three voters a, b, w in memory; container c1 belongs to a at epoch 1.</summary>
internal sealed class Cluster
{
    public static readonly HostName A = new("a");
    public static readonly HostName B = new("b");
    public static readonly HostName W = new("w");
    public static readonly ContainerName Name = new("c1");
    public static readonly byte[] KeyDigest = new byte[32];

    private readonly Dictionary<HostName, ContainerBallots> _states;
    private static readonly Dictionary<HostName, Guid> FirstIncarnations = new() { [A] = Guid.NewGuid(), [B] = Guid.NewGuid(), [W] = Guid.NewGuid() };

    private readonly Dictionary<HostName, Guid> _incarnations = new(FirstIncarnations);

    public Cluster()
    {
        _states = Voters.ToDictionary(v => v, _ => ContainerBallots.Fresh(Name) with { Lowest = new Fence(1, 1), Owner = A });
    }

    public static ImmutableArray<HostName> Voters { get; } = [A, B, W];

    public static VoterSet Set { get; } = new(VoterSet.First, [.. Voters]);

    public FakeKeys Keys { get; } = new();

    public ContainerBallots this[HostName voter]
    {
        get => _states[voter];
        set => _states[voter] = value;
    }

    public static HandOverToken Token(RegisterId id, byte signature = 1) => new(id.Attempt, id.Container, id.Fence, new byte[32], new byte[32], KeyDigest, [signature]);

    public static Registration Registration(Fence fence, HostName source, HostName destination, RegisterKind kind = RegisterKind.Migration, params ClosedRegister[] previous)
    {
        var unsigned = new Registration(
            new RegisterId(Name, fence, AttemptId.New()), kind, source, destination, [.. Voters.Select(v => new RegisteredVoter(v, FirstIncarnations[v]))],
            kind == RegisterKind.Migration ? KeyDigest : [], previous, []);
        return unsigned with { Signature = FakeKeys.Sign(source, DecisionBytes.ToSign(unsigned)) };
    }

    public VoterReply Ask(HostName voter, HostName peer, VoterRequest request)
    {
        var core = new VoterCore(voter, _incarnations[voter], Voters, new FakeSigner(voter), Keys, static (t, d) => t.Signature is [1] && t.SourceKey.AsSpan().SequenceEqual(d));
        var answer = core.Answer(_states[voter], peer, request);
        _states[voter] = answer.Records.Aggregate(_states[voter], (s, r) => s.Apply(r));
        return answer.Reply;
    }

    public void BeginEverywhere(Registration registration)
    {
        foreach (var voter in Voters)
        {
            Assert.IsType<VoterReply.Registered>(Ask(voter, registration.Source, new VoterRequest.Begin(registration)));
        }
    }

    /// <summary>Runs a proposer against the voters that <paramref name="reaches"/> names until it decides or gives a ballot up.</summary>
    public VerdictCertificate? Propose(Registration registration, HostName self, Verdict value, HandOverToken? token, long counter = 0, params HostName[] reaches)
    {
        var proposer = new Proposer(registration, self, Keys, counter);
        var events = new Queue<ProposerEvent>([new ProposerEvent.Propose(value, token)]);
        while (events.TryDequeue(out var e))
        {
            var (next, actions) = proposer.Step(e);
            proposer = next;
            foreach (var action in actions)
            {
                switch (action)
                {
                    case ProposerAction.WriteBallot w:
                        events.Enqueue(new ProposerEvent.BallotWritten(w.Counter));
                        break;
                    case ProposerAction.Ask ask when reaches.Length == 0 || reaches.Contains(ask.Voter):
                        events.Enqueue(new ProposerEvent.Replied(ask.Voter, ask.Ballot, Ask(ask.Voter, self, ask.Request)));
                        break;
                    case ProposerAction.Ask ask:
                        events.Enqueue(new ProposerEvent.NoReply(ask.Voter, ask.Ballot, ask.Phase));
                        break;
                    case ProposerAction.Decided d:
                        return d.Certificate;
                }
            }
        }

        return null;
    }

    /// <summary>The voter's disk is as it was then; a counter in its TPM tells, so it is another voter now.</summary>
    public void GoBack(HostName voter, ContainerBallots then)
    {
        _states[voter] = then;
        _incarnations[voter] = Guid.NewGuid();
    }

    public VerdictCertificate Decide(Registration registration, Verdict value)
    {
        BeginEverywhere(registration);
        var by = registration.SideOf(value);
        return Propose(registration, by, value, value == Verdict.Dest && registration.Kind == RegisterKind.Migration ? Token(registration.Register) : null)!;
    }
}
