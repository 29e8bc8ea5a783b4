using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;

namespace ActorMigration.Actors.Trust.Verification;

/// <summary>An AK certificate that leads to a trust anchor, and what it says.</summary>
internal sealed record AkCertificate(HostName Host, TpmClass Tpm, string EkFingerprint, ECDsa Key, string Fingerprint) : IDisposable
{
    private const string EcPublicKeyOid = "1.2.840.10045.2.1";
    private const string P256Oid = "1.2.840.10045.3.1.7";

    /// <summary>Checks chain, time, usage and names; throws <see cref="RuleViolation"/>.</summary>
    public static AkCertificate Verify(byte[] der, byte[][] chainDer, TrustAnchors anchors, DateTimeOffset now)
    {
        using var leaf = Load(der, "the AK certificate");
        AkCertificateChain.Verify(leaf, chainDer, anchors, now);
        RuleViolation.Unless(
            leaf.Extensions.OfType<X509EnhancedKeyUsageExtension>().Any(
                e => e.EnhancedKeyUsages.Cast<Oid>().Any(o => o.Value == AkCertificateProfile.KeyUsageOid)),
            AttestationRule.NotAnAkCertificate,
            "its certificate is not one for an attestation key");

        var uris = SubjectUris.Of(leaf);
        var host = Single(uris, AkCertificateProfile.NodeUri);
        RuleViolation.Unless(HostName.IsValid(host), AttestationRule.NotAnAkCertificate, "its AK certificate does not name a host");
        var tpm = Single(uris, AkCertificateProfile.TpmUri) switch
        {
            "chip" => TpmClass.Chip,
            "software" => TpmClass.Software,
            _ => throw new RuleViolation(AttestationRule.NotAnAkCertificate, "its AK certificate does not say what kind of TPM it is of"),
        };
        var key = P256Key(leaf);
        var fingerprint = Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()));
        return new AkCertificate(new HostName(host!), tpm, Single(uris, AkCertificateProfile.EkUri) ?? "", key, fingerprint);
    }

    /// <summary>Loads exactly one DER certificate; trailing bytes would be outside its signature.</summary>
    public static X509Certificate2 Load(byte[] der, string what)
    {
        try
        {
            var certificate = X509CertificateLoader.LoadCertificate(der);
            if (certificate.RawDataMemory.Span.SequenceEqual(der))
            {
                return certificate;
            }

            certificate.Dispose();
        }
        catch (CryptographicException)
        {
            // Falls through to the rule: why the bytes do not parse is of no use to an operator.
        }

        throw new RuleViolation(AttestationRule.Malformed, $"{what} is not a DER certificate");
    }

    public void Dispose() => Key.Dispose();

    private static ECDsa P256Key(X509Certificate2 leaf)
    {
        ECDsa? key = null;
        try
        {
            if (leaf.PublicKey.Oid.Value == EcPublicKeyOid)
            {
                key = leaf.GetECDsaPublicKey();
            }

            if (key?.ExportParameters(false).Curve.Oid?.Value == P256Oid)
            {
                return key;
            }
        }
        catch (CryptographicException)
        {
            // A point that is not on the curve; same rule as a wrong key type.
        }

        key?.Dispose();
        throw new RuleViolation(AttestationRule.NotAnAkCertificate, "the key of its AK certificate is not ECC P-256");
    }

    private static string? Single(IReadOnlyList<string> uris, string prefix)
    {
        var found = uris.Where(u => u.StartsWith(prefix, StringComparison.Ordinal)).ToArray();
        RuleViolation.Unless(
            found.Length == 1, AttestationRule.NotAnAkCertificate, $"its AK certificate has {found.Length} names of form {prefix}, not one");
        return found[0][prefix.Length..];
    }
}
