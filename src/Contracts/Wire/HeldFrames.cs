using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace ActorMigration.Contracts;

/// <summary>
/// Frames that the source held between its unplug and the destination's claim, as they go along with the state. Layout,
/// little-endian: "AMHF", u32 count, then for each frame u32 length and its bytes. Each frame begins with its 10-byte virtio_net_hdr.
/// A reader accepts exactly this and nothing after it.
/// </summary>
public static class HeldFrames
{
    /// <summary>Most bytes that are held on one side: the receive windows of 64 busy connections. More is dropped, oldest first, and TCP sends it again.</summary>
    public const int MaxBytes = 4 * 1024 * 1024;

    /// <summary>Most frames that are held on one side; small frames cost more than their bytes.</summary>
    public const int MaxFrames = 8192;

    /// <summary>virtio_net_hdr and Ethernet header.</summary>
    public const int MinFrameBytes = MetadataBytes + 14;

    /// <summary>virtio_net_hdr, Ethernet header and the largest IP packet (a GSO frame).</summary>
    public const int MaxFrameBytes = MetadataBytes + 14 + 65536;

    private const int MetadataBytes = 10;
    private const int HeaderBytes = 8;
    private static ReadOnlySpan<byte> Magic => "AMHF"u8;

    /// <summary>Most bytes of the encoded form.</summary>
    public const int MaxEncodedBytes = HeaderBytes + MaxBytes + 4 * MaxFrames;

    public static byte[] Encode(IReadOnlyCollection<byte[]> frames)
    {
        var bytes = new byte[HeaderBytes + frames.Sum(frame => 4 + frame.Length)];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), frames.Count);
        var at = HeaderBytes;
        foreach (var frame in frames)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), frame.Length);
            frame.CopyTo(bytes, at + 4);
            at += 4 + frame.Length;
        }
        return bytes;
    }

    /// <summary>False for anything that <see cref="Encode"/> could not have written within the limits.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out List<byte[]>? frames)
    {
        frames = null;
        if (bytes.Length < HeaderBytes || bytes.Length > MaxEncodedBytes || !bytes[..4].SequenceEqual(Magic))
        {
            return false;
        }
        var count = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
        if (count > MaxFrames)
        {
            return false;
        }
        var read = new List<byte[]>((int)count);
        var rest = bytes[HeaderBytes..];
        for (var i = 0; i < count; i++)
        {
            if (rest.Length < 4 || BinaryPrimitives.ReadUInt32LittleEndian(rest) is var length && length is < MinFrameBytes or > MaxFrameBytes || length > rest.Length - 4)
            {
                return false;
            }
            read.Add(rest.Slice(4, (int)length).ToArray());
            rest = rest[(4 + (int)length)..];
        }
        if (!rest.IsEmpty)
        {
            return false;
        }
        frames = read;
        return true;
    }
}
