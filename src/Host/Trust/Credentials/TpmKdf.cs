using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace ActorMigration.Host.Trust.Credentials;

/// <summary>The TPM's key derivation functions (TPM 2.0 Part 1, 11.4.10). Lengths in bits, multiples of 8.</summary>
internal static class TpmKdf
{
    /// <summary>KDFa: SP 800-108 in counter mode over HMAC; the label ends with a zero byte.</summary>
    public static byte[] KdfA(HashAlgorithmName hash, byte[] key, string label, byte[] contextU, byte[] contextV, int bits)
        => Expand(bits, counter =>
        {
            byte[] data = [.. U32(counter), .. Label(label), .. contextU, .. contextV, .. U32((uint)bits)];
            return CryptographicOperations.HmacData(hash, key, data);
        });

    /// <summary>KDFe: SP 800-56A concatenation over the x coordinate of a shared point.</summary>
    public static byte[] KdfE(HashAlgorithmName hash, byte[] z, string use, byte[] partyU, byte[] partyV, int bits)
        => Expand(bits, counter => CryptographicOperations.HashData(
            hash, [.. U32(counter), .. z, .. Label(use), .. partyU, .. partyV]));

    private static byte[] Expand(int bits, Func<uint, byte[]> block)
    {
        var output = new List<byte>();
        for (uint counter = 1; output.Count * 8 < bits; counter++)
        {
            output.AddRange(block(counter));
        }

        return [.. output.Take(bits / 8)];
    }

    internal static byte[] Label(string label) => Encoding.ASCII.GetBytes(label + "\0");

    internal static byte[] U32(uint value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }
}
