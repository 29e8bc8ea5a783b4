using System.Buffers.Binary;
using System.Security.Cryptography;
using ActorMigration.Contracts.Trust;

namespace ActorMigration.Actors.Tests.Trust;

/// <summary>A quote as a TPM makes it, with every part open to change before it is signed.</summary>
internal sealed record TestQuote
{
    public uint Magic { get; init; } = 0xFF544347;

    public ushort Type { get; init; } = 0x8018;

    public byte[] ExtraData { get; init; } = [];

    public ulong Clock { get; init; } = 5000;

    public uint ResetCount { get; init; } = 7;

    public uint RestartCount { get; init; } = 2;

    public uint Selections { get; init; } = 1;

    public ushort Bank { get; init; } = 0x000B;

    public PcrValue[] Pcrs { get; init; } = [Pcr(0), Pcr(7), Pcr(16)];

    public byte[]? Digest { get; init; }

    public byte[] Trailing { get; init; } = [];

    public static PcrValue Pcr(int index) => new(PcrBank.Sha256, index, SHA256.HashData([(byte)index]));

    public byte[] Attest()
    {
        var bitmap = new byte[3];
        foreach (var pcr in Pcrs)
        {
            bitmap[pcr.Index / 8] |= (byte)(1 << (pcr.Index % 8));
        }

        byte[] qualifiedSigner = [0x00, 0x0B, .. new byte[32]];
        return
        [
            .. U32(Magic), .. U16(Type), .. Sized(qualifiedSigner), .. Sized(ExtraData),
            .. U64(Clock), .. U32(ResetCount), .. U32(RestartCount), 1, .. U64(0x2019_1023_0016_3636),
            .. U32(Selections), .. U16(Bank), 3, .. bitmap,
            .. Sized(Digest ?? SHA256.HashData([.. Pcrs.SelectMany(p => p.Digest)])), .. Trailing,
        ];
    }

    /// <summary>TPMT_SIGNATURE; with <paramref name="strip"/> as chips do that drop leading zeros.</summary>
    public static byte[] Sign(byte[] attest, ECDsa key, bool strip = false)
    {
        var signature = key.SignData(attest, HashAlgorithmName.SHA256);
        return [0x00, 0x18, 0x00, 0x0B, .. Sized(Number(signature[..32], strip)), .. Sized(Number(signature[32..], strip))];
    }

    private static byte[] Number(byte[] field, bool strip) => strip ? field.AsSpan().TrimStart((byte)0).ToArray() : field;

    private static byte[] Sized(byte[] bytes) => [.. U16((ushort)bytes.Length), .. bytes];

    private static byte[] U16(ushort value) => [(byte)(value >> 8), (byte)value];

    private static byte[] U32(uint value) => [.. U16((ushort)(value >> 16)), .. U16((ushort)value)];

    private static byte[] U64(ulong value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        return bytes;
    }
}
