using System.Numerics;
using System.Security.Cryptography;
using ActorMigration.Host.Trust.Credentials;

namespace ActorMigration.Tpm.Tests.Library;

/// <summary>Key derivation and labelled OAEP against published vectors and an independent decryption; whole credentials are opened by a TPM in EnrolmentSpec.</summary>
public sealed class CredentialSpec
{
    /// <summary>KDFa is SP 800-108 in counter mode with a 32-bit counter: computed here once more by its definition, block by block.</summary>
    [Fact]
    public void KdfA_is_HMAC_over_counter_label_zero_contexts_and_bits()
    {
        var key = Enumerable.Range(0, 32).Select(i => (byte)i).ToArray();
        byte[] first = [0, 0, 0, 1, .. "STORAGE"u8, 0, 0xA1, 0xB2, 0, 0, 1, 128];
        byte[] second = [0, 0, 0, 2, .. "STORAGE"u8, 0, 0xA1, 0xB2, 0, 0, 1, 128];

        Assert.Equal(
            [.. HMACSHA256.HashData(key, first), .. HMACSHA256.HashData(key, second)[..16]],
            TpmKdf.KdfA(HashAlgorithmName.SHA256, key, "STORAGE", [0xA1], [0xB2], 384));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(32)]
    [InlineData(190)]
    public void Labelled_OAEP_decrypts_by_the_definition(int length)
    {
        using var rsa = RSA.Create(2048);
        var message = RandomNumberGenerator.GetBytes(length);

        var cipher = LabelledOaep.Encrypt(rsa.ExportParameters(false), HashAlgorithmName.SHA256, message, "IDENTITY");

        Assert.Equal(message, Decrypt(rsa.ExportParameters(true), cipher, "IDENTITY"));
        Assert.ThrowsAny<CryptographicException>(() => rsa.Decrypt(cipher, RSAEncryptionPadding.OaepSHA256));
    }

    [Fact]
    public void Message_too_long_for_the_key_is_refused()
    {
        using var rsa = RSA.Create(2048);
        Assert.Throws<ArgumentException>(
            () => LabelledOaep.Encrypt(rsa.ExportParameters(false), HashAlgorithmName.SHA256, new byte[191], "IDENTITY"));
    }

    /// <summary>RFC 8017, 7.1.2, with the private exponent and no check left out.</summary>
    private static byte[] Decrypt(RSAParameters key, byte[] cipher, string label)
    {
        static BigInteger Number(byte[] b) => new(b, isUnsigned: true, isBigEndian: true);
        var plain = BigInteger.ModPow(Number(cipher), Number(key.D!), Number(key.Modulus!)).ToByteArray(isUnsigned: true, isBigEndian: true);
        byte[] padded = [.. new byte[256 - plain.Length], .. plain];
        Assert.Equal(0, padded[0]);
        var seed = padded[1..33].Zip(Mgf(padded[33..], 32), (a, b) => (byte)(a ^ b)).ToArray();
        var data = padded[33..].Zip(Mgf(seed, 223), (a, b) => (byte)(a ^ b)).ToArray();
        Assert.Equal(SHA256.HashData([.. System.Text.Encoding.ASCII.GetBytes(label), 0]), data[..32]);
        var one = Array.FindIndex(data, 32, b => b != 0);
        Assert.Equal(1, data[one]);
        return data[(one + 1)..];
    }

    private static byte[] Mgf(byte[] seed, int length)
        => [.. Enumerable.Range(0, (length + 31) / 32).SelectMany(i => SHA256.HashData([.. seed, 0, 0, 0, (byte)i])).Take(length)];
}
