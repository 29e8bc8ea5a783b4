using System.Net;
using ActorMigration.Contracts;
using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux.Network;

/// <summary>
/// Holds the frames that are meant for a container while nobody can take them, and gives them on afterwards, so that a client
/// waits for the stop and not for its TCP retransmission timer. The same on both sides:
///
/// source: <see cref="Hold"/> before the unplug, <see cref="TakeForDestination"/> once the destination has claimed the MAC;
/// destination: <see cref="Hold"/> before the claim, <see cref="AddOlder"/> with the source's frames, <see cref="ReplayInto"/> after the plug-in.
/// Aborted: the source replays into its own port; the destination <see cref="Release"/>s.
///
/// How: a pair of virtual devices has one end in the bridge and a socket at the other. A forwarding entry of the bridge sends the container's MAC
/// there, whether a frame comes from the uplink or from another port of this host. Moving that one entry to another port is
/// atomic: each frame goes to the holder or to the new port, never to both and never to none. A frame that was already on
/// its way to the holder at that moment is passed on when it comes. So the order is plug, replay, move the entry, pass on.
///
/// Opened in prepare, in the node's network namespace; all other calls may come from any thread. The reader is a thread of its own.
/// </summary>
internal sealed unsafe class FrameHolder : IDisposable
{
    /// <summary>Bytes of the kernel's queue before the reader: a burst at line rate (10 Gbit/s) for 10 ms, in which the reader may not be scheduled.</summary>
    private const int SocketBytes = 16 * 1024 * 1024;

    /// <summary>Frames that are taken from the socket before the lock is given up, so that a flood cannot keep a caller out. A full queue fits.</summary>
    private const int MaxFramesPerTurn = 2 * HeldFrames.MaxFrames;

    private readonly PortName _name;
    private readonly RouteSocket _route;
    private readonly PacketSocket _tap;
    private readonly PacketSocket _uplink;
    private readonly int _holdPort;
    private readonly int _uplinkPort;
    private readonly byte[] _mac;
    private readonly byte[] _address;
    private readonly SafeFileHandle _wake;
    private readonly Thread _reader;
    private readonly Lock _lock = new();

    // All below under _lock.
    private readonly byte[] _buffer = new byte[PacketSocket.MaxFrameBytes];
    private readonly FrameQueue _queue = new();
    private State _state = State.Idle;
    private PacketSocket? _target;
    private int _passedOn;
    private int _lost;

    private FrameHolder(PortName name, ContainerNetwork network, RouteSocket route, string uplink, int holdPort, PacketSocket tap)
    {
        _name = name;
        _route = route;
        _tap = tap;
        _holdPort = holdPort;
        _uplinkPort = HostInterface.Index(uplink);
        _uplink = PacketSocket.Open(_uplinkPort, uplink, metadata: true, receiveBytes: 0);
        _mac = ArpAnnouncement.Mac(network);
        _address = IPAddress.Parse(network.Address).GetAddressBytes();
        _wake = Interop.Packet.EventFd(0, Interop.Packet.EFD_CLOEXEC);
        if (_wake.IsInvalid)
        {
            throw LinuxException.FromLastError("eventfd", name.HoldTap);
        }
        _reader = new Thread(Read) { IsBackground = true, Name = "amig-frames" };
        _reader.Start();
    }

    private enum State
    {
        /// <summary>The container's frames go elsewhere; what is flooded to the hold port is thrown away.</summary>
        Idle,

        /// <summary>Frames for the container are kept.</summary>
        Holding,

        /// <summary>The entry has moved on; frames that were already under way are sent after it.</summary>
        Passing,

        Closed,
    }

    /// <summary>What a holder did, for the migration's report.</summary>
    /// <param name="Replayed">Frames given on from the queue.</param>
    /// <param name="Dropped">Frames given up because a limit was reached.</param>
    /// <param name="Lost">Frames that the kernel did not take at the replay.</param>
    internal readonly record struct Report(int Replayed, int Dropped, int Lost);

    /// <summary>Frames held now.</summary>
    internal int Held
    {
        get
        {
            lock (_lock)
            {
                return _queue.Count;
            }
        }
    }

    /// <summary>Frames that came after the entry had moved and were passed on.</summary>
    internal int PassedOn
    {
        get
        {
            lock (_lock)
            {
                return _passedOn;
            }
        }
    }

    /// <summary>
    /// A daemon that died while it held left a hold port with a forwarding entry that swallows the container's frames. The recovering daemon removes it
    /// before it plugs the port in. False when there is none.
    /// </summary>
    internal static bool RemoveLeftover(ContainerName container, Fence fence)
    {
        using var route = RouteSocket.Open();
        var name = new PortName(container, fence).HoldPort;
        return route.Find(name) is { } left && route.Delete(left.Index, name);
    }

    /// <summary>Makes the hold port; holds nothing yet. Refuses (EEXIST) when this fence has one already.</summary>
    internal static FrameHolder Open(ContainerName container, Fence fence, ContainerNetwork network, string bridge, string uplink)
    {
        var name = new PortName(container, fence);
        var route = RouteSocket.Open();
        var made = false;
        try
        {
            route.PinAddress(route.Find(bridge) ?? throw new LinuxException("RTM_GETLINK", bridge, Interop.Errno.ENODEV));
            route.AddVethPair(name.HoldPort, name.Alias, name.HostSideMac(1), name.HoldTap, name.HostSideMac(2), network.Mtu, peerNamespace: null);
            made = true;
            HostInterface.MakeDeafToIp(name.HoldPort);
            HostInterface.MakeDeafToIp(name.HoldTap);
            var port = HostInterface.Index(name.HoldPort);
            var tap = HostInterface.Index(name.HoldTap);
            route.SetUp(tap, name.HoldTap);
            route.SetUp(port, name.HoldPort);
            route.SetMaster(port, HostInterface.Index(bridge), $"{name.HoldPort} into {bridge}");
            route.SetPortQuiet(port, name.HoldPort);
            return new FrameHolder(name, network, route, uplink, port, PacketSocket.Open(tap, name.HoldTap, metadata: true, SocketBytes));
        }
        catch
        {
            if (made && route.Find(name.HoldPort) is { } half)
            {
                route.Delete(half.Index, half.Name);
            }
            route.Dispose();
            throw;
        }
    }

    /// <summary>From the next frame on, what is meant for the container is kept here. Well under 1 ms.</summary>
    internal void Hold()
    {
        lock (_lock)
        {
            if (_state == State.Holding)
            {
                return;
            }
            for (var i = 0; i < MaxFramesPerTurn && _tap.TryReceive(_buffer) != 0; i++)
            {
                // Broadcasts from before: they reached everybody they were meant for.
            }
            _state = State.Holding;
            Move(_holdPort, sticky: true);
        }
        Wake();
    }

    /// <summary>
    /// Source, once the destination has claimed the MAC: frames of other ports of this host go out to the segment from here on; what was held
    /// until now is returned in <see cref="HeldFrames"/>' form and goes along with the state. It is kept here as well, for <see cref="ReplayInto"/> after an abort.
    /// </summary>
    internal byte[] TakeForDestination()
    {
        lock (_lock)
        {
            Move(_uplinkPort, sticky: false);
            Drain();
            PassTo(_uplink);
            return HeldFrames.Encode(_queue.Copy());
        }
    }

    /// <summary>Destination: the source's frames, older than all that are held here. <see cref="InvalidDataException"/> when they are not in the strict form.</summary>
    internal void AddOlder(ReadOnlySpan<byte> encoded)
    {
        if (!HeldFrames.TryDecode(encoded, out var frames) || !frames.TrueForAll(frame => IsWanted(frame)))
        {
            throw new InvalidDataException("The source's held frames are refused: not in the agreed form, or not meant for this container.");
        }
        lock (_lock)
        {
            _queue.AddOlder(frames);
        }
    }

    /// <summary>Gives all held frames to a plugged port, oldest first, then lets the bridge do it. Nothing is doubled and nothing is left behind. The port outlives this holder.</summary>
    internal Report ReplayInto(ContainerPort port)
    {
        var target = port.TowardsContainer;
        lock (_lock)
        {
            Drain();
            var frames = _queue.Take();
            foreach (var frame in frames)
            {
                Give(target, frame);
            }
            Move(port.HostEndIndex, sticky: false);
            PassTo(target);
            return new Report(frames.Length, _queue.Dropped, _lost);
        }
    }

    /// <summary>Destination after an abort: the address is somewhere behind the uplink again. Held frames are given up; the source has its own.</summary>
    internal Report Release()
    {
        lock (_lock)
        {
            if (_state == State.Holding)
            {
                Move(_uplinkPort, sticky: false);
            }
            _state = State.Idle;
            var given = _queue.Take().Length;
            return new Report(0, _queue.Dropped + given, _lost);
        }
    }

    /// <summary>Ends the reader and takes the hold port away, and with it its forwarding entry.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_state == State.Closed)
            {
                return;
            }
            _state = State.Closed;
        }
        Wake();
        _reader.Join();
        _route.Delete(_holdPort, _name.HoldPort);
        _tap.Dispose();
        _uplink.Dispose();
        _wake.Dispose();
        _route.Dispose();
    }

    private void Move(int port, bool sticky) => _route.SetForwarding(_mac, port, sticky, $"{_name.Alias} to port {port}");

    private void PassTo(PacketSocket target)
    {
        _target = target;
        _state = State.Passing;
    }

    /// <summary>The reader: sleeps until a frame or a change of state comes. While idle it does not look at the socket, where only broadcasts can come.</summary>
    private void Read()
    {
        var fds = stackalloc Interop.Packet.poll_fd[2];
        while (true)
        {
            State state;
            lock (_lock)
            {
                state = _state;
            }
            if (state == State.Closed)
            {
                return;
            }
            fds[0] = new Interop.Packet.poll_fd { fd = (int)_wake.DangerousGetHandle(), events = Interop.Packet.POLLIN };
            fds[1] = new Interop.Packet.poll_fd { fd = (int)_tap.Handle.DangerousGetHandle(), events = Interop.Packet.POLLIN };
            // EINTR and every other reason to return early: the state is looked at again and the sockets are asked without blocking.
            _ = Interop.Packet.Poll(fds, state == State.Idle ? 1u : 2u, -1);
            if (fds[0].revents != 0)
            {
                ulong count;
                _ = Interop.Read(_wake, (byte*)&count, sizeof(ulong));
            }
            lock (_lock)
            {
                Drain();
            }
        }
    }

    /// <summary>Takes the frames that wait in the socket, by state.</summary>
    private void Drain()
    {
        if (_state is State.Idle or State.Closed)
        {
            return;
        }
        for (var i = 0; i < MaxFramesPerTurn && _tap.TryReceive(_buffer) is var length and not 0; i++)
        {
            if (length > _buffer.Length)
            {
                _lost++;
                continue;
            }
            var frame = _buffer.AsSpan(0, length);
            if (!IsWanted(frame))
            {
                continue;
            }
            if (_state == State.Holding)
            {
                _queue.Add(frame.ToArray());
            }
            else if (frame.Slice(PacketSocket.MetadataBytes, 6).SequenceEqual(_mac))
            {
                // Not the broadcasts: the bridge floods them to the new port itself.
                Give(_target!, frame);
                _passedOn++;
            }
        }
    }

    /// <summary>Frames to the container's MAC, and the question who has its address: unanswered, a client would ask again only after a second.</summary>
    private bool IsWanted(ReadOnlySpan<byte> frame)
        => frame.Length >= HeldFrames.MinFrameBytes
            && (frame.Slice(PacketSocket.MetadataBytes, 6).SequenceEqual(_mac) || ArpAnnouncement.AsksFor(frame, PacketSocket.MetadataBytes, _address));

    private void Give(PacketSocket target, ReadOnlySpan<byte> frame)
    {
        if (!target.TrySend(frame))
        {
            _lost++;
        }
    }

    private void Wake()
    {
        var one = 1UL;
        _ = Interop.Write(_wake, (byte*)&one, sizeof(ulong));
    }
}
