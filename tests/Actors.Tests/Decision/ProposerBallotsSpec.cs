using System.Collections.Immutable;
using ActorMigration.Contracts;
using ActorMigration.Simulator;
using static ActorMigration.Actors.Tests.Decision.Cluster;

namespace ActorMigration.Actors.Tests.Decision;

/// <summary>A proposer's ballots, reply by reply.</summary>
public sealed class ProposerBallotsSpec
{
    private readonly Registration _first = Registration(new Fence(1, 1), A, B);
    private Proposer _proposer;
    private ImmutableArray<ProposerAction> _actions = [];

    public ProposerBallotsSpec() => _proposer = new Proposer(_first, A, FakeKeys.Instance, 0);

    [Fact]
    public void A_promise_that_comes_late_does_not_cost_its_voter_the_vote()
    {
        ProposeSource(1);
        Reply(A, Promised());
        Reply(B, Promised());
        Assert.Equal(ProposerState.Accepting, _proposer.State);

        Reply(W, Promised());
        Reply(A, Accepted(A));
        Take(new ProposerEvent.NoReply(B, Ballot, _proposer.State));
        Reply(W, Accepted(W));

        Assert.Equal(["a", "w"], Assert.IsType<ProposerAction.Decided>(Assert.Single(_actions)).Certificate.Accepts.Select(a => a.Voter.Value));
    }

    [Fact]
    public void The_value_of_the_highest_ballot_among_the_promises_is_proposed_and_not_the_wish()
    {
        var token = Token(_first.Register);
        ProposeSource(3);
        Reply(A, Promised(new Ballot(1, A), Verdict.Source));
        Reply(B, Promised(new Ballot(2, B), Verdict.Dest, token));

        Assert.Equal(Voters.Length, Asked<VoterRequest.Accept>().Count());
        Assert.All(Asked<VoterRequest.Accept>(), a => Assert.Equal((Verdict.Dest, token), (a.Value, a.Token)));
    }

    [Fact]
    public void Promises_are_held_until_there_is_something_to_propose()
    {
        Take(new ProposerEvent.SeekPromises());
        Take(new ProposerEvent.BallotWritten(1));
        Reply(A, Promised());
        Reply(A, Promised());
        Assert.Equal(ProposerState.Preparing, _proposer.State);
        Reply(W, Promised());
        Assert.IsType<ProposerAction.PromisesHeld>(Assert.Single(_actions));

        Take(new ProposerEvent.Propose(Verdict.Dest, Token(_first.Register)));
        Assert.Equal(Voters.Length, Asked<VoterRequest.Accept>().Count());
        Assert.Empty(Take(new ProposerEvent.Propose(Verdict.Source, null)));
        Assert.Equal(Verdict.Source, _proposer.Wish);
    }

    [Fact]
    public void That_a_promise_does_not_come_is_no_answer_to_the_accept_that_is_out_by_then()
    {
        ProposeSource(1);
        Reply(A, Promised());
        Reply(B, Promised());
        Take(new ProposerEvent.NoReply(B, Ballot, ProposerState.Accepting));

        Assert.Empty(Take(new ProposerEvent.NoReply(W, Ballot, ProposerState.Preparing)));
        Reply(A, Accepted(A));
        Reply(W, Accepted(W));

        Assert.Equal(["a", "w"], Assert.IsType<ProposerAction.Decided>(Assert.Single(_actions)).Certificate.Accepts.Select(a => a.Voter.Value));
    }

    [Fact]
    public void A_ballot_fails_when_no_majority_is_left_and_the_next_one_is_above_all_that_was_heard_of()
    {
        ProposeSource(1);
        Assert.Empty(Reply(B, new VoterReply.Outbid(B, new Ballot(7, B))));
        Assert.Empty(Take(new ProposerEvent.NoReply(W, new Ballot(9, A), _proposer.State)));
        Assert.Equal(new ProposerAction.BackOff(1, 1), Assert.Single(Reply(W, new VoterReply.Outbid(W, new Ballot(5, B)))));

        Assert.Empty(Take(new ProposerEvent.RetryDue(2)));
        Assert.Equal(new ProposerAction.WriteBallot(8), Assert.Single(Take(new ProposerEvent.RetryDue(1))));
        Assert.Empty(Take(new ProposerEvent.BallotFailed(1)));
        Assert.Equal(new ProposerAction.BackOff(8, 2), Assert.Single(Take(new ProposerEvent.BallotFailed(8))));
    }

    [Fact]
    public void Failures_are_counted_anew_after_promises_were_held()
    {
        Take(new ProposerEvent.SeekPromises());
        Take(new ProposerEvent.BallotFailed(1));
        Take(new ProposerEvent.RetryDue(1));
        Take(new ProposerEvent.BallotWritten(2));
        Reply(A, Promised());
        Reply(B, Promised());
        Take(new ProposerEvent.Propose(Verdict.Source, null));
        Reply(A, new VoterReply.Refused(A, "no"));

        Assert.Equal(new ProposerAction.BackOff(2, 1), Assert.Single(Reply(B, new VoterReply.Refused(B, "no"))));
    }

    [Fact]
    public void A_reply_to_an_earlier_ballot_and_a_promise_of_another_one_do_not_count()
    {
        ProposeSource(2);
        Take(new ProposerEvent.Replied(A, new Ballot(1, A), Promised()));
        Take(new ProposerEvent.Replied(B, new Ballot(1, A), Promised()));
        Assert.Equal(ProposerState.Preparing, _proposer.State);

        Reply(A, Promised() with { Ballot = new Ballot(1, A) });
        Assert.IsType<ProposerAction.BackOff>(Assert.Single(Reply(B, Promised() with { Ballot = new Ballot(1, A) })));
    }

    [Fact]
    public void A_voter_that_missed_BEGIN_is_told_and_asked_the_same_again()
    {
        ProposeSource(1);
        Assert.Equal(_first, Assert.Single(Asked<VoterRequest.Begin>(Reply(W, new VoterReply.UnknownRegister(W)))).Registration);
        Assert.Equal(Ballot, Assert.Single(Asked<VoterRequest.Prepare>(Reply(W, new VoterReply.Registered(W, Guid.Empty)))).Ballot);
        Reply(A, Promised());
        Reply(B, Promised());

        Assert.Single(Asked<VoterRequest.Begin>(Reply(W, new VoterReply.UnknownRegister(W))));
        var again = Assert.Single(Asked<VoterRequest.Accept>(Reply(W, new VoterReply.Registered(W, Guid.Empty))));
        Assert.Equal((_first.Register, Ballot, Verdict.Source), (again.Register, again.Ballot, again.Value));

        Take(new ProposerEvent.NoReply(W, Ballot, _proposer.State));
        Assert.Empty(Reply(W, new VoterReply.UnknownRegister(W)));
        Assert.Empty(Reply(W, new VoterReply.Registered(W, Guid.Empty)));
    }

    [Fact]
    public void An_accept_counts_only_as_exactly_what_was_asked_for()
    {
        var good = Accepted(W).Accept;
        foreach (var bad in (SignedAccept[])[
            Signed(good with { Voter = B }, W), Signed(good with { Ballot = new Ballot(2, A) }, W), Signed(good with { Value = Verdict.Dest }, W),
            Signed(good with { Register = _first.Register with { Attempt = AttemptId.New() } }, W), Signed(good with { Incarnation = Guid.NewGuid() }, W), Signed(good, B)])
        {
            _proposer = new Proposer(_first, A, FakeKeys.Instance, 0);
            ProposeSource(1);
            Reply(A, Promised());
            Reply(B, Promised());
            Reply(A, Accepted(A));

            Assert.Empty(Reply(W, new VoterReply.Accepted(bad)));
            Assert.Empty(Reply(W, new VoterReply.Accepted(good)));
            Assert.IsType<ProposerAction.BackOff>(Assert.Single(Take(new ProposerEvent.NoReply(B, Ballot, _proposer.State))));
        }
    }

    [Fact]
    public void An_accept_that_was_not_asked_for_does_not_count()
    {
        ProposeSource(1);
        Reply(A, Promised());
        Reply(B, Promised());
        Take(new ProposerEvent.NoReply(A, Ballot, _proposer.State));
        Take(new ProposerEvent.NoReply(B, Ballot, _proposer.State));
        Take(new ProposerEvent.RetryDue(1));
        Take(new ProposerEvent.BallotWritten(2));

        Reply(A, Accepted(A));
        Assert.IsType<ProposerAction.BackOff>(Assert.Single(Reply(W, Accepted(W))));
    }

    [Fact]
    public void A_verdict_is_learned_from_a_valid_certificate_in_any_state_and_ends_everything()
    {
        var cluster = new Cluster();
        var certificate = cluster.Decide(_first, Verdict.Source);
        Assert.Empty(Take(new ProposerEvent.Replied(W, new Ballot(9, B), new VoterReply.Decided(certificate with { Accepts = [] }))));

        Assert.Equal(new ProposerAction.Decided(certificate), Assert.Single(Take(new ProposerEvent.Replied(W, new Ballot(9, B), new VoterReply.Decided(certificate)))));
        Assert.Empty(Take(new ProposerEvent.Propose(Verdict.Source, null)));
    }

    private Ballot Ballot => new(_proposer.Counter, A);

    private void ProposeSource(long counter)
    {
        _proposer = _proposer with { Counter = counter - 1 };
        Take(new ProposerEvent.Propose(Verdict.Source, null));
        Take(new ProposerEvent.BallotWritten(counter));
    }

    private ImmutableArray<ProposerAction> Take(ProposerEvent e)
    {
        (_proposer, _actions) = _proposer.Step(e);
        return _actions;
    }

    private ImmutableArray<ProposerAction> Reply(HostName voter, VoterReply reply) => Take(new ProposerEvent.Replied(voter, Ballot, reply));

    private IEnumerable<T> Asked<T>(ImmutableArray<ProposerAction>? actions = null)
        where T : VoterRequest
        => (actions ?? _actions).OfType<ProposerAction.Ask>().Select(a => a.Request).OfType<T>();

    private VoterReply.Promised Promised(Ballot? accepted = null, Verdict? value = null, HandOverToken? token = null) => new(A, Ballot, accepted, value, token);

    private VoterReply.Accepted Accepted(HostName voter)
        => new(Signed(new SignedAccept(voter, Array.Find(_first.Voters, v => v.Host == voter)!.Incarnation, _first.Register, _proposer.Counter == 0 ? new Ballot(1, A) : Ballot, Verdict.Source, []), voter));

    private static SignedAccept Signed(SignedAccept accept, HostName by) => accept with { Signature = FakeKeys.Sign(by, DecisionBytes.ToSign(accept)) };
}
