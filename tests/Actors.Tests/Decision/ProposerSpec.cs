using ActorMigration.Contracts;
using static ActorMigration.Actors.Tests.Decision.Cluster;

namespace ActorMigration.Actors.Tests.Decision;

public sealed class ProposerSpec
{
    private readonly Cluster _cluster = new();
    private readonly Registration _first = Registration(new Fence(1, 1), A, B);

    [Fact]
    public void The_first_value_wins_and_the_other_side_learns_it()
    {
        _cluster.BeginEverywhere(_first);
        var chosen = _cluster.Propose(_first, B, Verdict.Dest, Token(_first.Register), 0, B, W);

        var learned = _cluster.Propose(_first, A, Verdict.Source, null, 5);

        Assert.Equal(Verdict.Dest, chosen!.Value);
        Assert.Equal(Verdict.Dest, learned!.Value);
    }

    [Fact]
    public void Without_a_majority_nothing_is_concluded()
    {
        _cluster.BeginEverywhere(_first);

        Assert.Null(_cluster.Propose(_first, A, Verdict.Source, null, 0, A));
    }

    [Fact]
    public void A_voter_that_missed_BEGIN_is_told_by_either_party()
    {
        Assert.IsType<VoterReply.Registered>(_cluster.Ask(A, A, new VoterRequest.Begin(_first)));

        Assert.NotNull(_cluster.Propose(_first, B, Verdict.Dest, Token(_first.Register), 0, A, W));
        Assert.Equal(_first.Register, _cluster[W].Open!.Id);
    }

    [Fact]
    public void A_ballot_is_asked_for_only_after_it_was_written()
    {
        var (next, actions) = new Proposer(_first, A, _cluster.Keys, 7).Step(new ProposerEvent.Propose(Verdict.Source, null));

        Assert.Equal(new ProposerAction.WriteBallot(8), Assert.Single(actions));
        Assert.Empty(next.Step(new ProposerEvent.BallotWritten(7)).Actions);
        Assert.All(next.Step(new ProposerEvent.BallotWritten(8)).Actions, a => Assert.IsType<ProposerAction.Ask>(a));
    }

    /// <summary>Why ballots are on the disk before use: a proposer that starts again with its old ballot and another wish gets both values chosen.</summary>
    [Fact]
    public void A_ballot_used_twice_with_another_wish_would_choose_both_values()
    {
        _cluster.BeginEverywhere(_first);
        var ballot = new Ballot(1, B);
        _cluster.Ask(W, B, new VoterRequest.Prepare(_first.Register, ballot));
        _cluster.Ask(W, B, new VoterRequest.Accept(_first.Register, ballot, Verdict.Dest, Token(_first.Register)));
        var late = new VoterRequest.Accept(_first.Register, ballot, Verdict.Dest, Token(_first.Register));

        // Restarted without its ballot, its tree dead, it wishes SOURCE; the two other voters have promised nothing yet.
        var source = _cluster.Propose(_first, B, Verdict.Source, null, counter: 0, A, B);
        var accept = Assert.IsType<VoterReply.Accepted>(_cluster.Ask(A, B, late)).Accept;
        var other = Assert.IsType<VoterReply.Accepted>(_cluster.Ask(W, B, late)).Accept;
        var dest = new VerdictCertificate(_first.Register, Verdict.Dest, [accept, other]);

        Assert.True(VerdictCheck.Verify(source!, _first, _cluster.Keys));
        Assert.True(VerdictCheck.Verify(dest, _first, _cluster.Keys));

        // With the ballot from the journal the same schedule agrees.
        var again = new Cluster();
        again.BeginEverywhere(_first);
        again.Ask(W, B, new VoterRequest.Prepare(_first.Register, ballot));
        again.Ask(W, B, late);
        Assert.Equal(Verdict.Source, again.Propose(_first, B, Verdict.Source, null, counter: 1, A, B)!.Value);
        Assert.IsType<VoterReply.Outbid>(again.Ask(A, B, late));
    }

    [Fact]
    public void An_accept_with_a_forged_signature_does_not_count()
    {
        _cluster.BeginEverywhere(_first);
        var certificate = _cluster.Propose(_first, A, Verdict.Source, null, 0, A, W)!;
        var forged = certificate with { Accepts = [certificate.Accepts[0], certificate.Accepts[1] with { Voter = B }] };

        Assert.Null(VerdictCheck.WhyNot(certificate, _first, _cluster.Keys));
        Assert.NotNull(VerdictCheck.WhyNot(forged, _first, _cluster.Keys));
        Assert.NotNull(VerdictCheck.WhyNot(certificate with { Accepts = [certificate.Accepts[0], certificate.Accepts[0]] }, _first, _cluster.Keys));
        Assert.NotNull(VerdictCheck.WhyNot(certificate with { Value = Verdict.Dest }, _first, _cluster.Keys));
    }

    [Fact]
    public void An_accept_of_another_state_directory_does_not_count()
    {
        _cluster.BeginEverywhere(_first);
        var certificate = _cluster.Propose(_first, A, Verdict.Source, null, 0, A, W)!;
        var named = _first with { Voters = [.. _first.Voters.Select(v => v.Host == W ? v with { Incarnation = Guid.Empty } : v)] };

        Assert.NotNull(VerdictCheck.WhyNot(certificate, named, _cluster.Keys));
        Assert.Null(new Cluster().Propose(named, A, Verdict.Source, null, 0, A, W));
    }
}
