using System.Buffers.Binary;
using ActorMigration.Contracts;

namespace ActorMigration.Host.Decision;

/// <summary>A payload with its length before it, on a TLS stream.</summary>
internal static class VoterFraming
{
    internal static async Task WriteAsync(System.IO.Stream stream, byte[] payload, CancellationToken cancel)
    {
        var frame = new byte[sizeof(int) + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length);
        payload.CopyTo(frame, sizeof(int));
        await stream.WriteAsync(frame, cancel).ConfigureAwait(false);
        await stream.FlushAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>Null at a clean end of the stream.</summary>
    internal static async Task<byte[]?> ReadAsync(System.IO.Stream stream, CancellationToken cancel)
    {
        var header = new byte[sizeof(int)];
        var read = await stream.ReadAtLeastAsync(header, header.Length, throwOnEndOfStream: false, cancel).ConfigureAwait(false);
        if (read == 0)
        {
            return null;
        }

        var length = read == header.Length ? BinaryPrimitives.ReadInt32BigEndian(header) : -1;
        if (length is <= 0 or > VoterFrames.MaxBytes)
        {
            throw new WireFormatException($"a frame of {length} bytes where 1 to {VoterFrames.MaxBytes} are allowed");
        }

        var payload = new byte[length];
        await stream.ReadExactlyAsync(payload, cancel).ConfigureAwait(false);
        return payload;
    }
}
