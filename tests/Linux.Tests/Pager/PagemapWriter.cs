using System.Buffers.Binary;

namespace ActorMigration.Linux.Tests.Pager;

/// <summary>Writes a pagemap image as CRIU 4.2 does: the independent other side of the reader under test.</summary>
internal static class PagemapWriter
{
    internal static byte[] Image(params (ulong Address, ulong Pages, uint Flags)[] entries)
    {
        using var image = new MemoryStream();
        image.Write(BitConverter.GetBytes(0x5456_4319u));
        image.Write(BitConverter.GetBytes(0x5608_4025u));
        Message(image, [0x08, 0x01]);
        foreach (var (address, pages, flags) in entries)
        {
            using var message = new MemoryStream();
            Varint(message, 1, address);
            Varint(message, 2, (uint)pages);
            Varint(message, 4, flags);
            Varint(message, 5, pages);
            Message(image, message.ToArray());
        }

        return image.ToArray();
    }

    private static void Message(MemoryStream image, byte[] message)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, message.Length);
        image.Write(length);
        image.Write(message);
    }

    private static void Varint(MemoryStream message, int field, ulong value)
    {
        message.WriteByte((byte)(field << 3));
        for (; value >= 0x80; value >>= 7)
        {
            message.WriteByte((byte)(value | 0x80));
        }

        message.WriteByte((byte)value);
    }
}
