using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Tpm2Lib;

namespace ActorMigration.Host.Trust.Tpm;

/// <summary>Compares the key in an EK certificate with the one the TPM made.</summary>
internal static class EkPublicKey
{
    public static bool IsOf(X509Certificate2 certificate, TpmPublic made)
    {
        switch (made.unique)
        {
            case Tpm2bPublicKeyRsa rsa:
                using (var key = certificate.GetRSAPublicKey())
                {
                    return key is not null && key.ExportParameters(false).Modulus!.AsSpan().SequenceEqual(rsa.buffer);
                }

            case EccPoint point:
                using (var key = certificate.GetECDiffieHellmanPublicKey())
                {
                    var q = key?.ExportParameters(false).Q ?? default;
                    return Same(q.X, point.x) && Same(q.Y, point.y);
                }

            default:
                return false;
        }
    }

    private static bool Same(byte[]? padded, byte[] number)
        => padded is not null && padded.AsSpan().TrimStart((byte)0).SequenceEqual(number.AsSpan().TrimStart((byte)0));
}
