using System.Buffers.Binary;

namespace ActorMigration.Host.Linux.Criu.Images;

/// <summary>The messages of an image: 8 bytes of magic, then each with a u32 length before it. Throws on a length beyond the image.</summary>
internal ref struct ImageMessages
{
    /// <summary>Bytes of magic before the first message.</summary>
    internal const int HeaderBytes = 8;

    private readonly string _image;
    private ReadOnlySpan<byte> _rest;

    internal ImageMessages(ReadOnlySpan<byte> bytes, string image)
    {
        _image = image;
        _rest = bytes.Length >= HeaderBytes ? bytes[HeaderBytes..] : throw new CriuImageException(image, "it is shorter than its header");
    }

    /// <summary>The message that <see cref="MoveNext"/> went to.</summary>
    internal ReadOnlySpan<byte> Current { get; private set; }

    internal bool MoveNext()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        if (_rest.Length < 4 || BinaryPrimitives.ReadUInt32LittleEndian(_rest) is var length && length > _rest.Length - 4)
        {
            throw new CriuImageException(_image, "a message reaches beyond the image");
        }

        Current = _rest.Slice(4, (int)length);
        _rest = _rest[(4 + (int)length)..];
        return true;
    }
}
