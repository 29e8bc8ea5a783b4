using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using static ActorMigration.Host.Linux.Interop.Netlink;

namespace ActorMigration.Host.Linux.Network;

/// <summary>The requests that ports and frame holders need, one method each.</summary>
internal sealed partial class RouteSocket
{
    /// <summary>A link as the kernel lists it. <paramref name="Master"/> is 0 for a link in no bridge.</summary>
    internal sealed record Link(int Index, string Name, string Alias, int Master, bool? SpanningTree, byte[] Mac);

    /// <summary>
    /// A pair of virtual Ethernet devices: <paramref name="name"/> here, <paramref name="peer"/> in <paramref name="peerNamespace"/> (here too when null).
    /// Both stay down.
    /// </summary>
    internal void AddVethPair(string name, string alias, byte[] mac, string peer, byte[] peerMac, int mtu, SafeFileHandle? peerNamespace)
    {
        Request(
            NetlinkMessage.Link(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL)
                .Attribute(IFLA_IFNAME, name)
                .Attribute(IFLA_MTU, mtu)
                .Attribute(IFLA_ADDRESS, mac)
                .Nested(IFLA_LINKINFO, info => info
                    .Attribute(IFLA_INFO_KIND, "veth")
                    .Nested(IFLA_INFO_DATA, data => data
                        .Nested(VETH_INFO_PEER, end =>
                        {
                            end.IfInfo(0, AF_UNSPEC, up: false).Attribute(IFLA_IFNAME, peer).Attribute(IFLA_MTU, mtu).Attribute(IFLA_ADDRESS, peerMac);
                            if (peerNamespace is not null)
                            {
                                end.Attribute(IFLA_NET_NS_FD, (int)peerNamespace.DangerousGetHandle());
                            }
                        }))),
            "RTM_NEWLINK", name);
        // The kernel takes no alias at creation. Between the two requests the link is known by its name only; removal looks at both.
        Request(
            NetlinkMessage.Link(RTM_SETLINK, NLM_F_ACK).Attribute(IFLA_IFNAME, name).Attribute(IFLA_IFALIAS, alias),
            "RTM_SETLINK (alias)", name);
    }

    internal void SetUp(int index, string name)
        => Request(NetlinkMessage.Link(RTM_NEWLINK, NLM_F_ACK, index, up: true), "RTM_NEWLINK (up)", name);

    /// <summary>
    /// Lets a bridge keep the MAC that it has. A bridge that was never given one takes the lowest of its ports, so a port that joins or leaves could change the
    /// address under which everybody else knows this host, and cut it off for as long as their neighbour tables remember the old one.
    /// </summary>
    internal void PinAddress(Link bridge)
        => Request(NetlinkMessage.Link(RTM_SETLINK, NLM_F_ACK, bridge.Index).Attribute(IFLA_ADDRESS, bridge.Mac), "RTM_SETLINK (address)", bridge.Name);

    /// <summary>Makes a link a port of a bridge.</summary>
    internal void SetMaster(int index, int bridge, string on)
        => Request(NetlinkMessage.Link(RTM_NEWLINK, NLM_F_ACK, index).Attribute(IFLA_MASTER, bridge), "RTM_NEWLINK (master)", on);

    /// <summary>False when there was no such link.</summary>
    internal bool Delete(int index, string name)
    {
        try
        {
            Request(NetlinkMessage.Link(RTM_DELLINK, NLM_F_ACK, index), "RTM_DELLINK", name);
            return true;
        }
        catch (LinuxException gone) when (gone.Errno == Interop.Errno.ENODEV)
        {
            return false;
        }
    }

    internal void AddAddress(int index, IPAddress address, int prefixLength, string on)
        => Request(
            new NetlinkMessage(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL)
                .U8(AF_INET).U8((byte)prefixLength).U8(0).U8(RT_SCOPE_UNIVERSE).I32(index)
                .Attribute(IFA_LOCAL, address.GetAddressBytes())
                .Attribute(IFA_ADDRESS, address.GetAddressBytes()),
            "RTM_NEWADDR", $"{address}/{prefixLength} at {on}");

    internal void AddDefaultRoute(int index, IPAddress gateway, string on)
        => Request(
            new NetlinkMessage(RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL)
                .U8(AF_INET).U8(0).U8(0).U8(0).U8(RT_TABLE_MAIN).U8(RTPROT_STATIC).U8(RT_SCOPE_UNIVERSE).U8(RTN_UNICAST).U32(0)
                .Attribute(RTA_GATEWAY, gateway.GetAddressBytes())
                .Attribute(RTA_OIF, index),
            "RTM_NEWROUTE", $"default via {gateway} at {on}");

    /// <summary>
    /// Where the bridge sends frames for <paramref name="mac"/>, from the next frame on. A sticky entry stays although frames from this MAC come
    /// in elsewhere; the other kind is what the bridge would have learned itself, and ages.
    /// </summary>
    internal void SetForwarding(byte[] mac, int port, bool sticky, string on)
        => Request(
            Forwarding(RTM_NEWNEIGH, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, port, sticky).Attribute(NDA_LLADDR, mac),
            "RTM_NEWNEIGH (bridge fdb)", on);

    /// <summary>The port neither learns nor gets what is flooded to unknown unicast or multicast addresses; broadcasts reach it.</summary>
    internal void SetPortQuiet(int port, string on)
        => Request(
            NetlinkMessage.Link(RTM_SETLINK, NLM_F_ACK, port, AF_BRIDGE)
                .Nested(IFLA_PROTINFO | NLA_F_NESTED, info => info
                    .Attribute(IFLA_BRPORT_LEARNING, [0])
                    .Attribute(IFLA_BRPORT_UNICAST_FLOOD, [0])
                    .Attribute(IFLA_BRPORT_MCAST_FLOOD, [0])),
            "RTM_SETLINK (bridge port)", on);

    /// <summary>All links of the socket's namespace.</summary>
    internal List<Link> Links()
    {
        var links = new List<Link>();
        foreach (var payload in Dump(() => NetlinkMessage.Link(RTM_GETLINK, NLM_F_DUMP), "RTM_GETLINK"))
        {
            links.Add(Parse(payload));
        }
        return links;
    }

    /// <summary>The link of this name, or null.</summary>
    internal Link? Find(string name) => Links().Find(link => link.Name == name);

    private static NetlinkMessage Forwarding(ushort type, ushort flags, int port, bool sticky)
        => new NetlinkMessage(type, flags)
            .U8(AF_BRIDGE).U8(0).U16(0).I32(port)
            .U16(sticky ? NUD_NOARP : NUD_REACHABLE)
            .U8(sticky ? (byte)(NTF_MASTER | NTF_STICKY) : NTF_MASTER)
            .U8(0);

    private static Link Parse(ReadOnlySpan<byte> payload)
    {
        // struct ifinfomsg: u8 family, u8, u16 type, i32 index, u32 flags, u32 change; then attributes.
        var index = MemoryMarshal.Read<int>(payload[4..]);
        var attributes = payload[16..];
        var master = NetlinkAttributes.TryFind(attributes, IFLA_MASTER, out var value) ? MemoryMarshal.Read<int>(value) : 0;
        bool? spanningTree = null;
        if (NetlinkAttributes.TryFind(attributes, IFLA_LINKINFO, out var info)
            && NetlinkAttributes.TryFind(info, IFLA_INFO_KIND, out var kind) && Text(kind) == "bridge"
            && NetlinkAttributes.TryFind(info, IFLA_INFO_DATA, out var data)
            && NetlinkAttributes.TryFind(data, IFLA_BR_STP_STATE, out var stp))
        {
            spanningTree = MemoryMarshal.Read<int>(stp) != 0;
        }
        return new Link(
            index,
            NetlinkAttributes.TryFind(attributes, IFLA_IFNAME, out var name) ? Text(name) : "",
            NetlinkAttributes.TryFind(attributes, IFLA_IFALIAS, out var alias) ? Text(alias) : "",
            master,
            spanningTree,
            NetlinkAttributes.TryFind(attributes, IFLA_ADDRESS, out var mac) ? mac.ToArray() : []);
    }

    private static string Text(ReadOnlySpan<byte> value) => Encoding.ASCII.GetString(value).TrimEnd('\0');

    /// <summary>
    /// Forgets every neighbour that was asked for and has not answered. The kernel asks again only a second later; after this it asks with the next packet.
    /// </summary>
    internal void ForgetUnansweredNeighbours()
    {
        // struct ndmsg: u8 family, u8 pad, u16 pad, i32 ifindex, u16 state, u8 flags, u8 type; then attributes.
        foreach (var entry in Dump(() => new NetlinkMessage(RTM_GETNEIGH, NLM_F_DUMP).U8(AF_INET).U8(0).U8(0).U8(0).I32(0).U8(0).U8(0).U8(0).U8(0), "RTM_GETNEIGH"))
        {
            if ((MemoryMarshal.Read<ushort>(entry.AsSpan(8)) & (NUD_INCOMPLETE | NUD_FAILED)) == 0 || !NetlinkAttributes.TryFind(entry.AsSpan(12), NDA_DST, out var address))
            {
                continue;
            }
            try
            {
                Request(
                    new NetlinkMessage(RTM_DELNEIGH, NLM_F_ACK).U8(AF_INET).U8(0).U8(0).U8(0).I32(MemoryMarshal.Read<int>(entry.AsSpan(4))).U8(0).U8(0).U8(0).U8(0)
                        .Attribute(NDA_DST, address.ToArray()),
                    "RTM_DELNEIGH", new IPAddress(address).ToString());
            }
            catch (LinuxException gone) when (gone.Errno == Interop.Errno.ENOENT)
            {
                // The kernel gave it up by itself meanwhile.
            }
        }
    }
}
