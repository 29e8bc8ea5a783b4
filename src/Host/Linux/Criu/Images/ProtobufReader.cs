namespace ActorMigration.Host.Linux.Criu.Images;

/// <summary>An image of CRIU that is malformed, or says what this program does not know. Nothing is restored from such a set.</summary>
public sealed class CriuImageException(string image, string what) : IOException($"CRIU image {image}: {what}")
{
    public string Image { get; } = image;
}

/// <summary>
/// Fields of one protobuf message, for the few messages of CRIU's images that are looked into. Strict: a varint of more than
/// ten bytes, a length beyond the message, field 0 and groups throw.
/// </summary>
internal ref struct ProtobufReader(ReadOnlySpan<byte> message, string image)
{
    private const int WireVarint = 0;
    private const int WireFixed64 = 1;
    private const int WireBytes = 2;
    private const int WireFixed32 = 5;
    private const int MaxVarintBytes = 10;

    private ReadOnlySpan<byte> _rest = message;
    private int _wireType;

    /// <summary>Number of the current field; valid after <see cref="Next"/> returned true.</summary>
    internal int Field { get; private set; }

    /// <summary>True when the current field is bytes, a string, a message or packed numbers.</summary>
    internal readonly bool IsBytes => _wireType == WireBytes;

    /// <summary>Goes to the next field; the value of the one before must have been read or skipped.</summary>
    internal bool Next()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        var key = Varint();
        if (key >> 3 is 0 or > 536_870_911)
        {
            throw new CriuImageException(image, $"a field has the number {key >> 3}");
        }

        Field = (int)(key >> 3);
        _wireType = (int)(key & 7);
        return true;
    }

    /// <summary>Value of the current field, which must be a varint.</summary>
    internal ulong ReadUInt64()
    {
        Require(WireVarint);
        return Varint();
    }

    /// <summary>Value of the current field, which must be a varint below 2^32.</summary>
    internal uint ReadUInt32()
        => ReadUInt64() is var value and <= uint.MaxValue ? (uint)value : throw new CriuImageException(image, $"field {Field} has more than 32 bits");

    /// <summary>Value of the current field, which must be bytes, a string, a message or packed numbers.</summary>
    internal ReadOnlySpan<byte> ReadBytes()
    {
        Require(WireBytes);
        return Take(Varint());
    }

    /// <summary>Passes over a field that is not needed.</summary>
    internal void Skip()
    {
        switch (_wireType)
        {
            case WireVarint:
                Varint();
                break;
            case WireFixed64:
                Take(8);
                break;
            case WireBytes:
                Take(Varint());
                break;
            case WireFixed32:
                Take(4);
                break;
            default:
                throw new CriuImageException(image, $"field {Field} has wire type {_wireType}");
        }
    }

    private readonly void Require(int wireType)
    {
        if (_wireType != wireType)
        {
            throw new CriuImageException(image, $"field {Field} has wire type {_wireType}, not {wireType}");
        }
    }

    private ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)_rest.Length)
        {
            throw new CriuImageException(image, $"field {Field} reaches beyond its message");
        }

        var taken = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return taken;
    }

    private ulong Varint()
    {
        ulong value = 0;
        for (var i = 0; i < MaxVarintBytes && i < _rest.Length; i++)
        {
            var part = _rest[i];
            if (i == MaxVarintBytes - 1 && part > 1)
            {
                break;
            }

            value |= (ulong)(part & 0x7f) << (7 * i);
            if (part < 0x80)
            {
                _rest = _rest[(i + 1)..];
                return value;
            }
        }

        throw new CriuImageException(image, "a number does not end");
    }
}
