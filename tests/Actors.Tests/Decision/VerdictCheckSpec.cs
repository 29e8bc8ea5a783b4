using ActorMigration.Contracts;
using ActorMigration.Simulator;
using static ActorMigration.Actors.Tests.Decision.Cluster;

namespace ActorMigration.Actors.Tests.Decision;

/// <summary>A certificate that lacks one thing proves nothing; each case here lacks exactly one.</summary>
public sealed class VerdictCheckSpec
{
    private readonly Registration _first = Registration(new Fence(1, 1), A, B);
    private readonly VerdictCertificate _certificate;

    public VerdictCheckSpec()
    {
        var cluster = new Cluster();
        cluster.BeginEverywhere(_first);
        _certificate = cluster.Propose(_first, A, Verdict.Source, null, 0, A, W)!;
    }

    [Fact]
    public void Two_of_three_voters_prove_a_verdict_and_one_does_not()
    {
        Assert.True(IsProof(_certificate));
        Assert.False(IsProof(_certificate with { Accepts = [_certificate.Accepts[0]] }));
        Assert.False(IsProof(_certificate with { Accepts = [] }));
    }

    [Fact]
    public void A_certificate_that_names_another_register_than_its_accepts_is_none()
        => Assert.False(IsProof(_certificate with { Register = _first.Register with { Attempt = AttemptId.New() } }));

    [Fact]
    public void A_value_that_nobody_knows_is_none()
        => Assert.False(IsProof(new VerdictCertificate(_first.Register, (Verdict)3, [Accept(A, (Verdict)3), Accept(W, (Verdict)3)])));

    [Fact]
    public void Accepts_of_another_register_ballot_or_value_are_not_counted_together()
    {
        Assert.False(IsProof(With(Signed(_certificate.Accepts[1] with { Register = _first.Register with { Attempt = AttemptId.New() } }))));
        Assert.False(IsProof(With(Signed(_certificate.Accepts[1] with { Ballot = new Ballot(2, A) }))));
        Assert.False(IsProof(With(Accept(W, Verdict.Dest))));
    }

    [Fact]
    public void A_host_that_is_no_voter_is_not_counted()
        => Assert.False(IsProof(With(Accept(new HostName("x"), Verdict.Source))));

    [Fact]
    public void A_voter_is_counted_with_its_registered_state_directory_its_own_signature_and_once()
    {
        Assert.False(IsProof(With(Signed(_certificate.Accepts[1] with { Incarnation = Guid.NewGuid() }))));
        Assert.False(IsProof(With(_certificate.Accepts[1] with { Signature = _certificate.Accepts[0].Signature })));
        Assert.False(IsProof(With(_certificate.Accepts[0])));
        Assert.False(IsProof(_certificate with { Accepts = [.. _certificate.Accepts, _certificate.Accepts[0]] }));
    }

    [Theory]
    [InlineData("a b w", true)]
    [InlineData("a b w d e", true)]
    [InlineData("a b", false)]
    [InlineData("a b w d", false)]
    [InlineData("a b w d e f", false)]
    [InlineData("a b w d e f g", false)]
    [InlineData("a b b", false)]
    public void Three_or_five_different_hosts_may_vote(string hosts, bool may)
        => Assert.Equal(may, VerdictCheck.WhyNotVoters([.. hosts.Split(' ').Select(h => new HostName(h))]) is null);

    private VerdictCertificate With(SignedAccept second) => _certificate with { Accepts = [_certificate.Accepts[0], second] };

    private SignedAccept Accept(HostName voter, Verdict value)
        => Signed(_certificate.Accepts[0] with { Voter = voter, Value = value, Incarnation = Array.Find(_first.Voters, v => v.Host == voter)?.Incarnation ?? Guid.Empty });

    private static SignedAccept Signed(SignedAccept accept) => accept with { Signature = FakeKeys.Sign(accept.Voter, DecisionBytes.ToSign(accept)) };

    private bool IsProof(VerdictCertificate certificate) => VerdictCheck.Verify(certificate, _first, FakeKeys.Instance);
}
