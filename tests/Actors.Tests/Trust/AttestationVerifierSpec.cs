using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ActorMigration.Actors.Trust.Verification;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;

namespace ActorMigration.Actors.Tests.Trust;

/// <summary>
/// Every rule of the verifier has a test whose evidence is good in all else, so that without the rule it would be accepted. Evidence is
/// signed by a key in memory here; Tpm.Tests does the same with a TPM.
/// </summary>
public sealed class AttestationVerifierSpec
{
    private static readonly TestAuthority Authority = new();

    private static readonly AttestationPolicy Policy = new(
        "test",
        AllowSoftwareTpm: false,
        TimeSpan.FromSeconds(5),
        Revoked: [],
        new[] { 0, 7, 16 }.ToImmutableSortedDictionary(i => i, i => ImmutableSortedSet.Create(Convert.ToHexStringLower(TestQuote.Pcr(i).Digest))));

    private static readonly AttestationBinding Binding = new(
        AttestationRole.Destination, Fill(1), Fill(2), Fill(3), Fill(4), AttemptId.New(), new ContainerName("redis"), new Fence(4, 2), Policy.Digest());

    private static byte[] Fill(byte value) => [.. Enumerable.Repeat(value, 32)];

    private static QuoteExpectation Expected(AttestationCounters? previous = null)
        => new(AkRequest.Host, Binding, TestAuthority.Now.AddSeconds(-1), previous);

    private static Evidence Make(TestQuote? quote = null, AkRequest? ak = null)
    {
        ak ??= new AkRequest();
        quote ??= new TestQuote();
        var attest = (quote.ExtraData.Length == 0 ? quote with { ExtraData = Binding.QualifyingData() } : quote).Attest();
        return new Evidence(EvidenceKind.Tpm2Quote, attest, TestQuote.Sign(attest, ak.Key), quote.Pcrs, Authority.Issue(ak), []);
    }

    private static AttestationVerdict Verify(Evidence evidence, QuoteExpectation? expected = null, AttestationPolicy? policy = null)
        => AttestationVerifier.Verify(evidence, expected ?? Expected(), policy ?? Policy, Authority.Anchors, TestAuthority.Now);

    private static AttestationFacts Accepts(Evidence evidence, QuoteExpectation? expected = null, AttestationPolicy? policy = null)
        => Assert.IsType<AttestationVerdict.Accepted>(Verify(evidence, expected, policy)).Facts;

    private static string Rejects(AttestationRule rule, Evidence evidence, QuoteExpectation? expected = null, AttestationPolicy? policy = null)
    {
        var rejected = Assert.IsType<AttestationVerdict.Rejected>(Verify(evidence, expected, policy));
        Assert.Equal(rule, rejected.Rule);
        Assert.StartsWith("evidence of host b rejected by policy test: ", rejected.Sentence);
        return rejected.Sentence;
    }

    [Fact]
    public void Good_evidence_is_accepted_with_its_facts()
    {
        var facts = Accepts(Make());

        Assert.Equal((AkRequest.Host, TpmClass.Chip, "00ff"), (facts.Host, facts.Tpm, facts.EkFingerprint));
        Assert.Equal(new AttestationCounters(facts.AkFingerprint, 5000, 7, 2), facts.Counters);
        Assert.Equal(0x2019_1023_0016_3636u, facts.FirmwareVersion);
    }

    [Fact]
    public void Signature_without_its_leading_zeros_is_accepted()
    {
        var evidence = Make();
        var ak = new AkRequest();
        byte[] short_;
        do
        {
            short_ = TestQuote.Sign(evidence.Attest, ak.Key, strip: true);
        }
        while (short_.Length == 72);

        Accepts(evidence with { Signature = short_, AkCertificate = Authority.Issue(ak) });
    }

    [Fact]
    public void Certificate_by_way_of_an_issuing_CA_is_accepted_with_that_CA_in_the_chain()
    {
        var (issuing, issue) = Authority.Intermediate();
        var ak = new AkRequest();
        var evidence = Make(ak: ak) with { AkCertificate = issue(ak), AkChain = [issuing] };

        Accepts(evidence);
        Rejects(AttestationRule.AkChainInvalid, evidence with { AkChain = [] });
        Rejects(AttestationRule.AkChainInvalid, evidence with { AkChain = [issuing, issuing] });
    }

    [Fact]
    public void UnknownKind() => Rejects(AttestationRule.UnknownKind, Make() with { Kind = (EvidenceKind)2 });

    [Fact]
    public void Malformed_bytes_after_the_signed_structure()
        => Rejects(AttestationRule.Malformed, Make(new TestQuote { Trailing = [0] }));

    [Fact]
    public void Malformed_parts_that_are_missing_or_too_long()
    {
        var good = Make();
        Evidence[] bad =
        [
            good with { Attest = null! }, good with { Attest = new byte[Evidence.MaxAttestBytes + 1] },
            good with { Signature = [] }, good with { Signature = new byte[Evidence.MaxSignatureBytes + 1] },
            good with { AkCertificate = [1, 2, 3] }, good with { AkCertificate = [.. good.AkCertificate, 0] },
            good with { AkChain = null! }, good with { AkChain = [[1]] }, good with { AkChain = [null!] },
            good with { AkChain = [.. Enumerable.Repeat(good.AkCertificate, Evidence.MaxChainLength + 1)] },
            good with { Pcrs = null! }, good with { Pcrs = [null!] }, good with { Pcrs = [new PcrValue(PcrBank.Sha256, 0, [1])] },
        ];

        Assert.All(bad, evidence => Rejects(AttestationRule.Malformed, evidence));
    }

    [Fact]
    public void AkChainInvalid_by_another_CA_of_the_same_name()
    {
        var ak = new AkRequest();
        Rejects(AttestationRule.AkChainInvalid, Make(ak: ak) with { AkCertificate = new TestAuthority().Issue(ak) });
    }

    [Fact]
    public void AkCertificateExpired()
    {
        Rejects(AttestationRule.AkCertificateExpired, Make(ak: new AkRequest { NotAfter = TestAuthority.Now.AddMinutes(-1) }));
        Rejects(AttestationRule.AkCertificateExpired, Make(ak: new AkRequest { NotBefore = TestAuthority.Now.AddMinutes(1) }));
    }

    [Fact]
    public void NotAnAkCertificate_but_one_of_a_node()
        => Rejects(AttestationRule.NotAnAkCertificate, Make(ak: new AkRequest { Usage = "1.3.6.1.5.5.7.3.2" }));

    [Theory]
    [InlineData("urn:amig:tpm:chip", "urn:amig:ek:sha256:00ff")]
    [InlineData("urn:amig:node:b", "urn:amig:ek:sha256:00ff")]
    [InlineData("urn:amig:node:b", "urn:amig:tpm:chip")]
    [InlineData("urn:amig:node:b", "urn:amig:node:c", "urn:amig:tpm:chip", "urn:amig:ek:sha256:00ff")]
    [InlineData("urn:amig:node:b", "urn:amig:tpm:toaster", "urn:amig:ek:sha256:00ff")]
    [InlineData("urn:amig:node:b%20", "urn:amig:tpm:chip", "urn:amig:ek:sha256:00ff")]
    public void NotAnAkCertificate_when_a_name_is_missing_doubled_or_unknown(params string[] uris)
        => Rejects(AttestationRule.NotAnAkCertificate, Make(ak: new AkRequest { Uris = uris }));

    [Fact]
    public void NotAnAkCertificate_when_the_key_is_of_another_curve()
    {
        using var p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Rejects(AttestationRule.NotAnAkCertificate, Make(ak: new AkRequest { PublicKey = new PublicKey(p384) }));
    }

    [Fact]
    public void WrongHost()
        => Assert.Contains("of host c", Rejects(
            AttestationRule.WrongHost,
            Make(ak: new AkRequest { Uris = AkCertificateProfile.Uris(new HostName("c"), TpmClass.Chip, "00ff") })));

    [Fact]
    public void SoftwareTpmNotAllowed_and_accepted_where_it_is()
    {
        var software = Make(ak: new AkRequest { Uris = AkCertificateProfile.Uris(AkRequest.Host, TpmClass.Software, "00ff") });
        Rejects(AttestationRule.SoftwareTpmNotAllowed, software);
        Assert.Equal(TpmClass.Software, Accepts(software, policy: Policy with { AllowSoftwareTpm = true }).Tpm);
    }

    [Fact]
    public void SignatureInvalid_by_another_key()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var evidence = Make();
        Rejects(AttestationRule.SignatureInvalid, evidence with { Signature = TestQuote.Sign(evidence.Attest, other) });
    }

    [Fact]
    public void Measurements_alone_can_be_overlooked_and_each_of_them_only_with_all_the_rest_in_order()
    {
        var pcrs = (PcrValue[])[TestQuote.Pcr(0), new PcrValue(PcrBank.Sha256, 7, new byte[32])];
        var wrong = Make(new TestQuote { Pcrs = pcrs });
        AttestationVerdict Overlooking(Evidence evidence, QuoteExpectation? expected = null, AttestationPolicy? policy = null)
            => AttestationVerifier.Verify(evidence, expected ?? Expected(), policy ?? Policy, Authority.Anchors, TestAuthority.Now, AttestationVerifier.OfMeasurements);
        AttestationRule RuleOf(AttestationVerdict verdict) => Assert.IsType<AttestationVerdict.Rejected>(verdict).Rule;
        var ahead = Accepts(Make()).Counters with { ResetCount = 99 };

        var key = Assert.IsType<AttestationVerdict.Accepted>(Overlooking(wrong)).Facts.AkFingerprint;
        Assert.IsType<AttestationVerdict.Accepted>(Overlooking(wrong, Expected(ahead with { AkFingerprint = key })));
        Assert.IsType<AttestationVerdict.Rejected>(Verify(wrong, Expected(ahead with { AkFingerprint = key })));
        Assert.Equal(AttestationRule.AkRevoked, RuleOf(Overlooking(wrong, policy: Policy with { Revoked = [key] })));
        Assert.Equal(AttestationRule.PcrDigestMismatch, RuleOf(Overlooking(wrong with { Pcrs = [pcrs[0], TestQuote.Pcr(7)] })));
        Assert.Equal(AttestationRule.EvidenceTooOld, RuleOf(Overlooking(wrong, Expected() with { ChallengedAt = TestAuthority.Now.AddSeconds(-6) })));
        Assert.Equal(AttestationRule.WrongBinding, RuleOf(Overlooking(Make(new TestQuote { Pcrs = pcrs, ExtraData = new byte[32] }))));
        Assert.Equal(AttestationRule.SoftwareTpmNotAllowed, RuleOf(Overlooking(Make(ak: new AkRequest { Uris = AkCertificateProfile.Uris(AkRequest.Host, TpmClass.Software, "00ff") }))));
    }

    [Fact]
    public void AkRevoked()
    {
        var evidence = Make();
        var fingerprint = Accepts(evidence).AkFingerprint;

        Assert.Contains(fingerprint, Rejects(AttestationRule.AkRevoked, evidence, policy: Policy with { Revoked = [fingerprint] }), StringComparison.Ordinal);
        Accepts(evidence, policy: Policy with { Revoked = [new string('0', 64)] });
        // Whoever does not hold the key cannot be said to be the one that is revoked.
        Rejects(AttestationRule.WrongBinding, Make(new TestQuote { ExtraData = new byte[32] }), policy: Policy with { Revoked = [fingerprint] });
    }

    [Fact]
    public void NotTpmGenerated() => Rejects(AttestationRule.NotTpmGenerated, Make(new TestQuote { Magic = 0xFF544346 }));

    [Fact]
    public void NotAQuote() => Rejects(AttestationRule.NotAQuote, Make(new TestQuote { Type = 0x8017 }));

    public static TheoryData<string, AttestationBinding> OtherBindings => new()
    {
        { "role", Binding with { Role = AttestationRole.Source } },
        { "source nonce", Binding with { SourceNonce = Fill(9) } },
        { "destination nonce", Binding with { DestinationNonce = Fill(9) } },
        { "source key", Binding with { SourceSpki = Fill(9) } },
        { "destination key", Binding with { DestinationSpki = Fill(9) } },
        { "attempt", Binding with { Attempt = AttemptId.New() } },
        { "container", Binding with { Container = new ContainerName("redit") } },
        { "epoch", Binding with { Fence = new Fence(5, 2) } },
        { "ordinal", Binding with { Fence = new Fence(4, 3) } },
        { "policy", Binding with { PolicyDigest = Fill(9) } },
    };

    [Theory]
    [MemberData(nameof(OtherBindings), DisableDiscoveryEnumeration = true)]
    public void WrongBinding_when_anything_the_quote_is_about_differs(string what, AttestationBinding other)
    {
        Assert.NotEmpty(what);
        Rejects(AttestationRule.WrongBinding, Make(new TestQuote { ExtraData = other.QualifyingData() }));
    }

    [Fact]
    public void PcrSelectionMismatch()
    {
        var good = Make();
        Rejects(AttestationRule.PcrSelectionMismatch, good with { Pcrs = good.Pcrs[..2] });
        Rejects(AttestationRule.PcrSelectionMismatch, good with { Pcrs = [.. good.Pcrs.Reverse()] });
        Rejects(AttestationRule.PcrSelectionMismatch, good with { Pcrs = [good.Pcrs[0], good.Pcrs[1], good.Pcrs[2] with { Bank = (PcrBank)4 }] });
        Rejects(AttestationRule.PcrSelectionMismatch, Make(new TestQuote { Bank = 0x0004 }));
        Rejects(AttestationRule.PcrSelectionMismatch, Make(new TestQuote { Selections = 2 }));
    }

    [Fact]
    public void PcrDigestMismatch()
    {
        var good = Make(new TestQuote { Pcrs = [TestQuote.Pcr(0), TestQuote.Pcr(7), new PcrValue(PcrBank.Sha256, 16, Fill(6))] });
        Rejects(AttestationRule.PcrDigestMismatch, good with { Pcrs = [.. good.Pcrs[..2], TestQuote.Pcr(16)] });
    }

    [Fact]
    public void PcrNotQuoted()
        => Assert.Contains("PCR 16", Rejects(AttestationRule.PcrNotQuoted, Make(new TestQuote { Pcrs = [TestQuote.Pcr(0), TestQuote.Pcr(7)] })));

    [Fact]
    public void PcrNotQuoted_when_nothing_is() => Rejects(AttestationRule.PcrNotQuoted, Make(new TestQuote { Pcrs = [] }));

    [Fact]
    public void PcrValueNotAllowed_names_the_PCR_and_the_value()
    {
        var pcrs = new[] { TestQuote.Pcr(0), new PcrValue(PcrBank.Sha256, 7, Fill(0xAB)), TestQuote.Pcr(16) };

        Assert.Contains($"PCR 7 is {string.Concat(Enumerable.Repeat("ab", 32))}", Rejects(AttestationRule.PcrValueNotAllowed, Make(new TestQuote { Pcrs = pcrs })));
    }

    [Fact]
    public void PCRs_that_the_policy_does_not_name_may_have_any_value()
        => Accepts(Make(new TestQuote { Pcrs = [TestQuote.Pcr(0), TestQuote.Pcr(7), new PcrValue(PcrBank.Sha256, 9, Fill(1)), TestQuote.Pcr(16)] }));

    [Fact]
    public void CountersWentBack()
    {
        var ak = new AkRequest();
        var evidence = Make(ak: ak);
        var now = Accepts(evidence).Counters;

        Rejects(AttestationRule.CountersWentBack, evidence, Expected(now with { ResetCount = 8, RestartCount = 0, ClockMilliseconds = 0 }));
        Rejects(AttestationRule.CountersWentBack, evidence, Expected(now with { RestartCount = 3, ClockMilliseconds = 0 }));
        Rejects(AttestationRule.CountersWentBack, evidence, Expected(now with { ClockMilliseconds = 5001 }));
        Accepts(evidence, Expected(now));
        Accepts(evidence, Expected(now with { ResetCount = 6, RestartCount = 9, ClockMilliseconds = 9000 }));
        Accepts(evidence, Expected(now with { AkFingerprint = "another key", ResetCount = 8 }));
    }

    [Fact]
    public void EvidenceTooOld()
    {
        Rejects(AttestationRule.EvidenceTooOld, Make(), Expected() with { ChallengedAt = TestAuthority.Now.AddSeconds(-5.1) });
        Rejects(AttestationRule.EvidenceTooOld, Make(), Expected() with { ChallengedAt = TestAuthority.Now.AddSeconds(5.1) });
        Accepts(Make(), Expected() with { ChallengedAt = TestAuthority.Now.AddSeconds(-5) });
    }
}
