using System.Buffers.Binary;
using System.Security.Cryptography;

namespace ActorMigration.Contracts;

/// <summary>
/// Writes one direction of a file stream and keeps the digest over it. Frames are gathered in a buffer; <see cref="Flush"/> where
/// an answer is expected. Blocks as the stream does, so it is used from a thread that may block. Not thread-safe; does not own the stream.
/// </summary>
public sealed class FileFrameWriter(Stream stream) : IDisposable
{
    private const int BufferBytes = 2 * (FileFrameLimits.HeaderBytes + FileFrameLimits.MaxPayloadBytes);
    private readonly byte[] _buffer = new byte[BufferBytes];
    private readonly IncrementalHash _digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private int _length;

    /// <summary>Bytes of all frames so far.</summary>
    public long Bytes { get; private set; }

    /// <summary>SHA-256 over all frames so far.</summary>
    public byte[] Digest()
    {
        Hash();
        return _digest.GetCurrentHash();
    }

    /// <summary>A frame with this payload.</summary>
    public void Write(FileFrameKind kind, ReadOnlySpan<byte> payload) => Write(kind, payload, default);

    /// <summary>Content of the entry under way.</summary>
    public void WriteData(long offset, ReadOnlySpan<byte> content)
    {
        Span<byte> at = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(at, offset);
        Write(FileFrameKind.Data, at, content);
    }

    /// <summary>Two integers of 64 bits: a hole's offset and length.</summary>
    public void WriteHole(long offset, long length)
    {
        Span<byte> payload = stackalloc byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(payload, offset);
        BinaryPrimitives.WriteInt64LittleEndian(payload[8..], length);
        Write(FileFrameKind.Hole, payload);
    }

    /// <summary>One more name of an existing file.</summary>
    public void WriteLink(ReadOnlySpan<byte> path, ReadOnlySpan<byte> existing)
    {
        var payload = new byte[4 + path.Length + existing.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(payload, (ushort)path.Length);
        path.CopyTo(payload.AsSpan(2));
        BinaryPrimitives.WriteUInt16LittleEndian(payload.AsSpan(2 + path.Length), (ushort)existing.Length);
        existing.CopyTo(payload.AsSpan(4 + path.Length));
        Write(FileFrameKind.Link, payload);
    }

    /// <summary>Hands everything to the stream.</summary>
    public void Flush()
    {
        Hash();
        stream.Write(_buffer, 0, _length);
        _length = _hashed = 0;
        stream.Flush();
    }

    public void Dispose() => _digest.Dispose();

    private int _hashed;

    private void Write(FileFrameKind kind, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        var length = first.Length + second.Length;
        if (length > FileFrameLimits.MaxPayloadBytes)
        {
            throw new FileFrameException($"A frame of {length} bytes is longer than {FileFrameLimits.MaxPayloadBytes}.");
        }
        if (_length + FileFrameLimits.HeaderBytes + length > _buffer.Length)
        {
            Hash();
            stream.Write(_buffer, 0, _length);
            _length = _hashed = 0;
        }
        var frame = _buffer.AsSpan(_length);
        BinaryPrimitives.WriteUInt32LittleEndian(frame, (uint)kind);
        BinaryPrimitives.WriteInt32LittleEndian(frame[4..], length);
        first.CopyTo(frame[FileFrameLimits.HeaderBytes..]);
        second.CopyTo(frame[(FileFrameLimits.HeaderBytes + first.Length)..]);
        _length += FileFrameLimits.HeaderBytes + length;
        Bytes += FileFrameLimits.HeaderBytes + length;
    }

    /// <summary>One call for many small frames: a call of the hash costs more than an entry's bytes.</summary>
    private void Hash()
    {
        _digest.AppendData(_buffer, _hashed, _length - _hashed);
        _hashed = _length;
    }
}
