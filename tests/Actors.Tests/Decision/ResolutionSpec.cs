using ActorMigration.Contracts;
using ActorMigration.Simulator;
using static ActorMigration.Actors.Tests.Decision.Cluster;

namespace ActorMigration.Actors.Tests.Decision;

/// <summary>What a host does with the operator's word about a register, and what makes that word a verdict.</summary>
public sealed class ResolutionSpec
{
    private readonly Cluster _cluster = new();
    private readonly Registration _first = Registration(new Fence(1, 1), A, B);

    public ResolutionSpec() => _cluster.BeginEverywhere(_first);

    private Resolution Resolution(int generation = 1, Verdict value = Verdict.Source, params HostName[] fenced)
        => new(_first.Register, generation, value, fenced.Length == 0 ? [B, W] : fenced, "root", "why", 0);

    private static VerdictCertificate Certificate(Resolution resolution, params HostName[] consenting)
        => new(resolution.Register, resolution.Value, [], new ResolvedBy(resolution, [.. consenting.Select(h => new SignedConsent(h, new FakeSigner(h).Sign(DecisionBytes.ToSign(h, resolution))))]));

    private string? WhyNot(VerdictCertificate certificate) => VerdictCheck.WhyNot(certificate, _first, new FakeKeys());

    [Fact]
    public void With_the_consent_of_all_that_are_not_off_it_is_a_verdict()
        => Assert.Null(WhyNot(Certificate(Resolution(), A)));

    [Fact]
    public void A_consent_that_is_missing_forged_or_of_another_resolution_makes_it_none()
    {
        var resolution = Resolution(1, Verdict.Source, W);

        Assert.Null(WhyNot(Certificate(resolution, A, B)));
        Assert.Contains("host b", WhyNot(Certificate(resolution, A)), StringComparison.Ordinal);
        Assert.Contains("host a", WhyNot(Certificate(resolution, B)), StringComparison.Ordinal);
        var forged = Certificate(resolution, A, B);
        forged.ResolvedBy!.Consents[1] = forged.ResolvedBy.Consents[0] with { Host = B };
        Assert.Contains("host b", WhyNot(forged), StringComparison.Ordinal);
        var other = Certificate(Resolution(2, Verdict.Source, W), A, B);
        Assert.NotNull(WhyNot(other with { ResolvedBy = other.ResolvedBy! with { Resolution = resolution } }));
    }

    [Fact]
    public void Nobody_gives_the_container_to_a_host_that_is_off_or_names_hosts_that_have_no_part()
    {
        Assert.NotNull(WhyNot(Certificate(Resolution(1, Verdict.Dest, B, W), A)));
        Assert.NotNull(WhyNot(Certificate(Resolution(1, Verdict.Source, A, W), B)));
        Assert.NotNull(WhyNot(Certificate(Resolution(1, Verdict.Source, B, W, new HostName("x")), A)));
        Assert.NotNull(WhyNot(Certificate(Resolution(1, Verdict.Source, B, B, W), A)));
        Assert.NotNull(WhyNot(Certificate(Resolution(0), A)));
        Assert.NotNull(WhyNot(Certificate(Resolution(), A) with { Value = Verdict.Dest }));
        Assert.NotNull(WhyNot(Certificate(Resolution() with { Register = _first.Register with { Attempt = AttemptId.New() } }, A)));
    }

    [Fact]
    public void After_the_promise_the_voter_says_nothing_more_in_the_register_and_learns_no_ordinary_verdict()
    {
        Promise(W, 1);

        Assert.IsType<VoterReply.Refused>(_cluster.Ask(W, A, new VoterRequest.Prepare(_first.Register, new Ballot(9, A))));
        Assert.IsType<VoterReply.Refused>(_cluster.Ask(W, A, new VoterRequest.Accept(_first.Register, new Ballot(9, A), Verdict.Source, null)));
        var accepts = Decide(A, B);
        Assert.IsType<VoterReply.Refused>(_cluster.Ask(W, A, new VoterRequest.Learn(accepts)));
        var next = Registration(new Fence(1, 2), A, B);
        Assert.Equal(BeginRefusal.OtherAttemptOpen, Assert.IsType<VoterReply.BeginRefused>(_cluster.Ask(W, A, new VoterRequest.Begin(next))).Reason);
    }

    [Fact]
    public void A_generation_is_promised_once_and_who_comes_later_hears_what_was_consented_to()
    {
        Promise(A, 2);

        Assert.Equal(3, Assert.IsType<VoterReply.ResolutionPromised>(_cluster.Ask(A, W, new VoterRequest.PrepareResolution(_first, 2, Verdict.Source, false))).Generation);
        Assert.Equal(2, _cluster[A].Resolving!.Generation);
        Assert.Equal(2, Assert.IsType<VoterReply.ResolutionPromised>(_cluster.Ask(A, W, new VoterRequest.PrepareResolution(_first, 1, Verdict.Source, false))).Generation);
        Assert.IsType<VoterReply.ResolutionPromised>(_cluster.Ask(A, W, new VoterRequest.ConsentToResolution(Resolution(1))));
        Assert.IsType<VoterReply.Consented>(_cluster.Ask(A, W, new VoterRequest.ConsentToResolution(Resolution(2))));
        Assert.IsType<VoterReply.Consented>(_cluster.Ask(A, W, new VoterRequest.ConsentToResolution(Resolution(2))));
        Assert.IsType<VoterReply.Refused>(_cluster.Ask(A, W, new VoterRequest.ConsentToResolution(Resolution(2, Verdict.Dest, W))));

        var later = Assert.IsType<VoterReply.ResolutionPromised>(_cluster.Ask(A, W, new VoterRequest.PrepareResolution(_first, 3, Verdict.Source, false)));
        Assert.Equal((3, 2), (later.Generation, later.ConsentedTo!.Generation));
    }

    [Fact]
    public void A_host_consents_to_nothing_that_it_was_not_asked_to_prepare_or_that_calls_it_off()
    {
        Assert.IsType<VoterReply.Refused>(_cluster.Ask(A, W, new VoterRequest.ConsentToResolution(Resolution())));
        Promise(W, 1);
        Assert.Contains("answers", Assert.IsType<VoterReply.Refused>(_cluster.Ask(W, A, new VoterRequest.ConsentToResolution(Resolution()))).Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void A_registration_that_its_source_did_not_sign_or_with_other_voters_promises_nothing()
    {
        var foreign = Registration(new Fence(1, 3), A, B) with { Destination = W };

        Assert.IsType<VoterReply.Refused>(_cluster.Ask(A, W, new VoterRequest.PrepareResolution(foreign, 1, Verdict.Source, false)));
        Assert.IsType<VoterReply.Refused>(_cluster.Ask(A, new HostName("x"), new VoterRequest.PrepareResolution(_first, 1, Verdict.Source, false)));
        Assert.IsType<VoterReply.Refused>(_cluster.Ask(A, W, new VoterRequest.PrepareResolution(_first with { Voters = _first.Voters[..2] }, 1, Verdict.Source, false)));
        Assert.Null(_cluster[A].Resolving);
    }

    [Fact]
    public void A_verdict_that_a_host_had_itself_is_replaced_and_its_floor_rises_above_both()
    {
        var ordinary = Decide(W, B, Verdict.Dest);
        Assert.IsType<VoterReply.Done>(_cluster.Ask(W, B, new VoterRequest.Learn(ordinary)));
        Assert.Equal((new Fence(2, 1), B), (_cluster[W].Lowest, _cluster[W].Owner));
        var resolved = Certificate(Resolution(), A);

        Assert.IsType<VoterReply.Done>(_cluster.Ask(W, A, new VoterRequest.SpreadResolution(new ClosedRegister(_first, resolved))));

        Assert.Equal((new Fence(3, 1), A), (_cluster[W].Lowest, _cluster[W].Owner));
        Assert.Equal(1, Assert.IsType<VoterReply.Decided>(_cluster.Ask(W, B, new VoterRequest.Prepare(_first.Register, new Ballot(99, B)))).Certificate.Generation);
        // And never the other way round.
        _cluster.Ask(W, B, new VoterRequest.Learn(ordinary));
        Assert.Equal(1, Assert.IsType<VoterReply.Decided>(_cluster.Ask(W, B, new VoterRequest.Prepare(_first.Register, new Ballot(99, B)))).Certificate.Generation);
    }

    [Fact]
    public void What_is_spread_without_being_a_verdict_changes_nothing()
    {
        var before = _cluster[W];

        Assert.IsType<VoterReply.Refused>(_cluster.Ask(W, A, new VoterRequest.SpreadResolution(new ClosedRegister(_first, Certificate(Resolution())))));
        Assert.IsType<VoterReply.Refused>(_cluster.Ask(W, A, new VoterRequest.SpreadResolution(new ClosedRegister(_first, Decide(A, B)))));
        Assert.IsType<VoterReply.Refused>(_cluster.Ask(W, A, new VoterRequest.SpreadResolution(new ClosedRegister(_first with { Source = W }, Certificate(Resolution(), A)))));
        Assert.Equal(before, _cluster[W]);
    }

    [Fact]
    public void Whoever_has_promised_and_not_consented_is_let_go_by_the_verdict_of_the_voters()
    {
        var ordinary = Decide(A, B);
        Promise(W, 1);

        Assert.IsType<VoterReply.Refused>(_cluster.Ask(W, A, new VoterRequest.SpreadResolution(new ClosedRegister(_first, ordinary with { Accepts = ordinary.Accepts[..1] }))));
        Assert.IsType<VoterReply.Done>(_cluster.Ask(W, A, new VoterRequest.SpreadResolution(new ClosedRegister(_first, ordinary))));

        Assert.Null(_cluster[W].Resolving);
        Assert.Equal((new Fence(1, 2), A), (_cluster[W].Lowest, _cluster[W].Owner));
        Assert.Equal(0, Assert.IsType<VoterReply.Decided>(_cluster.Ask(W, A, new VoterRequest.ConsentToResolution(Resolution(1, Verdict.Source, B)))).Certificate.Generation);
        Assert.IsType<VoterReply.Decided>(_cluster.Ask(W, A, new VoterRequest.PrepareResolution(_first, 2, Verdict.Source, false)));
    }

    [Fact]
    public void Whoever_has_consented_is_not()
    {
        var ordinary = Decide(A, B);
        Promise(W, 1);
        Assert.IsType<VoterReply.Consented>(_cluster.Ask(W, A, new VoterRequest.ConsentToResolution(Resolution(1, Verdict.Source, B))));
        Promise(W, 2);

        Assert.Contains("has consented", Assert.IsType<VoterReply.Refused>(_cluster.Ask(W, A, new VoterRequest.SpreadResolution(new ClosedRegister(_first, ordinary)))).Sentence, StringComparison.Ordinal);
        Assert.Equal(2, _cluster[W].Resolving!.Generation);
    }

    [Fact]
    public void Two_of_one_generation_that_give_it_to_different_sides_are_told_when_they_meet_and_neither_takes_the_place_of_the_other()
    {
        // Two hosts that were never on at the same time.
        var toSource = new ClosedRegister(_first, Certificate(Resolution(1, Verdict.Source, B, W), A));
        var toDestination = new ClosedRegister(_first, Certificate(Resolution(1, Verdict.Dest, A, W), B));
        Assert.IsType<VoterReply.Done>(_cluster.Ask(W, A, new VoterRequest.SpreadResolution(toSource)));
        var before = _cluster[W];

        var refused = Assert.IsType<VoterReply.Refused>(_cluster.Ask(W, B, new VoterRequest.SpreadResolution(toDestination)));

        Assert.Contains("resolved twice in generation 1", refused.Sentence, StringComparison.Ordinal);
        Assert.Contains($"container {_first.Register.Container} was given to host a and to host b", refused.Sentence, StringComparison.Ordinal);
        Assert.Equal(before, _cluster[W]);
        Assert.IsType<VoterReply.Done>(_cluster.Ask(W, A, new VoterRequest.SpreadResolution(toSource)));
        // What has moved on since is in no conflict any more.
        _cluster.Ask(A, A, new VoterRequest.SpreadResolution(toSource));
        Assert.IsType<VoterReply.Done>(_cluster.Ask(A, A, new VoterRequest.Release(_first.Register.Container, _cluster[A].Lowest.Epoch)));
        Assert.IsType<VoterReply.Done>(_cluster.Ask(A, B, new VoterRequest.SpreadResolution(toDestination)));
        var later = new ClosedRegister(_first, Certificate(Resolution(2, Verdict.Dest, A, W), B));
        Assert.IsType<VoterReply.Done>(_cluster.Ask(W, B, new VoterRequest.SpreadResolution(later)));
        Assert.Equal(B, _cluster[W].Owner);
    }

    [Fact]
    public void It_is_kept_until_every_host_has_it()
    {
        var resolved = Certificate(Resolution(), A);
        _cluster.Ask(A, A, new VoterRequest.SpreadResolution(new ClosedRegister(_first, resolved)));

        _cluster.Ask(A, A, new VoterRequest.Learn(resolved));
        _cluster.Ask(A, B, new VoterRequest.Learn(resolved));
        // Both attempts have ended with it, but a host that was off may still believe its own verdict.
        Assert.Equal([A, B, W], Assert.Single(_cluster[A].Kept).Untold);
        var told = _cluster[A].Apply(new VoterRecord.Told(_first.Register, A)).Apply(new VoterRecord.Told(_first.Register, B));
        Assert.Equal([W], Assert.Single(told.Kept).Untold);
        Assert.Empty(told.Apply(new VoterRecord.Told(_first.Register, W)).Kept);
    }

    [Fact]
    public void It_is_kept_for_an_attempt_that_has_not_ended_with_it()
    {
        _cluster.Ask(A, A, new VoterRequest.SpreadResolution(new ClosedRegister(_first, Certificate(Resolution(), A))));

        var told = Voters.Aggregate(_cluster[A], (state, host) => state.Apply(new VoterRecord.Told(_first.Register, host)));

        Assert.Single(told.Kept);
    }

    private void Promise(HostName at, int generation)
        => Assert.Equal(generation, Assert.IsType<VoterReply.ResolutionPromised>(_cluster.Ask(at, A, new VoterRequest.PrepareResolution(_first, generation, Verdict.Source, false))).Generation);

    /// <summary>An ordinary verdict of two voters.</summary>
    private VerdictCertificate Decide(HostName one, HostName other, Verdict value = Verdict.Source)
    {
        var ballot = new Ballot(1, B);
        var token = value == Verdict.Dest ? Token(_first.Register) : null;
        var accepts = new[] { one, other }.Select(voter => Assert.IsType<VoterReply.Accepted>(_cluster.Ask(voter, B, new VoterRequest.Accept(_first.Register, ballot, value, token))).Accept);
        return new VerdictCertificate(_first.Register, value, [.. accepts]);
    }
}
