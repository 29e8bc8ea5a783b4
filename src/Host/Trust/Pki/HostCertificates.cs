using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ActorMigration.Actors.Trust.Verification;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;

namespace ActorMigration.Host.Trust.Pki;

/// <summary>The two certificates of a host: one for its attestation key, one for its node key (TLS of the cluster and of the CLI).</summary>
internal static class HostCertificates
{
    private const string ServerAuthOid = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthOid = "1.3.6.1.5.5.7.3.2";

    public static byte[] IssueAk(
        CertificateAuthority attestationCa, HostName host, AttestationKeyPublic ak, TpmClass tpm, string ekFingerprint)
    {
        try
        {
            using var key = ECDsa.Create(ak.Parameters);
            var names = new SubjectAlternativeNameBuilder();
            foreach (var uri in AkCertificateProfile.Uris(host, tpm, ekFingerprint))
            {
                names.AddUri(new Uri(uri));
            }

            return attestationCa.Issue(host.Value, new PublicKey(key), [new Oid(AkCertificateProfile.KeyUsageOid)], names.Build());
        }
        catch (CryptographicException e)
        {
            throw new TrustException($"the attestation key of host {host} is not a point of P-256: {e.Message}", e);
        }
    }

    /// <param name="ownerCa">Issuer.</param>
    /// <param name="host">Becomes the URI <c>urn:amig:node:NAME</c>.</param>
    /// <param name="address">The host's address in the cluster.</param>
    /// <param name="request">PKCS #10, DER: proves possession of the key. Its names count for nothing.</param>
    public static byte[] IssueNode(CertificateAuthority ownerCa, HostName host, IPAddress address, byte[] request)
    {
        try
        {
            var parsed = CertificateRequest.LoadSigningRequest(request, HashAlgorithmName.SHA256);
            using var key = parsed.PublicKey.GetECDsaPublicKey();
            if (key?.ExportParameters(false).Curve.Oid?.Value != ECCurve.NamedCurves.nistP256.Oid.Value)
            {
                throw new TrustException($"the node key of host {host} is not ECDSA P-256");
            }

            var names = new SubjectAlternativeNameBuilder();
            names.AddIpAddress(address);
            names.AddUri(new Uri(AkCertificateProfile.NodeUri + host.Value));
            return ownerCa.Issue(host.Value, parsed.PublicKey, [new Oid(ServerAuthOid), new Oid(ClientAuthOid)], names.Build());
        }
        catch (CryptographicException e)
        {
            throw new TrustException($"the node certificate request of host {host} is not well formed or not signed by its key: {e.Message}", e);
        }
    }
}
