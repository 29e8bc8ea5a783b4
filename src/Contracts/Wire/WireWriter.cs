using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace ActorMigration.Contracts;

/// <summary>
/// Writes the canonical bytes of decision records: big-endian numbers, byte strings and texts with a 32-bit length before them. The same bytes are signed
/// and sent, so that there is one encoding to check. <see cref="WireReader"/> is its strict twin.
/// </summary>
public sealed class WireWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    /// <summary>What was written so far.</summary>
    public ReadOnlySpan<byte> Written => _bytes.WrittenSpan;

    /// <summary>A copy of what was written so far.</summary>
    public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

    public WireWriter Byte(byte value)
    {
        _bytes.Write([value]);
        return this;
    }

    public WireWriter I32(int value)
    {
        BinaryPrimitives.WriteInt32BigEndian(_bytes.GetSpan(sizeof(int)), value);
        _bytes.Advance(sizeof(int));
        return this;
    }

    public WireWriter I64(long value)
    {
        BinaryPrimitives.WriteInt64BigEndian(_bytes.GetSpan(sizeof(long)), value);
        _bytes.Advance(sizeof(long));
        return this;
    }

    public WireWriter Uuid(Guid value)
    {
        _bytes.Write(value.ToByteArray(bigEndian: true));
        return this;
    }

    public WireWriter Bytes(ReadOnlySpan<byte> value)
    {
        I32(value.Length);
        _bytes.Write(value);
        return this;
    }

    public WireWriter Text(string value) => Bytes(Encoding.UTF8.GetBytes(value));
}
