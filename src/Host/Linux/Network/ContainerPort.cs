using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using ActorMigration.Contracts;
using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux.Network;

/// <summary>
/// The network of one container at one fence: a namespace with eth0 at its final address, and the other end of the pair in the
/// host, up but in no bridge until <see cref="Plug"/>. That is the first lock: without a path no frame can meet a socket that is
/// not there yet (a client would get a RST) and nothing of a stopped or gated copy reaches the wire. The second lock is that the host's IP stack is
/// deaf at an unplugged port.
///
/// Created and adopted in the node's network namespace; after that every call may come from any thread. Up to the plug-in it is the port of
/// one attempt, afterwards of the container.
/// </summary>
internal sealed unsafe class ContainerPort : IDisposable
{
    /// <summary>The only interface of a container besides lo.</summary>
    internal const string ContainerEnd = "eth0";

    private readonly PortName _name;
    private readonly int _hostEnd;
    private readonly int _bridge;
    private readonly string _bridgeName;
    private readonly RouteSocket _host;
    private readonly SafeFileHandle _control;
    private readonly PacketSocket _inside;
    private readonly PacketSocket _towards;
    private readonly byte[][] _announcement;

    private ContainerPort(PortName name, string netnsPath, ContainerNetwork network, string bridge, RouteSocket host, RouteSocket.Link hostEnd, PacketSocket inside)
    {
        _name = name;
        NetnsPath = netnsPath;
        _bridgeName = bridge;
        _bridge = HostInterface.Index(bridge);
        _host = host;
        _hostEnd = hostEnd.Index;
        _inside = inside;
        _announcement = ArpAnnouncement.Frames(network);
        _towards = PacketSocket.Open(_hostEnd, name.HostEnd, metadata: true, receiveBytes: 0);
        _control = Interop.Netlink.Socket(Interop.Netlink.AF_INET, Interop.Netlink.SOCK_DGRAM | Interop.Netlink.SOCK_CLOEXEC, 0);
        if (_control.IsInvalid)
        {
            throw LinuxException.FromLastError("socket(AF_INET)", bridge);
        }
    }

    /// <summary>What runc gets as the path of the network namespace.</summary>
    internal string NetnsPath { get; }

    /// <summary>Name of the end in the host.</summary>
    internal string HostEnd => _name.HostEnd;

    /// <summary>Index of the end in the host.</summary>
    internal int HostEndIndex => _hostEnd;

    /// <summary>What is sent here arrives at the container, plugged or not. Lives as long as this port.</summary>
    internal PacketSocket TowardsContainer => _towards;

    /// <summary>By looking: in this port's bridge now.</summary>
    internal bool IsPlugged => (_host.Find(HostEnd)?.Master ?? 0) == _bridge;

    /// <summary>
    /// Makes namespace and pair, all or nothing. Refuses (EEXIST) when this fence has them already; leftovers of older fences are
    /// <see cref="PortInventory.RemoveStale"/>'s.
    /// </summary>
    internal static ContainerPort Create(string netnsDirectory, ContainerName container, Fence fence, ContainerNetwork network, string bridge)
    {
        var name = new PortName(container, fence);
        var path = Path.Combine(netnsDirectory, name.NetnsFile);
        var host = RouteSocket.Open();
        try
        {
            host.PinAddress(DemandForwardingBridge(host, bridge));
            PacketSocket? inside = null;
            NetworkNamespace.Create(path, () => inside = SetUpInside(path, name, network, host));
            try
            {
                HostInterface.MakeDeafToIp(name.HostEnd);
                var hostEnd = HostInterface.Index(name.HostEnd);
                host.SetUp(hostEnd, name.HostEnd);
                return new ContainerPort(name, path, network, bridge, host, host.Find(name.HostEnd)!, inside!);
            }
            catch
            {
                inside!.Dispose();
                PortInventory.Remove(netnsDirectory, name);
                throw;
            }
        }
        catch
        {
            host.Dispose();
            throw;
        }
    }

    /// <summary>After a daemon restart: takes up a port that an earlier daemon made, plugged or not.</summary>
    internal static ContainerPort Adopt(string netnsDirectory, ContainerName container, Fence fence, ContainerNetwork network, string bridge)
    {
        var name = new PortName(container, fence);
        var path = Path.Combine(netnsDirectory, name.NetnsFile);
        var host = RouteSocket.Open();
        try
        {
            var hostEnd = host.Find(name.HostEnd) ?? throw new LinuxException("RTM_GETLINK", $"{name.HostEnd} ({name.Alias})", Interop.Errno.ENODEV);
            PacketSocket? inside = null;
            NetworkNamespace.Enter(path, () => inside = OpenInside());
            return new ContainerPort(name, path, network, bridge, host, hostEnd, inside!);
        }
        catch
        {
            host.Dispose();
            throw;
        }
    }

    /// <summary>Joins the bridge; from here on frames flow both ways. Nothing happens when it is in already.</summary>
    internal void Plug()
    {
        // EBUSY: it is a port of some bridge already.
        if (BridgeCall(Interop.Netlink.SIOCBRADDIF) is var error and not 0 && !(error == Interop.Errno.EBUSY && IsPlugged))
        {
            throw new LinuxException("SIOCBRADDIF", $"{HostEnd} into {_bridgeName}", error);
        }
    }

    /// <summary>Leaves the bridge, which also forgets that the container's MAC was here. Nothing happens when it is out already.</summary>
    internal void Unplug()
    {
        // EINVAL: it is in no bridge, or in another one.
        if (BridgeCall(Interop.Netlink.SIOCBRDELIF) is var error and not 0 && !(error == Interop.Errno.EINVAL && _host.Find(HostEnd)?.Master == 0))
        {
            throw new LinuxException("SIOCBRDELIF", $"{HostEnd} out of {_bridgeName}", error);
        }
    }

    /// <summary>
    /// Announces the container's address from its own eth0, so that this host's bridge learns the port and the segment's switches the host. After
    /// <see cref="Plug"/>.
    /// </summary>
    internal void Announce()
    {
        foreach (var frame in _announcement)
        {
            _inside.Send(frame);
        }
    }

    /// <summary>
    /// After <see cref="Plug"/> at a destination: CRIU has let the sockets out of repair before, and what they sent then asked for neighbours at a
    /// port that led nowhere. Unforgotten, that question delays the first answer to a client by a second.
    /// </summary>
    internal void ForgetUnansweredNeighbours() => NetworkNamespace.Enter(NetnsPath, () =>
    {
        using var inside = RouteSocket.Open();
        inside.ForgetUnansweredNeighbours();
    });

    /// <summary>
    /// Takes everything away, the pair first: the kernel ends a namespace some time after its last user, and a stale eth0 with the same address
    /// would answer the container's clients with a RST.
    /// </summary>
    internal void Remove()
    {
        _host.Delete(_hostEnd, HostEnd);
        Dispose();
        NetworkNamespace.Remove(NetnsPath);
    }

    /// <summary>Lets go of the sockets; namespace and pair stay.</summary>
    public void Dispose()
    {
        _inside.Dispose();
        _towards.Dispose();
        _control.Dispose();
        _host.Dispose();
    }

    private static RouteSocket.Link DemandForwardingBridge(RouteSocket host, string bridge)
    {
        var link = host.Find(bridge) ?? throw new LinuxException("RTM_GETLINK", bridge, Interop.Errno.ENODEV);
        if (link.SpanningTree != false)
        {
            // With STP a new port listens and learns for twice forward_delay (30 s by default) before it forwards: far more than the stop.
            throw new LinuxException("bridge", $"{bridge}: it must be a bridge with stp_state 0", Interop.Errno.EINVAL);
        }

        return link;
    }

    private static PacketSocket SetUpInside(string path, PortName name, ContainerNetwork network, RouteSocket host)
    {
        using var here = Interop.Open("/proc/thread-self/ns/net", Interop.O_RDONLY | Interop.O_CLOEXEC);
        if (here.IsInvalid)
        {
            throw LinuxException.FromLastError("open", path);
        }
        host.AddVethPair(name.HostEnd, name.Alias, name.HostSideMac(0), ContainerEnd, ArpAnnouncement.Mac(network), network.Mtu, here);
        try
        {
            using var inside = RouteSocket.Open();
            HostInterface.DisableIpv6("all");
            HostInterface.Set("ipv4/conf/all/arp_notify", "1");
            inside.SetUp(HostInterface.Index("lo"), "lo");
            var index = HostInterface.Index(ContainerEnd);
            inside.AddAddress(index, IPAddress.Parse(network.Address), network.PrefixLength, ContainerEnd);
            inside.SetUp(index, ContainerEnd);
            if (network.Gateway.Length > 0)
            {
                inside.AddDefaultRoute(index, IPAddress.Parse(network.Gateway), ContainerEnd);
            }
            return OpenInside();
        }
        catch
        {
            host.Delete(host.Find(name.HostEnd)!.Index, name.HostEnd);
            throw;
        }
    }

    private static PacketSocket OpenInside()
        => PacketSocket.Open(HostInterface.Index(ContainerEnd), ContainerEnd, metadata: false, receiveBytes: 0);

    /// <summary>One ioctl on the bridge, errno or 0: this is in the stop, and a process of `ip` would cost 3 to 4 ms.</summary>
    private int BridgeCall(nuint call)
    {
        var request = new Interop.Netlink.if_req { ifr_ifindex = _hostEnd };
        Encoding.ASCII.GetBytes(_bridgeName, new Span<byte>(request.ifr_name, 16));
        return Interop.IoCtl(_control, call, &request) == 0 ? 0 : Marshal.GetLastPInvokeError();
    }
}
