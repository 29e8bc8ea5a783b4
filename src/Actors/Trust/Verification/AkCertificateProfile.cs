using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;

namespace ActorMigration.Actors.Trust.Verification;

/// <summary>
/// What an AK certificate says besides the key, and how: three URIs in its subject alternative name. The attestation CA writes them at
/// enrolment, after it has checked the endorsement key; the verifier reads them.
/// </summary>
public static class AkCertificateProfile
{
    /// <summary>Extended key usage of an attestation key (TCG, tcg-kp-AIKCertificate). A node certificate has others and never passes for one.</summary>
    public const string KeyUsageOid = "2.23.133.8.3";

    /// <summary>Followed by the <see cref="HostName"/>; node certificates carry the same URI.</summary>
    public const string NodeUri = "urn:amig:node:";

    /// <summary>Followed by <c>chip</c> or <c>software</c>.</summary>
    public const string TpmUri = "urn:amig:tpm:";

    /// <summary>Followed by the SHA-256 of the endorsement key's SubjectPublicKeyInfo in lower-case hex.</summary>
    public const string EkUri = "urn:amig:ek:sha256:";

    /// <summary>The URIs for one host, for whoever issues the certificate.</summary>
    public static string[] Uris(HostName host, TpmClass tpm, string ekFingerprint)
        => [NodeUri + host.Value, TpmUri + Word(tpm), EkUri + ekFingerprint];

    /// <summary>The word for a TPM class in certificates.</summary>
    public static string Word(TpmClass tpm) => tpm switch
    {
        TpmClass.Chip => "chip",
        TpmClass.Software => "software",
        _ => throw new ArgumentOutOfRangeException(nameof(tpm), tpm, "not a TPM class"),
    };
}
