using System.Buffers.Binary;
using System.Net;
using System.Net.NetworkInformation;
using ActorMigration.Contracts;

namespace ActorMigration.Host.Linux.Network;

/// <summary>
/// Gratuitous ARP (RFC 5227 announcement): switches learn from its source MAC where the container is now. Request and reply
/// form, because some stacks take only one of them into their neighbour table. The address does not change hands, so no IPv4
/// neighbour has to learn anything new; IPv6 is off in a container's namespace.
/// </summary>
internal static class ArpAnnouncement
{
    private const int FrameBytes = 42;

    /// <summary>Both frames, request form first.</summary>
    internal static byte[][] Frames(ContainerNetwork network) => [Frame(network, operation: 1), Frame(network, operation: 2)];

    /// <summary>The six bytes of a container's MAC.</summary>
    internal static byte[] Mac(ContainerNetwork network) => PhysicalAddress.Parse(network.Mac).GetAddressBytes();

    /// <summary>True for an ARP request, behind <paramref name="skip"/> bytes of metadata, that asks who has <paramref name="address"/>.</summary>
    internal static bool AsksFor(ReadOnlySpan<byte> frame, int skip, ReadOnlySpan<byte> address)
        => frame.Length >= skip + FrameBytes
            && frame[skip + 12] == 0x08 && frame[skip + 13] == 0x06
            && frame[skip + 20] == 0 && frame[skip + 21] == 1
            && frame.Slice(skip + 38, 4).SequenceEqual(address);

    private static byte[] Frame(ContainerNetwork network, ushort operation)
    {
        // Ethernet: 6 destination, 6 source, 2 type. ARP: 2 hardware, 2 protocol, 1 + 1 lengths, 2 operation, 6 + 4 sender, 6 + 4 target.
        var frame = new byte[FrameBytes];
        var mac = Mac(network);
        var address = IPAddress.Parse(network.Address).GetAddressBytes();
        frame.AsSpan(0, 6).Fill(0xff);
        mac.CopyTo(frame, 6);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(12), 0x0806);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(14), 1);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(16), 0x0800);
        frame[18] = 6;
        frame[19] = 4;
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(20), operation);
        mac.CopyTo(frame, 22);
        address.CopyTo(frame, 28);
        if (operation == 2)
        {
            mac.CopyTo(frame, 32);
        }
        address.CopyTo(frame, 38);
        return frame;
    }
}
