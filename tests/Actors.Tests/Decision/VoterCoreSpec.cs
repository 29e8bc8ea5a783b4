using ActorMigration.Contracts;
using ActorMigration.Simulator;
using static ActorMigration.Actors.Tests.Decision.Cluster;

namespace ActorMigration.Actors.Tests.Decision;

public sealed class VoterCoreSpec
{
    private readonly Cluster _cluster = new();
    private readonly Registration _first = Registration(new Fence(1, 1), A, B);

    [Fact]
    public void A_register_that_was_not_begun_here_is_unknown_and_nothing_is_promised()
    {
        var reply = _cluster.Ask(W, B, new VoterRequest.Prepare(_first.Register, new Ballot(1, B)));

        Assert.IsType<VoterReply.UnknownRegister>(reply);
        Assert.Null(_cluster[W].Open);
    }

    [Fact]
    public void DEST_without_a_token_is_refused()
    {
        _cluster.BeginEverywhere(_first);

        Assert.IsType<VoterReply.Refused>(_cluster.Ask(W, B, new VoterRequest.Accept(_first.Register, new Ballot(1, B), Verdict.Dest, null)));
    }

    [Fact]
    public void DEST_with_a_forged_token_is_refused()
        => AssertRefusesToken(Token(_first.Register, signature: 2));

    [Fact]
    public void DEST_with_the_token_of_another_attempt_is_refused()
        => AssertRefusesToken(Token(_first.Register with { Attempt = AttemptId.New() }));

    [Fact]
    public void DEST_with_the_token_of_an_older_fence_is_refused()
        => AssertRefusesToken(Token(_first.Register with { Fence = new Fence(0, 1) }));

    [Fact]
    public void A_host_that_is_no_party_may_not_propose()
    {
        _cluster.BeginEverywhere(_first);

        Assert.IsType<VoterReply.Refused>(_cluster.Ask(A, W, new VoterRequest.Prepare(_first.Register, new Ballot(1, W))));
        Assert.IsType<VoterReply.Refused>(_cluster.Ask(A, B, new VoterRequest.Prepare(_first.Register, new Ballot(1, A))));
    }

    [Fact]
    public void A_registration_that_the_source_did_not_sign_opens_nothing()
    {
        var forged = _first with { Destination = W, Signature = _first.Signature };

        var reply = Assert.IsType<VoterReply.BeginRefused>(_cluster.Ask(A, W, new VoterRequest.Begin(forged)));
        Assert.Equal(BeginRefusal.NotGenuine, reply.Reason);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Even_and_too_few_voters_are_refused(int voters)
        => Assert.NotNull(VerdictCheck.WhyNotVoters([.. Enumerable.Range(0, voters).Select(i => new HostName($"h{i}"))]));

    [Fact]
    public void A_second_attempt_is_refused_while_one_is_open()
    {
        _cluster.BeginEverywhere(_first);

        var reply = Assert.IsType<VoterReply.BeginRefused>(_cluster.Ask(A, A, new VoterRequest.Begin(Registration(new Fence(1, 2), A, B))));
        Assert.Equal(BeginRefusal.OtherAttemptOpen, reply.Reason);
    }

    [Fact]
    public void A_rolled_back_owner_cannot_begin_below_the_floor()
    {
        var certificate = _cluster.Decide(_first, Verdict.Dest);
        _cluster.Ask(W, B, new VoterRequest.Learn(certificate));

        var reply = Assert.IsType<VoterReply.BeginRefused>(_cluster.Ask(W, A, new VoterRequest.Begin(Registration(new Fence(1, 2), A, W))));
        Assert.Equal(BeginRefusal.BelowFloor, reply.Reason);
        Assert.Equal(B, Assert.IsType<VoterReply.Floor>(_cluster.Ask(W, A, new VoterRequest.AskFloor(Name))).Owner);
    }

    [Fact]
    public void The_verdict_before_closes_what_a_voter_missed()
    {
        var closed = new ClosedRegister(_first, _cluster.Decide(_first, Verdict.Dest));
        var next = Registration(new Fence(2, 1), B, A, RegisterKind.Migration, closed);

        Assert.IsType<VoterReply.Registered>(_cluster.Ask(W, B, new VoterRequest.Begin(next)));
        Assert.Equal(next.Register, _cluster[W].Open!.Id);
    }

    [Fact]
    public void A_forged_verdict_before_closes_nothing()
    {
        _cluster.BeginEverywhere(_first);
        var unsigned = new VerdictCertificate(_first.Register, Verdict.Dest, []);
        var next = Registration(new Fence(2, 1), B, A, RegisterKind.Migration, new ClosedRegister(_first, unsigned));

        Assert.IsType<VoterReply.BeginRefused>(_cluster.Ask(W, B, new VoterRequest.Begin(next)));
        Assert.Equal(_first.Register, _cluster[W].Open!.Id);
    }

    [Fact]
    public void A_verdict_is_kept_until_both_parties_have_it_and_the_floor_for_ever()
    {
        var certificate = _cluster.Decide(_first, Verdict.Source);
        _cluster.Ask(W, B, new VoterRequest.Learn(certificate));
        Assert.IsType<VoterReply.Decided>(_cluster.Ask(W, A, new VoterRequest.Prepare(_first.Register, new Ballot(9, A))));

        _cluster.Ask(W, A, new VoterRequest.Learn(certificate));

        Assert.IsType<VoterReply.Forgotten>(_cluster.Ask(W, A, new VoterRequest.Prepare(_first.Register, new Ballot(9, A))));
        Assert.Equal(new Fence(1, 2), _cluster[W].Lowest);
    }

    [Fact]
    public void A_replayed_certificate_of_another_attempt_is_refused()
    {
        var other = _cluster.Decide(_first, Verdict.Source);
        var second = Registration(new Fence(1, 2), A, B, RegisterKind.Migration, new ClosedRegister(_first, other));
        _cluster.BeginEverywhere(second);

        Assert.NotNull(VerdictCheck.WhyNot(other, second, _cluster.Keys));
        Assert.NotNull(VerdictCheck.WhyNot(other with { Register = second.Register }, second, _cluster.Keys));
    }

    [Fact]
    public void One_name_is_given_to_one_host_only()
    {
        foreach (var voter in Voters)
        {
            _cluster[voter] = ContainerBallots.Fresh(Name);
        }

        var mine = Registration(new Fence(0, 1), A, A, RegisterKind.Creation);
        var theirs = Registration(new Fence(0, 1), B, B, RegisterKind.Creation);
        Assert.NotNull(_cluster.Decide(mine, Verdict.Dest));

        var reply = Assert.IsType<VoterReply.BeginRefused>(_cluster.Ask(W, B, new VoterRequest.Begin(theirs)));
        Assert.Equal(BeginRefusal.OtherAttemptOpen, reply.Reason);
    }

    [Fact]
    public void An_admitted_voter_gives_no_name_away_that_others_may_have_given_already()
    {
        foreach (var voter in Voters)
        {
            _cluster[voter] = ContainerBallots.Fresh(Name);
        }

        var theirs = Registration(new Fence(0, 1), B, B, RegisterKind.Creation);
        foreach (var voter in new[] { A, B })
        {
            Assert.IsType<VoterReply.Registered>(_cluster.Ask(voter, B, new VoterRequest.Begin(theirs)));
        }

        // A has lost its disk, and W has missed everything.
        var told = new[] { B, W }.Select(v => new VoterReply.Memory(v, Guid.NewGuid(), VoterStanding.Votes, [], [VoterAdmission.WhatIsTold(_cluster[v])], false, Set));
        var admit = Assert.IsType<AdmissionStep.Admit>(VoterAdmission.Decide(new RegisteredVoter(A, Guid.NewGuid()), false, Set, told));
        _cluster[A] = VoterAdmission.Combine(null, Assert.Single(admit.Containers));

        var mine = Registration(new Fence(0, 1), W, W, RegisterKind.Creation);
        var reply = Assert.IsType<VoterReply.BeginRefused>(_cluster.Ask(A, W, new VoterRequest.Begin(mine)));
        Assert.Equal(BeginRefusal.OtherAttemptOpen, reply.Reason);
        Assert.Contains(theirs.Register, VoterAdmission.WhatIsTold(_cluster[A]).Unsettled);
    }

    [Fact]
    public void What_is_unsettled_is_not_withdrawn()
    {
        var register = new RegisterId(Name, new Fence(0, 1), AttemptId.New());
        _cluster[W] = ContainerBallots.Fresh(Name) with { Unsettled = [register] };

        Assert.IsType<VoterReply.Done>(_cluster.Ask(W, A, new VoterRequest.Withdraw(register)));

        Assert.Equal(register, Assert.Single(_cluster[W].Unsettled));
    }

    [Fact]
    public void The_verdict_before_that_BEGIN_brings_along_settles_what_was_unsettled()
    {
        var certificate = _cluster.Decide(_first, Verdict.Source);
        _cluster[W] = ContainerBallots.Fresh(Name) with { Lowest = new Fence(1, 1), Owner = A, Unsettled = [_first.Register] };
        var next = Registration(new Fence(1, 2), A, B, RegisterKind.Migration, new ClosedRegister(_first, certificate!));

        Assert.IsType<VoterReply.Registered>(_cluster.Ask(W, A, new VoterRequest.Begin(next)));
        Assert.Empty(_cluster[W].Unsettled);
    }

    [Fact]
    public void A_creator_that_proposed_nothing_may_withdraw_and_one_that_was_accepted_may_not()
    {
        foreach (var voter in Voters)
        {
            _cluster[voter] = ContainerBallots.Fresh(Name);
        }

        var mine = Registration(new Fence(0, 1), A, A, RegisterKind.Creation);
        _cluster.BeginEverywhere(mine);
        Assert.IsType<VoterReply.Done>(_cluster.Ask(W, A, new VoterRequest.Withdraw(mine.Register)));
        Assert.Null(_cluster[W].Open);

        _cluster.Ask(B, A, new VoterRequest.Accept(mine.Register, new Ballot(1, A), Verdict.Dest, null));
        Assert.IsType<VoterReply.Refused>(_cluster.Ask(B, A, new VoterRequest.Withdraw(mine.Register)));
    }

    [Fact]
    public void Only_the_owner_frees_a_name_and_its_epoch_stays_closed()
    {
        Assert.IsType<VoterReply.Refused>(_cluster.Ask(W, B, new VoterRequest.Release(Name, 1)));
        Assert.IsType<VoterReply.Done>(_cluster.Ask(W, A, new VoterRequest.Release(Name, 1)));

        Assert.Null(_cluster[W].Owner);
        Assert.Equal(new Fence(2, 1), _cluster[W].Lowest);
    }

    [Fact]
    public void A_voter_whose_disk_went_back_abstains_in_what_was_begun_before()
    {
        _cluster.BeginEverywhere(_first);
        var then = _cluster[W];
        _cluster.Ask(W, B, new VoterRequest.Prepare(_first.Register, new Ballot(1, B)));
        _cluster.Ask(W, B, new VoterRequest.Accept(_first.Register, new Ballot(1, B), Verdict.Dest, Token(_first.Register)));

        _cluster.GoBack(W, then);

        Assert.IsType<VoterReply.Refused>(_cluster.Ask(W, A, new VoterRequest.Prepare(_first.Register, new Ballot(2, A))));
        Assert.IsType<VoterReply.Refused>(_cluster.Ask(W, A, new VoterRequest.Accept(_first.Register, new Ballot(2, A), Verdict.Source, null)));
        Assert.Null(_cluster[W].Open!.Promised);
    }

    [Fact]
    public void A_voter_that_BEGIN_does_not_name_abstains()
    {
        var unsigned = _first with { Voters = [.. _first.Voters.Select(v => v.Host == W ? v with { Incarnation = Guid.Empty } : v)] };
        var unnamed = unsigned with { Signature = FakeKeys.Sign(A, DecisionBytes.ToSign(unsigned)) };

        var reply = Assert.IsType<VoterReply.BeginRefused>(_cluster.Ask(W, A, new VoterRequest.Begin(unnamed)));
        Assert.Equal(BeginRefusal.OtherIncarnation, reply.Reason);
        Assert.IsType<VoterReply.Registered>(_cluster.Ask(B, A, new VoterRequest.Begin(unnamed)));
    }

    private void AssertRefusesToken(HandOverToken token)
    {
        _cluster.BeginEverywhere(_first);

        Assert.IsType<VoterReply.Refused>(_cluster.Ask(W, B, new VoterRequest.Accept(_first.Register, new Ballot(1, B), Verdict.Dest, token)));
        Assert.Null(_cluster[W].Open!.AcceptedBallot);
    }
}
