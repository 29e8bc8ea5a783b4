using System.Numerics;
using System.Security.Cryptography;

namespace ActorMigration.Host.Trust.Credentials;

/// <summary>
/// RSA-OAEP encryption with a label (RFC 8017, 7.1.1), which the TPM wants and .NET's RSA does not offer. Only the public key is used,
/// so there is nothing secret in the exponentiation's timing but the padded seed, which is random and used once.
/// </summary>
internal static class LabelledOaep
{
    public static byte[] Encrypt(RSAParameters key, HashAlgorithmName hash, byte[] message, string label)
    {
        var modulus = key.Modulus!;
        var labelHash = CryptographicOperations.HashData(hash, TpmKdf.Label(label));
        var data = new byte[modulus.Length - labelHash.Length - 1];
        if (message.Length > data.Length - labelHash.Length - 1)
        {
            throw new ArgumentException($"{message.Length} bytes do not fit into OAEP with a key of {modulus.Length}", nameof(message));
        }

        labelHash.CopyTo(data, 0);
        data[^(message.Length + 1)] = 1;
        message.CopyTo(data, data.Length - message.Length);
        var seed = RandomNumberGenerator.GetBytes(labelHash.Length);
        Xor(data, Mask(hash, seed, data.Length));
        Xor(seed, Mask(hash, data, seed.Length));

        var padded = new BigInteger([0, .. seed, .. data], isUnsigned: true, isBigEndian: true);
        var cipher = BigInteger.ModPow(
            padded, new BigInteger(key.Exponent!, isUnsigned: true, isBigEndian: true), new BigInteger(modulus, isUnsigned: true, isBigEndian: true));
        var bytes = cipher.ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[modulus.Length - bytes.Length], .. bytes];
    }

    /// <summary>MGF1.</summary>
    private static byte[] Mask(HashAlgorithmName hash, byte[] seed, int length)
    {
        var mask = new List<byte>();
        for (uint counter = 0; mask.Count < length; counter++)
        {
            mask.AddRange(CryptographicOperations.HashData(hash, [.. seed, .. TpmKdf.U32(counter)]));
        }

        return [.. mask.Take(length)];
    }

    private static void Xor(byte[] target, byte[] mask)
    {
        for (var i = 0; i < target.Length; i++)
        {
            target[i] ^= mask[i];
        }
    }
}
