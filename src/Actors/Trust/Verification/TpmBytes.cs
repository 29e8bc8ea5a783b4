using System.Buffers.Binary;
using ActorMigration.Contracts.Trust;

namespace ActorMigration.Actors.Trust.Verification;

/// <summary>Reads big-endian TPM structures that came from another host. Every read past the end is a <see cref="AttestationRule.Malformed"/>.</summary>
internal ref struct TpmBytes(ReadOnlySpan<byte> bytes, string structure)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public byte Byte() => Take(1)[0];

    public ushort UInt16() => BinaryPrimitives.ReadUInt16BigEndian(Take(2));

    public uint UInt32() => BinaryPrimitives.ReadUInt32BigEndian(Take(4));

    public ulong UInt64() => BinaryPrimitives.ReadUInt64BigEndian(Take(8));

    /// <summary>A TPM2B: two bytes of length, then as many bytes.</summary>
    public ReadOnlySpan<byte> Sized() => Take(UInt16());

    public ReadOnlySpan<byte> Take(int count)
    {
        RuleViolation.Unless(count <= _rest.Length, AttestationRule.Malformed, $"{structure} ends too early");
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }

    /// <summary>Nothing may follow: the TPM signs and sends exactly one structure.</summary>
    public readonly void End()
        => RuleViolation.Unless(_rest.IsEmpty, AttestationRule.Malformed, $"{structure} has {_rest.Length} bytes too many");
}
