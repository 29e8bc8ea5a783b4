using System.Security.Cryptography;
using System.Text;

namespace ActorMigration.Host.Trust.Enrolment;

/// <summary>
/// HMAC-SHA-256, keyed by the credential's secret, over the request as each side has it. The secret alone would show that the TPM holds
/// the attestation key, but not that the node key in the request came from the same host: with this, whoever changes the
/// request on its way gets no certificate.
/// </summary>
internal static class EnrolmentProof
{
    /// <summary>Bytes of a credential's secret; as many as fit a SHA-256 endorsement key.</summary>
    public const int SecretBytes = 32;

    private const string DomainTag = "amig/enrolment/1\0";

    public static byte[] Make(byte[] secret, EnrolmentRequest request)
    {
        byte[] said = [.. Encoding.ASCII.GetBytes(DomainTag), .. SHA256.HashData(TrustFile.ToJson(request))];
        return HMACSHA256.HashData(secret, said);
    }
}
