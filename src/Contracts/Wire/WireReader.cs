using System.Buffers.Binary;
using System.Text;

namespace ActorMigration.Contracts;

/// <summary>
/// Reads what <see cref="WireWriter"/> wrote, from bytes that may be hostile: no read past the end, no length above its caller's limit, no byte left over.
/// Throws <see cref="WireFormatException"/> and nothing else.
/// </summary>
public ref struct WireReader(ReadOnlySpan<byte> bytes)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private ReadOnlySpan<byte> _rest = bytes;

    public byte Byte() => Take(1)[0];

    public int I32() => BinaryPrimitives.ReadInt32BigEndian(Take(sizeof(int)));

    public long I64() => BinaryPrimitives.ReadInt64BigEndian(Take(sizeof(long)));

    public Guid Uuid() => new(Take(16), bigEndian: true);

    /// <summary>A count of repeated parts.</summary>
    public int Count(int most)
    {
        var count = I32();
        return count >= 0 && count <= most ? count : throw new WireFormatException($"a count of {count} where at most {most} are allowed");
    }

    public byte[] Bytes(int most) => Take(Count(most)).ToArray();

    public string Text(int most)
    {
        var text = Take(Count(most));
        try
        {
            return Strict.GetString(text);
        }
        catch (DecoderFallbackException)
        {
            throw new WireFormatException("a text that is not UTF-8");
        }
    }

    /// <summary>Nothing may follow.</summary>
    public readonly void End()
    {
        if (!_rest.IsEmpty)
        {
            throw new WireFormatException($"{_rest.Length} bytes too many");
        }
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _rest.Length)
        {
            throw new WireFormatException($"{count} bytes expected where {_rest.Length} are left");
        }

        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
