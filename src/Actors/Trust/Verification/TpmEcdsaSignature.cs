using System.Security.Cryptography;
using ActorMigration.Contracts.Trust;

namespace ActorMigration.Actors.Trust.Verification;

/// <summary>TPMT_SIGNATURE of ECDSA P-256 with SHA-256: sigAlg u16, hash u16, r 2B, s 2B.</summary>
internal static class TpmEcdsaSignature
{
    private const ushort AlgorithmEcdsa = 0x0018;
    private const ushort AlgorithmSha256 = 0x000B;

    /// <summary>Bytes of r and of s. Some chips strip leading zeros, so shorter ones are padded on the left.</summary>
    private const int FieldBytes = 32;

    /// <summary>Checks the signature over <paramref name="signed"/> as received; nothing in those bytes is read before.</summary>
    public static void Verify(ReadOnlySpan<byte> signature, ReadOnlySpan<byte> signed, ECDsa key)
    {
        var bytes = new TpmBytes(signature, "the signature");
        var algorithm = bytes.UInt16();
        var hash = bytes.UInt16();
        RuleViolation.Unless(
            algorithm == AlgorithmEcdsa && hash == AlgorithmSha256,
            AttestationRule.Malformed,
            $"the signature is of algorithm 0x{algorithm:x4} with hash 0x{hash:x4}, not ECDSA with SHA-256");
        Span<byte> fixedFields = stackalloc byte[2 * FieldBytes];
        Pad(bytes.Sized(), fixedFields[..FieldBytes]);
        Pad(bytes.Sized(), fixedFields[FieldBytes..]);
        bytes.End();
        RuleViolation.Unless(
            key.VerifyData(signed, fixedFields, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation),
            AttestationRule.SignatureInvalid,
            "the quote is not signed by the key of its AK certificate");
    }

    private static void Pad(ReadOnlySpan<byte> number, Span<byte> field)
    {
        RuleViolation.Unless(
            number.Length is > 0 and <= FieldBytes, AttestationRule.Malformed, $"a number of the signature has {number.Length} bytes, not 1 to {FieldBytes}");
        field.Clear();
        number.CopyTo(field[(FieldBytes - number.Length)..]);
    }
}
