using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ActorMigration.Actors.Trust.Verification;

/// <summary>The attestation CAs whose AK certificates are believed: certificates from this host's own disk, never from a message.</summary>
public sealed class TrustAnchors
{
    private TrustAnchors(ImmutableArray<byte[]> certificates) => Certificates = certificates;

    /// <summary>DER, at least one.</summary>
    public ImmutableArray<byte[]> Certificates { get; }

    /// <summary>Throws <see cref="CryptographicException"/> for bytes that are no certificate and <see cref="ArgumentException"/> for none at all.</summary>
    public static TrustAnchors FromDer(params ReadOnlySpan<byte[]> certificates)
    {
        if (certificates.IsEmpty)
        {
            throw new ArgumentException("an attestation verifier needs at least one attestation CA", nameof(certificates));
        }

        foreach (var certificate in certificates)
        {
            using var parsed = X509CertificateLoader.LoadCertificate(certificate);
        }

        return new TrustAnchors([.. certificates]);
    }
}
