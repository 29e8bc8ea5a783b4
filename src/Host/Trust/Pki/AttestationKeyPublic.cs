using System.Buffers.Binary;
using System.Security.Cryptography;

namespace ActorMigration.Host.Trust.Pki;

/// <summary>
/// TPMT_PUBLIC of an attestation key as a host sent it. Read byte for byte: only a key with exactly the attributes that make its quotes
/// worth something is certified, and the name the credential is bound to covers every one of these bytes.
/// </summary>
internal sealed class AttestationKeyPublic
{
    /// <summary>
    /// ECC, name by SHA-256, fixedTPM | fixedParent | sensitiveDataOrigin | userWithAuth | noDA | restricted | sign, no policy, no
    /// symmetric cipher, ECDSA with SHA-256, P-256, no KDF.
    /// </summary>
    private static readonly byte[] Required = Convert.FromHexString("0023000B0005047200000010" + "0018000B" + "0003" + "0010");

    private const int CoordinateBytes = 32;

    private AttestationKeyPublic(byte[] name, ECParameters parameters)
    {
        Name = name;
        Parameters = parameters;
    }

    /// <summary>TPM name: algorithm and SHA-256 of the public area.</summary>
    public byte[] Name { get; }

    public ECParameters Parameters { get; }

    /// <summary>Throws <see cref="TrustException"/> for anything but a restricted signing key on P-256.</summary>
    public static AttestationKeyPublic Parse(byte[] tpmtPublic)
    {
        if (!tpmtPublic.AsSpan().StartsWith(Required))
        {
            throw new TrustException("the attestation key is not a restricted, non-exportable ECDSA P-256 signing key made in a TPM");
        }

        var rest = tpmtPublic.AsSpan(Required.Length);
        var point = new ECPoint { X = TakeCoordinate(ref rest), Y = TakeCoordinate(ref rest) };
        if (!rest.IsEmpty)
        {
            throw new TrustException($"the public area of the attestation key has {rest.Length} bytes too many");
        }

        return new AttestationKeyPublic(
            [0x00, 0x0B, .. SHA256.HashData(tpmtPublic)], new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = point });
    }

    private static byte[] TakeCoordinate(ref Span<byte> rest)
    {
        var size = rest.Length < 2 ? 0 : BinaryPrimitives.ReadUInt16BigEndian(rest);
        if (size is 0 or > CoordinateBytes || size > rest.Length - 2)
        {
            throw new TrustException("the public area of the attestation key is cut short");
        }

        var padded = new byte[CoordinateBytes];
        rest.Slice(2, size).CopyTo(padded.AsSpan(CoordinateBytes - size));
        rest = rest[(2 + size)..];
        return padded;
    }
}
