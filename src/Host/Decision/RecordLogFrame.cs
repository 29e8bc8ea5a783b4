using System.Buffers.Binary;
using System.Security.Cryptography;

namespace ActorMigration.Host.Decision;

/// <summary>
/// One frame of a record log, which is one append: length of the payload (4 bytes, big-endian), the first 8 bytes of its SHA-256, payload.
/// The file begins with <see cref="Magic"/> and the 16 bytes of its incarnation.
/// </summary>
internal static class RecordLogFrame
{
    internal const int HeaderBytes = 12;
    internal const int FileHeaderBytes = 24;

    /// <summary>Bytes of one append: far above any batch; a longer length is damage.</summary>
    internal const int MaxPayloadBytes = 16 * 1024 * 1024;

    internal static ReadOnlySpan<byte> Magic => "AMIGLOG1"u8;

    internal static byte[] FileHeader(Guid incarnation) => [.. Magic, .. incarnation.ToByteArray(bigEndian: true)];

    internal static byte[] Encode(byte[] payload)
    {
        if (payload.Length is 0 or > MaxPayloadBytes)
        {
            throw new ArgumentException($"a record batch has {payload.Length} bytes; 1 to {MaxPayloadBytes} are allowed", nameof(payload));
        }

        var frame = new byte[HeaderBytes + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length);
        SHA256.HashData(payload).AsSpan(0, 8).CopyTo(frame.AsSpan(4));
        payload.CopyTo(frame, HeaderBytes);
        return frame;
    }

    /// <summary>
    /// The payload of the frame at <paramref name="at"/>; null when it is a torn tail: the last append of a daemon that crashed before it was told that it
    /// had been written. Throws when the damage is elsewhere.
    /// </summary>
    internal static ReadOnlyMemory<byte>? TryRead(ReadOnlyMemory<byte> file, int at, string path)
    {
        var rest = file[at..];
        if (rest.Length < HeaderBytes)
        {
            return null;
        }

        var length = BinaryPrimitives.ReadInt32BigEndian(rest.Span);
        if (length == 0 && rest.Length <= HeaderBytes + MaxPayloadBytes)
        {
            return null;
        }

        if (length is <= 0 or > MaxPayloadBytes)
        {
            throw new RecordLogException($"{path} is damaged at byte {at}: a length of {length}; restore the host's state as docs/operating.md says, do not delete the file");
        }

        if (rest.Length < HeaderBytes + length)
        {
            return null;
        }

        var payload = rest.Slice(HeaderBytes, length);
        if (SHA256.HashData(payload.Span).AsSpan(0, 8).SequenceEqual(rest.Span.Slice(4, 8)))
        {
            return payload;
        }

        return rest.Length == HeaderBytes + length
            ? null
            : throw new RecordLogException($"{path} is damaged at byte {at}: a checksum is wrong and more follows; restore the host's state as docs/operating.md says, do not delete the file");
    }
}
