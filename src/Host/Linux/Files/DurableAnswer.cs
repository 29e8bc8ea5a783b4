using System.Buffers.Binary;
using ActorMigration.Contracts;

namespace ActorMigration.Host.Linux.Files;

/// <summary>
/// The receiver's answer at the end of a pass or transfer: everything is on disk, and this is the digest of what I read. The digest
/// of the last pass is what the signed manifest names.
/// </summary>
internal static class DurableAnswer
{
    private const int Bytes = 4 + 32;

    /// <summary>Receiver: after its files are durable.</summary>
    internal static void Send(FileFrameWriter back, int pass, byte[] digest)
    {
        Span<byte> payload = stackalloc byte[Bytes];
        BinaryPrimitives.WriteInt32LittleEndian(payload, pass);
        digest.CopyTo(payload[4..]);
        back.Write(FileFrameKind.Durable, payload);
        back.Flush();
    }

    /// <summary>Sender: waits for it and compares. <see cref="LayerFailure.Refused"/> when the other side read something else.</summary>
    internal static void Await(FileFrameReader back, int pass, byte[] digest)
    {
        var payload = back.Expect(FileFrameKind.Durable);
        if (payload.Length != Bytes || BinaryPrimitives.ReadInt32LittleEndian(payload) != pass || !payload[4..].SequenceEqual(digest))
        {
            throw new LayerException(LayerFailure.Refused, "The destination's digest of the file stream is another than the source's.");
        }
    }
}
