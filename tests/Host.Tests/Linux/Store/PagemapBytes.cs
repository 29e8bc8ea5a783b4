using System.Buffers.Binary;

namespace ActorMigration.Host.Tests.Linux.Store;

/// <summary>Writes a pagemap image as CRIU 4.2 does: the independent other side of the reader under test.</summary>
internal static class PagemapBytes
{
    internal static byte[] Of(params (ulong Address, ulong Pages, uint Flags)[] entries)
    {
        using var image = new MemoryStream();
        image.Write([0x19, 0x43, 0x56, 0x54, 0x25, 0x40, 0x08, 0x56]);
        Message(image, [0x08, 0x01]);
        foreach (var (address, pages, flags) in entries)
        {
            Message(image, [.. Varint(1, address), .. Varint(2, (uint)pages), .. Varint(4, flags), .. Varint(5, pages)]);
        }

        return image.ToArray();
    }

    internal static byte[] Varint(int field, ulong value)
    {
        var bytes = new List<byte> { (byte)(field << 3) };
        for (; value >= 0x80; value >>= 7)
        {
            bytes.Add((byte)(value | 0x80));
        }

        return [.. bytes, (byte)value];
    }

    private static void Message(MemoryStream image, byte[] message)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, message.Length);
        image.Write(length);
        image.Write(message);
    }
}
