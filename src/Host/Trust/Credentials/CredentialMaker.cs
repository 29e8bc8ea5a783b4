using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ActorMigration.Actors.Trust;

namespace ActorMigration.Host.Trust.Credentials;

/// <summary>
/// TPM2_MakeCredential without a TPM (TPM 2.0 Part 1, 24): encrypts a secret so that only the TPM with this endorsement key opens it,
/// and only while it holds the key of the given name. For the attestation CA.
/// </summary>
internal static class CredentialMaker
{
    private const int AesBlockBytes = 16;

    /// <param name="ek">An endorsement certificate, already checked.</param>
    /// <param name="template">Template of its key: it fixes hash and cipher.</param>
    /// <param name="akName">TPM name of the attestation key.</param>
    /// <param name="secret">At most as long as the template's hash.</param>
    public static Credential Make(X509Certificate2 ek, EkTemplate template, byte[] akName, byte[] secret)
    {
        var (hash, hashBits, aesBits) = template == EkTemplate.H3
            ? (HashAlgorithmName.SHA384, 384, 256)
            : (HashAlgorithmName.SHA256, 256, 128);
        var (seed, encryptedSeed) = template == EkTemplate.L1 ? RsaSeed(ek, hash, hashBits) : EccSeed(ek, hash, hashBits);
        var identity = Cfb(TpmKdf.KdfA(hash, seed, "STORAGE", akName, [], aesBits), Sized(secret));
        var hmacKey = TpmKdf.KdfA(hash, seed, "INTEGRITY", [], [], hashBits);
        byte[] bound = [.. identity, .. akName];
        return new Credential(CryptographicOperations.HmacData(hash, hmacKey, bound), identity, encryptedSeed);
    }

    private static (byte[] Seed, byte[] Encrypted) RsaSeed(X509Certificate2 ek, HashAlgorithmName hash, int bits)
    {
        using var key = ek.GetRSAPublicKey() ?? throw new CryptographicException("the endorsement key is not RSA, as its template says");
        var seed = RandomNumberGenerator.GetBytes(bits / 8);
        return (seed, LabelledOaep.Encrypt(key.ExportParameters(false), hash, seed, "IDENTITY"));
    }

    private static (byte[] Seed, byte[] Encrypted) EccSeed(X509Certificate2 ek, HashAlgorithmName hash, int bits)
    {
        using var key = ek.GetECDiffieHellmanPublicKey()
            ?? throw new CryptographicException("the endorsement key is not ECC, as its template says");
        var parameters = key.ExportParameters(false);
        using var ephemeral = ECDiffieHellman.Create(parameters.Curve);
        var point = ephemeral.ExportParameters(false).Q;
        var z = ephemeral.DeriveRawSecretAgreement(key.PublicKey);
        return (TpmKdf.KdfE(hash, z, "IDENTITY", point.X!, parameters.Q.X!, bits), [.. Sized(point.X!), .. Sized(point.Y!)]);
    }

    /// <summary>CFB over whole and partial blocks; .NET wants whole ones.</summary>
    private static byte[] Cfb(byte[] key, byte[] data)
    {
        using var aes = Aes.Create();
        aes.Key = key;
        byte[] padded = [.. data, .. new byte[(AesBlockBytes - (data.Length % AesBlockBytes)) % AesBlockBytes]];
        return aes.EncryptCfb(padded, new byte[AesBlockBytes], PaddingMode.None, 8 * AesBlockBytes)[..data.Length];
    }

    private static byte[] Sized(byte[] bytes) => [(byte)(bytes.Length >> 8), (byte)bytes.Length, .. bytes];
}
