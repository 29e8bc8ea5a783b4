using ActorMigration.Contracts;
using ActorMigration.Simulator;
using static ActorMigration.Actors.Tests.Decision.Cluster;

namespace ActorMigration.Actors.Tests.Decision;

/// <summary>What a voter refuses to open, and what it leaves closed; each case is genuine but for one thing.</summary>
public sealed class VoterBeginSpec
{
    private readonly Cluster _cluster = new();
    private readonly Registration _first = Registration(new Fence(1, 1), A, B);

    [Fact]
    public void Voters_that_are_not_the_configured_ones_are_refused()
    {
        var stranger = new RegisteredVoter(new HostName("x"), Guid.NewGuid());
        var voters = _first.Voters;

        Assert.Equal(BeginRefusal.BadVoters, Refusal(_first with { Voters = [voters[0], stranger, voters[2]] }));
        Assert.Equal(BeginRefusal.BadVoters, Refusal(_first with { Voters = [voters[2]] }));
        Assert.Equal(BeginRefusal.BadVoters, Refusal(_first with { Voters = [.. voters, stranger, new RegisteredVoter(new HostName("y"), Guid.NewGuid())] }));
        Assert.Equal(BeginRefusal.BadVoters, Refusal(_first with { Voters = [.. voters, voters[0], voters[1]] }));
        Assert.Equal(BeginRefusal.BadVoters, Refusal(_first with { Voters = [voters[0], voters[0], voters[2]] }));
    }

    [Fact]
    public void What_the_set_before_has_decided_counts_and_nothing_is_begun_with_it()
    {
        var x = new HostName("x");
        var incarnation = Guid.NewGuid();
        var certificate = new Cluster().Decide(_first, Verdict.Source);
        var unsigned = _first with { Register = new RegisterId(Name, new Fence(1, 2), AttemptId.New()), Voters = [_first.Voters[0], _first.Voters[1], new RegisteredVoter(x, incarnation)], Previous = [new ClosedRegister(_first, certificate)] };
        var next = unsigned with { Signature = FakeKeys.Sign(A, DecisionBytes.ToSign(unsigned)) };
        var state = ContainerBallots.Fresh(Name) with { Lowest = new Fence(1, 1), Owner = A };
        VoterReply Ask(VoterRequest request, params HostName[] before)
            => new VoterCore(x, incarnation, [A, B, x], new FakeSigner(x), new FakeKeys(), static (_, _) => true) { SetNumber = 2, Before = [.. before] }.Answer(state, A, request).Reply;

        Assert.IsType<VoterReply.Registered>(Ask(new VoterRequest.Begin(next), A, B, W));
        Assert.Equal(BeginRefusal.ChainBroken, Assert.IsType<VoterReply.BeginRefused>(Ask(new VoterRequest.Begin(next))).Reason);
        Assert.Equal(BeginRefusal.BadVoters, Assert.IsType<VoterReply.BeginRefused>(Ask(new VoterRequest.Begin(_first), A, B, W)).Reason);
        Assert.Equal(2, Assert.IsType<VoterReply.Floor>(Ask(new VoterRequest.AskFloor(Name))).Set);
    }

    [Fact]
    public void A_register_of_the_set_before_can_be_resolved()
    {
        var resolution = new Resolution(_first.Register, 1, Verdict.Source, [W], "root", "why", 0);
        var resolved = new VerdictCertificate(_first.Register, Verdict.Source, [], new ResolvedBy(resolution, [.. new[] { A, B }.Select(h => new SignedConsent(h, new FakeSigner(h).Sign(DecisionBytes.ToSign(h, resolution))))]));
        var state = ContainerBallots.Fresh(Name) with { Lowest = new Fence(1, 1), Owner = A };
        VoterReply Ask(VoterRequest request, params HostName[] before)
            => new VoterCore(B, Guid.NewGuid(), [A, B, new HostName("x")], new FakeSigner(B), new FakeKeys(), static (_, _) => true) { SetNumber = 2, Before = [.. before] }.Answer(state, A, request).Reply;

        Assert.IsType<VoterReply.ResolutionPromised>(Ask(new VoterRequest.PrepareResolution(_first, 1, Verdict.Source, false), A, B, W));
        Assert.IsType<VoterReply.Done>(Ask(new VoterRequest.SpreadResolution(new ClosedRegister(_first, resolved)), A, B, W));
        Assert.IsType<VoterReply.Refused>(Ask(new VoterRequest.PrepareResolution(_first, 1, Verdict.Source, false)));
        Assert.IsType<VoterReply.Refused>(Ask(new VoterRequest.SpreadResolution(new ClosedRegister(_first, resolved))));
    }

    [Fact]
    public void Only_a_party_delivers_a_registration_and_a_creation_has_one_party()
    {
        Assert.Equal(BeginRefusal.NotGenuine, Assert.IsType<VoterReply.BeginRefused>(_cluster.Ask(A, W, new VoterRequest.Begin(_first))).Reason);
        Assert.IsType<VoterReply.Registered>(_cluster.Ask(A, B, new VoterRequest.Begin(_first)));

        _cluster[W] = ContainerBallots.Fresh(Name);
        Assert.Equal(BeginRefusal.NotGenuine, Assert.IsType<VoterReply.BeginRefused>(_cluster.Ask(W, A, new VoterRequest.Begin(Registration(new Fence(0, 1), A, B, RegisterKind.Creation)))).Reason);
    }

    [Fact]
    public void A_fence_that_does_not_follow_and_a_source_that_is_not_the_owner_are_refused()
    {
        Assert.Equal(BeginRefusal.ChainBroken, Refusal(Registration(new Fence(1, 2), A, B)));
        Assert.Equal(BeginRefusal.NotTheOwner, Assert.IsType<VoterReply.BeginRefused>(_cluster.Ask(W, B, new VoterRequest.Begin(Registration(new Fence(1, 1), B, A)))).Reason);
        Assert.Equal(BeginRefusal.NotTheOwner, Refusal(Registration(new Fence(1, 1), A, A, RegisterKind.Creation)));
        _cluster[A] = _cluster[A] with { Owner = null };
        Assert.Equal(BeginRefusal.NotTheOwner, Refusal(_first));
    }

    [Fact]
    public void A_verdict_before_that_is_not_genuine_closes_nothing()
    {
        var certificate = new Cluster().Decide(_first, Verdict.Source);
        Assert.IsType<VoterReply.Registered>(Begin(Next(new ClosedRegister(_first, certificate))));

        var voters = _first.Voters;
        foreach (var broken in (ClosedRegister[])[
            new(Resigned(_first with { Register = _first.Register with { Container = new ContainerName("c2") } }), certificate),
            new(Resigned(_first with { Voters = voters[..2] }), certificate),
            new(Resigned(_first with { Voters = [.. voters.Where(v => certificate.Accepts.Any(a => a.Voter == v.Host)), new RegisteredVoter(new HostName("x"), Guid.NewGuid())] }), certificate),
            new(_first with { Signature = [1] }, certificate),
            new(_first, certificate with { Accepts = certificate.Accepts[..1] })])
        {
            var register = broken.Registration.Register;
            var proof = register == _first.Register ? broken : broken with { Certificate = Moved(certificate, register) };

            Assert.Equal(BeginRefusal.ChainBroken, Refusal(Next(proof)));
            Assert.Equal(new Fence(1, 1), _cluster[A].Lowest);
        }
    }

    [Fact]
    public void A_verdict_before_that_is_known_is_not_written_again()
    {
        var certificate = _cluster.Decide(_first, Verdict.Source);
        _cluster.Ask(W, A, new VoterRequest.Learn(certificate));
        _cluster.Ask(W, B, new VoterRequest.Learn(certificate));
        Assert.Empty(_cluster[W].Kept);

        Assert.IsType<VoterReply.Registered>(_cluster.Ask(W, A, new VoterRequest.Begin(Next(new ClosedRegister(_first, certificate)))));

        Assert.Empty(_cluster[W].Kept);
    }

    [Fact]
    public void A_ballot_is_promised_once_and_only_above_the_promise()
    {
        _cluster.BeginEverywhere(_first);

        Assert.IsType<VoterReply.Promised>(_cluster.Ask(W, A, new VoterRequest.Prepare(_first.Register, new Ballot(2, A))));
        Assert.Equal(new Ballot(2, A), Assert.IsType<VoterReply.Outbid>(_cluster.Ask(W, A, new VoterRequest.Prepare(_first.Register, new Ballot(2, A)))).Highest);
        Assert.IsType<VoterReply.Outbid>(_cluster.Ask(W, A, new VoterRequest.Prepare(_first.Register, new Ballot(1, A))));
        Assert.IsType<VoterReply.Outbid>(_cluster.Ask(W, A, new VoterRequest.Accept(_first.Register, new Ballot(1, A), Verdict.Source, null)));
        Assert.IsType<VoterReply.Accepted>(_cluster.Ask(W, A, new VoterRequest.Accept(_first.Register, new Ballot(2, A), Verdict.Source, null)));
    }

    [Fact]
    public void A_migration_is_not_withdrawn_and_a_creation_only_by_its_creator()
    {
        _cluster.BeginEverywhere(_first);
        Assert.IsType<VoterReply.Refused>(_cluster.Ask(W, A, new VoterRequest.Withdraw(_first.Register)));
        Assert.NotNull(_cluster[W].Open);

        _cluster[W] = ContainerBallots.Fresh(Name);
        var mine = Registration(new Fence(0, 1), A, A, RegisterKind.Creation);
        Assert.IsType<VoterReply.Registered>(_cluster.Ask(W, A, new VoterRequest.Begin(mine)));
        Assert.IsType<VoterReply.Refused>(_cluster.Ask(W, B, new VoterRequest.Withdraw(mine.Register)));
        Assert.NotNull(_cluster[W].Open);
        Assert.IsType<VoterReply.Done>(_cluster.Ask(W, A, new VoterRequest.Withdraw(_first.Register)));
        Assert.NotNull(_cluster[W].Open);
    }

    [Fact]
    public void A_name_is_freed_for_its_own_epoch_only_and_not_while_an_attempt_is_open()
    {
        Assert.IsType<VoterReply.Done>(_cluster.Ask(W, A, new VoterRequest.Release(Name, 0)));
        Assert.IsType<VoterReply.Refused>(_cluster.Ask(W, A, new VoterRequest.Release(Name, 2)));
        _cluster.BeginEverywhere(_first);
        Assert.IsType<VoterReply.Refused>(_cluster.Ask(W, A, new VoterRequest.Release(Name, 1)));

        Assert.Equal((new Fence(1, 1), A), (_cluster[W].Lowest, _cluster[W].Owner!.Value));
    }

    private static Registration Next(ClosedRegister previous) => Registration(new Fence(1, 2), A, W, RegisterKind.Migration, previous);

    private static Registration Resigned(Registration registration) => registration with { Signature = FakeKeys.Sign(registration.Source, DecisionBytes.ToSign(registration)) };

    private static VerdictCertificate Moved(VerdictCertificate certificate, RegisterId register) => new(
        register,
        certificate.Value,
        [.. certificate.Accepts.Select(a => a with { Register = register }).Select(a => a with { Signature = FakeKeys.Sign(a.Voter, DecisionBytes.ToSign(a)) })]);

    private static VoterReply Begin(Registration registration) => new Cluster().Ask(A, A, new VoterRequest.Begin(registration));

    private BeginRefusal Refusal(Registration registration)
        => Assert.IsType<VoterReply.BeginRefused>(_cluster.Ask(A, registration.Source, new VoterRequest.Begin(Resigned(registration)))).Reason;
}
