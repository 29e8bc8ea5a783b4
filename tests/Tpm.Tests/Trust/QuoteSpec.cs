using System.Security.Cryptography;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;
using ActorMigration.Host.Trust;
using ActorMigration.Tpm.Tests.Swtpm;

namespace ActorMigration.Tpm.Tests.Trust;

/// <summary>Quotes of a real (software) TPM before the verifier.</summary>
public sealed class QuoteSpec(TpmLab lab) : IClassFixture<TpmLab>
{
    private static readonly HostName Host = new("quoting");

    private static AttestationFacts Accept(AttestationVerdict verdict)
        => Assert.IsType<AttestationVerdict.Accepted>(verdict).Facts;

    private static void Reject(AttestationRule rule, AttestationVerdict verdict)
        => Assert.Equal(rule, Assert.IsType<AttestationVerdict.Rejected>(verdict).Rule);

    [Fact]
    public void Quote_is_accepted_until_a_PCR_changes_and_again_after_it_is_reset()
    {
        using var trust = TrustState.Load(lab.Enrol(lab.A, Host));
        using var chip = lab.A.Open();
        var before = new Challenge(Host, trust);
        var facts = Accept(before.Verify(before.Answer(chip)));
        Assert.Equal((Host, TpmClass.Software), (facts.Host, facts.Tpm));

        chip.ExtendPcr(16, SHA256.HashData("another kernel"u8));

        var changed = new Challenge(Host, trust);
        var rejected = Assert.IsType<AttestationVerdict.Rejected>(changed.Verify(changed.Answer(chip), facts.Counters));
        Assert.Equal(AttestationRule.PcrValueNotAllowed, rejected.Rule);
        Assert.Contains("PCR 16 is ", rejected.Sentence);

        chip.ResetPcr(16);

        var reset = new Challenge(Host, trust);
        Accept(reset.Verify(reset.Answer(chip), facts.Counters));
    }

    [Fact]
    public void Quote_is_accepted_after_a_reboot_that_cleared_the_PCRs_and_shows_the_reset()
    {
        using var trust = TrustState.Load(lab.Enrol(lab.A, Host));
        AttestationFacts before;
        using (var chip = lab.A.Open())
        {
            var first = new Challenge(Host, trust);
            before = Accept(first.Verify(first.Answer(chip)));
            chip.ExtendPcr(0, SHA256.HashData("other firmware"u8));
            var changed = new Challenge(Host, trust);
            Reject(AttestationRule.PcrValueNotAllowed, changed.Verify(changed.Answer(chip)));
        }

        lab.A.Restart();

        using var again = lab.A.Open();
        var second = new Challenge(Host, trust);
        var after = Accept(second.Verify(second.Answer(again), before.Counters));
        Assert.Equal(before.Counters.ResetCount + 1, after.Counters.ResetCount);
        Assert.Equal(before.AkFingerprint, after.AkFingerprint);
    }

    [Fact]
    public void Replayed_quote_is_rejected()
    {
        using var trust = TrustState.Load(lab.Enrol(lab.A, Host));
        using var chip = lab.A.Open();
        var yesterday = new Challenge(Host, trust).Answer(chip);

        Reject(AttestationRule.WrongBinding, new Challenge(Host, trust).Verify(yesterday));
    }

    [Fact]
    public void Quote_of_another_TPM_under_this_hosts_certificate_is_rejected()
    {
        using var trust = TrustState.Load(lab.Enrol(lab.A, Host));
        using var other = lab.B.Open();
        var challenge = new Challenge(Host, trust);

        Reject(AttestationRule.SignatureInvalid, challenge.Verify(challenge.Answer(other)));
    }

    [Fact]
    public void Quote_of_another_enrolled_host_is_rejected()
    {
        using var trust = TrustState.Load(lab.Enrol(lab.A, Host));
        using var others = TrustState.Load(lab.Enrol(lab.B, new HostName("other")));
        using var chip = lab.B.Open();
        var challenge = new Challenge(Host, trust);

        Reject(
            AttestationRule.WrongHost,
            challenge.Verify(challenge.Answer(chip) with { AkCertificate = others.AkCertificate }));
    }

    [Fact]
    public void Copied_TPM_state_is_rejected_by_its_reset_count()
    {
        using var trust = TrustState.Load(lab.Enrol(lab.A, Host));
        using var copy = lab.Maker.Clone(lab.A, $"copy-{Guid.NewGuid():N}");
        AttestationFacts now;
        lab.A.Restart();
        lab.A.Restart();
        using (var chip = lab.A.Open())
        {
            var current = new Challenge(Host, trust);
            now = Accept(current.Verify(current.Answer(chip)));
        }

        using var copied = copy.Open();
        var challenge = new Challenge(Host, trust);

        Reject(AttestationRule.CountersWentBack, challenge.Verify(challenge.Answer(copied), now.Counters));
    }

    [Fact]
    public void Software_TPM_is_rejected_by_a_policy_that_asks_for_a_chip()
    {
        using var trust = TrustState.Load(lab.Enrol(lab.A, Host));
        using var strict = trust with { Policy = trust.Policy with { AllowSoftwareTpm = false } };
        using var chip = lab.A.Open();
        var challenge = new Challenge(Host, strict);

        Reject(AttestationRule.SoftwareTpmNotAllowed, challenge.Verify(challenge.Answer(chip)));
    }

    [Fact]
    public void All_24_PCRs_come_in_several_reads_and_match_the_quote()
    {
        using var chip = lab.A.Open();
        var all = Enumerable.Range(0, 24).ToArray();

        var quote = chip.Quote(new byte[32], all);

        Assert.Equal(all, quote.Pcrs.Select(p => p.Index));
        Assert.Equal(chip.ReadPcrs(all).Select(p => Convert.ToHexString(p.Digest)), quote.Pcrs.Select(p => Convert.ToHexString(p.Digest)));
    }
}
