using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using ActorMigration.Actors.Trust;
using ActorMigration.Actors.Trust.Verification;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;
using Akka.Actor;

namespace ActorMigration.Actors;

/// <summary>
/// Whether this host could prove itself now: has its TPM quote over fresh nonces and judges the evidence as another host with the same policy and attestation
/// CA would. The quote is of no attempt, so it is of no use to anybody.
/// </summary>
internal static class TpmExamination
{
    /// <summary>Name of the finding.</summary>
    internal const string Name = "tpm";

    /// <summary>An expiry nearer than this is worth a word: time to enrol a host anew.</summary>
    private static readonly TimeSpan ExpiresSoon = TimeSpan.FromDays(30);

    /// <summary>One quote. Never throws but for <paramref name="cancel"/>.</summary>
    internal static async Task<DoctorFinding> ExamineAsync(HostName self, AttestationServices services, TimeProvider clock, CancellationToken cancel)
    {
        var binding = AttestationBinding.OfHost(AttestationBinding.NewNonce(), AttestationBinding.NewNonce(), services.Policy.Digest());
        var challengedAt = clock.GetUtcNow();
        var start = clock.GetTimestamp();

        // The tpm actor answers every command, by its own deadline at the latest.
        var reply = await services.Tpm.Ask<object>(new TpmCommands.Quote(binding.QualifyingData()), cancel).ConfigureAwait(false);
        var took = clock.GetElapsedTime(start);
        return reply switch
        {
            TpmReplies.Quoted quoted => Judge(quoted.Evidence, new QuoteExpectation(self, binding, challengedAt, Previous: null), services, clock.GetUtcNow(), took),
            TpmReplies.NotAttestable no => new DoctorFinding(Name, DoctorVerdict.Missing, $"{no.Reason}: check amig.tpm, and the device or swtpm behind it"),
            _ => new DoctorFinding(Name, DoctorVerdict.Missing, $"the tpm actor answered {reply.GetType().Name}, which this version does not know"),
        };
    }

    private static DoctorFinding Judge(Evidence evidence, QuoteExpectation expected, AttestationServices services, DateTimeOffset now, TimeSpan took)
    {
        switch (AttestationVerifier.Verify(evidence, expected, services.Policy, services.Anchors, now))
        {
            case AttestationVerdict.Accepted { Facts: var facts }:
                using (var certificate = X509CertificateLoader.LoadCertificate(evidence.AkCertificate))
                {
                    var expires = new DateTimeOffset(certificate.NotAfter);
                    var sentence = string.Create(CultureInfo.InvariantCulture, $"{Describe(facts)} quoted PCR {string.Join(',', evidence.Pcrs.Select(pcr => pcr.Index))} of the SHA-256 bank in {took.TotalMilliseconds:0} ms and signed by the key of its certificate, which expires {expires.UtcDateTime:yyyy-MM-dd}");
                    return expires - now < ExpiresSoon
                        ? new DoctorFinding(Name, DoctorVerdict.Degraded, sentence + ": enrol this host anew before")
                        : new DoctorFinding(Name, DoctorVerdict.Ok, sentence);
                }

            case AttestationVerdict.Rejected rejected:
                return new DoctorFinding(Name, DoctorVerdict.Missing, $"{rejected.Sentence} (rule {rejected.Rule})");
            case var other:
                return new DoctorFinding(Name, DoctorVerdict.Missing, $"the verifier answered {other.GetType().Name}, which this version does not know");
        }
    }

    private static string Describe(AttestationFacts facts)
        => string.Create(CultureInfo.InvariantCulture, $"{(facts.Tpm == TpmClass.Chip ? "TPM chip" : "software TPM")}, firmware {facts.FirmwareVersion:x16},");
}
