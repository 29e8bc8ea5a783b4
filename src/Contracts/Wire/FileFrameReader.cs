using System.Buffers.Binary;
using System.Security.Cryptography;

namespace ActorMigration.Contracts;

/// <summary>
/// Reads one direction of a file stream and keeps the digest over it: strict, bounded, one frame at a time. Reads no byte beyond
/// what the caller asked for plus one buffer, so the stream must not carry anything else. Blocks as the stream does. Not thread-safe; does
/// not own the stream.
/// </summary>
public sealed class FileFrameReader(Stream stream) : IDisposable
{
    private readonly byte[] _buffer = new byte[2 * (FileFrameLimits.HeaderBytes + FileFrameLimits.MaxPayloadBytes)];
    private readonly IncrementalHash _digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private int _start;
    private int _hashed;
    private int _end;

    /// <summary>SHA-256 over all frames that <see cref="Read"/> has returned.</summary>
    public byte[] Digest()
    {
        Hash();
        return _digest.GetCurrentHash();
    }

    /// <summary>The next frame; its payload is valid until the next call. <see cref="FileFrameException"/> when the bytes are no frame or end.</summary>
    public FileFrameKind Read(out ReadOnlySpan<byte> payload)
    {
        Fill(FileFrameLimits.HeaderBytes);
        var kind = BinaryPrimitives.ReadUInt32LittleEndian(_buffer.AsSpan(_start));
        var length = BinaryPrimitives.ReadUInt32LittleEndian(_buffer.AsSpan(_start + 4));
        if (kind is < (uint)FileFrameKind.PassBegin or > (uint)FileFrameKind.TransferEnd)
        {
            throw new FileFrameException($"The file stream has a frame of unknown kind {kind:x8}.");
        }
        if (length > FileFrameLimits.MaxPayloadBytes)
        {
            throw new FileFrameException($"The file stream has a frame of {length} bytes; at most {FileFrameLimits.MaxPayloadBytes} are allowed.");
        }
        Fill(FileFrameLimits.HeaderBytes + (int)length);
        payload = _buffer.AsSpan(_start + FileFrameLimits.HeaderBytes, (int)length);
        _start += FileFrameLimits.HeaderBytes + (int)length;
        return (FileFrameKind)kind;
    }

    /// <summary>The next frame, which must be of this kind.</summary>
    public ReadOnlySpan<byte> Expect(FileFrameKind kind)
    {
        var got = Read(out var payload);
        return got == kind ? payload : throw new FileFrameException($"The file stream has {got} where {kind} belongs.");
    }

    public void Dispose() => _digest.Dispose();

    private void Fill(int count)
    {
        if (_start + count > _buffer.Length)
        {
            Hash();
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = _hashed = 0;
        }
        while (_end - _start < count)
        {
            var got = stream.Read(_buffer, _end, _buffer.Length - _end);
            if (got == 0)
            {
                throw new FileFrameException("The file stream ended in the middle of a transfer.");
            }
            _end += got;
        }
    }

    private void Hash()
    {
        _digest.AppendData(_buffer, _hashed, _start - _hashed);
        _hashed = _start;
    }
}
