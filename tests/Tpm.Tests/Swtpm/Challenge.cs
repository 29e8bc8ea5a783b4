using ActorMigration.Actors.Trust;
using ActorMigration.Actors.Trust.Verification;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;
using ActorMigration.Host.Trust;

namespace ActorMigration.Tpm.Tests.Swtpm;

/// <summary>One round of attestation: fresh nonces, a quote over them, a verdict.</summary>
internal sealed class Challenge(HostName host, TrustState trust)
{
    private readonly DateTimeOffset _at = TimeProvider.System.GetUtcNow();

    public AttestationBinding Binding { get; } = new(
        AttestationRole.Source,
        AttestationBinding.NewNonce(),
        AttestationBinding.NewNonce(),
        new byte[32],
        new byte[32],
        AttemptId.New(),
        new ContainerName("redis"),
        new Fence(3, 1),
        trust.Policy.Digest());

    public Evidence Answer(ITpm tpm)
    {
        var quote = tpm.Quote(Binding.QualifyingData(), trust.Policy.QuotedPcrs);
        return new Evidence(
            EvidenceKind.Tpm2Quote, quote.Attest, quote.Signature, [.. quote.Pcrs], trust.AkCertificate, []);
    }

    public AttestationVerdict Verify(Evidence evidence, AttestationCounters? previous = null)
        => AttestationVerifier.Verify(
            evidence, new QuoteExpectation(host, Binding, _at, previous), trust.Policy, trust.Anchors, TimeProvider.System.GetUtcNow());
}
