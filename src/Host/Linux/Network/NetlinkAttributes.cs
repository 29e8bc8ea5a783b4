using System.Runtime.InteropServices;

namespace ActorMigration.Host.Linux.Network;

/// <summary>Reads attributes of an rtnetlink answer: u16 length (with these four bytes), u16 type, value, padded to 4.</summary>
internal static class NetlinkAttributes
{
    /// <summary>False when there is no such attribute, or when the bytes before it are no attributes.</summary>
    internal static bool TryFind(ReadOnlySpan<byte> attributes, ushort wanted, out ReadOnlySpan<byte> value)
    {
        while (attributes.Length >= 4)
        {
            var length = MemoryMarshal.Read<ushort>(attributes);
            var type = MemoryMarshal.Read<ushort>(attributes[2..]) & ~Interop.Netlink.NLA_F_NESTED;
            if (length < 4 || length > attributes.Length)
            {
                break;
            }
            if (type == wanted)
            {
                value = attributes[4..length];
                return true;
            }
            attributes = attributes[Math.Min(attributes.Length, (length + 3) & ~3)..];
        }
        value = default;
        return false;
    }
}
