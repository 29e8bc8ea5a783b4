using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ActorMigration.Actors.Trust;
using ActorMigration.Contracts;
using ActorMigration.Host.Trust;
using ActorMigration.Host.Trust.Enrolment;
using ActorMigration.Tpm.Tests.Swtpm;

namespace ActorMigration.Tpm.Tests.Trust;

/// <summary>Enrolment between a host with a real (software) TPM and a CA, step by step and attacked in between.</summary>
public sealed class EnrolmentSpec(TpmLab lab) : IClassFixture<TpmLab>
{
    [Fact]
    public void Enrolled_host_has_certificates_for_its_keys_from_both_CAs()
    {
        var state = lab.Enrol(lab.A, new HostName("host-a"));

        using var trust = TrustState.Load(state);

        Assert.True(trust.Node.HasPrivateKey);
        var names = trust.Node.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single();
        Assert.Equal([TpmLab.Address], names.EnumerateIPAddresses());
        Assert.Contains("urn:amig:node:host-a", System.Text.Encoding.ASCII.GetString(names.RawData));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(trust.NodePfxPath));
        Assert.False(File.Exists(Path.Combine(state, "trust", "node.key.pending")));
    }

    [Fact]
    public void Endorsement_keys_of_both_kinds_are_found()
    {
        using var chip = lab.A.Open();

        Assert.Equal([EkTemplate.L1, EkTemplate.H3], chip.ReadEndorsementKeys().Select(k => k.Template));
    }

    [Theory]
    [InlineData(EkTemplate.L1)]
    [InlineData(EkTemplate.H3)]
    public void Credential_for_either_endorsement_key_opens(EkTemplate template)
    {
        using var chip = lab.A.Open();
        var request = new EnrollingHost(lab.NewDirectory("state")).Request(new HostName($"only-{template}".ToLowerInvariant()), TpmLab.Address, chip);
        var only = request with { EndorsementKeys = [.. request.EndorsementKeys.Where(k => k.Template == template)] };

        var challenge = lab.Authority.Challenge(only, lab.EkRoots);

        Assert.Equal(EnrolmentProof.SecretBytes, chip.ActivateCredential(template, challenge.Credential).Length);
    }

    [Fact]
    public void Credential_of_another_TPM_does_not_open()
    {
        EnrolmentChallenge challenge;
        using (var a = lab.A.Open())
        {
            challenge = lab.Authority.Challenge(
                new EnrollingHost(lab.NewDirectory("state")).Request(new HostName("host-x"), TpmLab.Address, a), lab.EkRoots);
        }

        using var b = lab.B.Open();

        var refused = Assert.Throws<TpmRefusedException>(() => b.ActivateCredential(challenge.Template, challenge.Credential));
        Assert.Contains("was not made for the TPM", refused.Message);
        Assert.NotEmpty(b.ReadPcrs([0]));
    }

    [Fact]
    public void Proof_made_with_a_wrong_secret_gets_no_certificate_and_the_challenge_is_spent()
    {
        using var chip = lab.A.Open();
        var enrolling = new EnrollingHost(lab.NewDirectory("state"));
        var challenge = lab.Authority.Challenge(enrolling.Request(new HostName("host-y"), TpmLab.Address, chip), lab.EkRoots);
        var right = enrolling.Activate(challenge, chip);
        var wrong = right with { Proof = RandomNumberGenerator.GetBytes(32) };

        Assert.Contains("did not open the credential", Assert.Throws<TrustException>(() => lab.Authority.Issue(wrong)).Message);
        Assert.Contains("answers no challenge", Assert.Throws<TrustException>(() => lab.Authority.Issue(right)).Message);
    }

    [Fact]
    public void Node_key_swapped_on_the_way_to_the_CA_gets_no_certificate()
    {
        using var chip = lab.A.Open();
        var enrolling = new EnrollingHost(lab.NewDirectory("state"));
        var request = enrolling.Request(new HostName("host-z"), TpmLab.Address, chip);
        using var attackersKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var swapped = request with { NodeRequest = new CertificateRequest("CN=host-z", attackersKey, HashAlgorithmName.SHA256).CreateSigningRequest() };

        var response = enrolling.Activate(lab.Authority.Challenge(swapped, lab.EkRoots), chip);

        Assert.Contains("was changed on the way", Assert.Throws<TrustException>(() => lab.Authority.Issue(response)).Message);
    }

    [Fact]
    public void Maker_that_is_not_among_the_roots_is_named()
    {
        using var chip = lab.A.Open();
        var request = new EnrollingHost(lab.NewDirectory("state")).Request(new HostName("host-w"), TpmLab.Address, chip);
        var noRoots = Directory.CreateDirectory(lab.NewDirectory("roots")).FullName;

        var refused = Assert.Throws<TrustException>(() => lab.Authority.Challenge(request, noRoots));

        Assert.Contains("swtpm-localca", refused.Message);
        Assert.Contains("does not lead to a root", refused.Message);
    }

    [Fact]
    public void Name_of_an_enrolled_host_is_refused_to_another_TPM()
    {
        lab.Enrol(lab.A, new HostName("taken"));
        using var b = lab.B.Open();
        var request = new EnrollingHost(lab.NewDirectory("state")).Request(new HostName("taken"), TpmLab.Address, b);

        Assert.Contains("belongs to another TPM", Assert.Throws<TrustException>(() => lab.Authority.Challenge(request, lab.EkRoots)).Message);
    }

    [Fact]
    public void Attestation_key_that_may_sign_anything_is_refused()
    {
        using var chip = lab.A.Open();
        var request = new EnrollingHost(lab.NewDirectory("state")).Request(new HostName("host-v"), TpmLab.Address, chip);
        var unrestricted = (byte[])request.AttestationKey.Clone();
        unrestricted[5] &= 0xFE;

        Assert.Contains(
            "not a restricted",
            Assert.Throws<TrustException>(() => lab.Authority.Challenge(request with { AttestationKey = unrestricted }, lab.EkRoots)).Message);
    }

    [Fact]
    public void Bundle_of_another_host_is_not_installed()
    {
        using var chip = lab.A.Open();
        var first = new EnrollingHost(lab.NewDirectory("state"));
        var bundle = lab.Authority.Issue(first.Activate(
            lab.Authority.Challenge(first.Request(new HostName("host-u"), TpmLab.Address, chip), lab.EkRoots), chip));
        var second = new EnrollingHost(lab.NewDirectory("state"));
        second.Request(new HostName("host-u"), TpmLab.Address, chip);

        Assert.Contains("another key", Assert.Throws<TrustException>(() => second.Install(bundle)).Message);
    }
}
