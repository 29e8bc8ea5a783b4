using ActorMigration.Contracts.Trust;

namespace ActorMigration.Actors.Trust.Verification;

/// <summary>TPMS_ATTEST of a quote (TPM 2.0 Part 2, 10.12.8). Parsed only after its signature was checked.</summary>
internal sealed record QuotedAttest(
    byte[] ExtraData,
    ulong Clock,
    uint ResetCount,
    uint RestartCount,
    ulong FirmwareVersion,
    int[] Sha256Pcrs,
    byte[] PcrDigest)
{
    /// <summary>TPM_GENERATED_VALUE: a restricted key signs nothing that starts with it unless the TPM itself made it.</summary>
    private const uint Magic = 0xFF544347;

    private const ushort TypeQuote = 0x8018;

    /// <summary>Bytes of a PCR bitmap: PCRs 0 to 23.</summary>
    private const int BitmapBytes = 3;

    /// <summary>
    /// magic u32, type u16, qualifiedSigner 2B, extraData 2B, clock u64, resetCount u32, restartCount u32, safe u8, firmwareVersion
    /// u64, count u32 of (hash u16, size u8, bitmap), pcrDigest 2B.
    /// </summary>
    public static QuotedAttest Parse(ReadOnlySpan<byte> attest)
    {
        var bytes = new TpmBytes(attest, "the attest structure");
        RuleViolation.Unless(bytes.UInt32() == Magic, AttestationRule.NotTpmGenerated, "the signed bytes were not made inside a TPM");
        var type = bytes.UInt16();
        RuleViolation.Unless(type == TypeQuote, AttestationRule.NotAQuote, $"the signed structure is of type 0x{type:x4}, not a quote");
        bytes.Sized();
        var extraData = bytes.Sized().ToArray();
        var clock = bytes.UInt64();
        var resetCount = bytes.UInt32();
        var restartCount = bytes.UInt32();
        bytes.Byte();
        var firmware = bytes.UInt64();
        var pcrs = ParseSelection(ref bytes);
        var digest = bytes.Sized().ToArray();
        bytes.End();
        return new QuotedAttest(extraData, clock, resetCount, restartCount, firmware, pcrs, digest);
    }

    private static int[] ParseSelection(ref TpmBytes bytes)
    {
        var count = bytes.UInt32();
        RuleViolation.Unless(count == 1, AttestationRule.PcrSelectionMismatch, $"the quote covers {count} PCR banks, not one");
        var bank = bytes.UInt16();
        RuleViolation.Unless(
            bank == (ushort)PcrBank.Sha256, AttestationRule.PcrSelectionMismatch, $"the quote covers the PCR bank of hash 0x{bank:x4}, not SHA-256");
        var size = bytes.Byte();
        RuleViolation.Unless(size == BitmapBytes, AttestationRule.Malformed, $"the quote's PCR bitmap has {size} bytes, not {BitmapBytes}");
        var bitmap = bytes.Take(size).ToArray();
        return [.. Enumerable.Range(0, PcrValue.MaxIndex + 1).Where(i => (bitmap[i / 8] & (1 << (i % 8))) != 0)];
    }
}
