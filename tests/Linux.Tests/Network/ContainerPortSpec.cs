using System.Diagnostics;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using ActorMigration.Contracts;
using ActorMigration.Host.Linux;
using ActorMigration.Host.Linux.Network;
using Xunit.Abstractions;

namespace ActorMigration.Linux.Tests.Network;

/// <summary>Namespace, pair and bridge of one container, on the real kernel.</summary>
public sealed class ContainerPortSpec(ITestOutputHelper output) : IDisposable
{
    private static readonly ContainerName Container = new("container-with-the-longest-name");
    private readonly SegmentLab _lab = new();

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void An_unplugged_port_reaches_nobody_not_even_its_own_host_and_a_plugged_one_does()
    {
        using var port = Create(new Fence(1, 0));

        Assert.False(port.IsPlugged);
        Assert.False(Reaches(port, "10.91.0.1"), "the host's IP stack answered an unplugged port");
        Assert.False(Reaches(port, "10.91.0.10"));
        Assert.DoesNotContain("lladdr", SegmentLab.Run("nsenter", $"--net={port.NetnsPath} ip neigh show 10.91.0.1"), StringComparison.Ordinal);

        port.Plug();
        port.Plug();
        Assert.True(port.IsPlugged);
        Assert.True(Reaches(port, "10.91.0.10", 3000));
        Assert.True(Reaches(port, "10.91.0.1", 3000));

        port.Unplug();
        port.Unplug();
        Assert.False(port.IsPlugged);
        Assert.False(Reaches(port, "10.91.0.10"), "an unplugged port reached the segment");
    }

    [Fact]
    public void An_unplugged_port_gets_no_answer_to_a_probe_that_has_no_sender()
    {
        using var port = Create(new Fence(1, 0));

        // RFC 5227 probe: the kernel answers it before it looks for a way back, so only the setting for ARP stops that.
        Assert.False(AnswersProbe(port, "10.91.0.1", 400), "the host's IP stack answered a probe of an unplugged port");
        port.Plug();
        Assert.True(AnswersProbe(port, "10.91.0.1", 3000));
    }

    [Fact]
    public void The_container_gets_its_address_mac_mtu_and_route_and_no_ipv6()
    {
        using var port = Create(new Fence(1, 0));

        var seen = SegmentLab.Run("nsenter", $"--net={port.NetnsPath} ip -o addr show dev eth0");
        var link = SegmentLab.Run("nsenter", $"--net={port.NetnsPath} ip -o link show dev eth0");
        Assert.Contains("10.91.0.50/24", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("inet6", seen, StringComparison.Ordinal);
        Assert.Contains("mtu 1500", link, StringComparison.Ordinal);
        Assert.Contains(_lab.Network.Mac, link, StringComparison.Ordinal);
        Assert.Contains("LOWER_UP", link, StringComparison.Ordinal);
        Assert.Contains("default via 10.91.0.1", SegmentLab.Run("nsenter", $"--net={port.NetnsPath} ip route"), StringComparison.Ordinal);
        Assert.InRange(port.HostEnd.Length, 1, 15);
    }

    [Fact]
    public void What_an_older_fence_left_is_removed_and_nothing_else()
    {
        using var older = Create(new Fence(3, 1));
        using var newer = Create(new Fence(3, 2));
        using var other = _lab.In("A", () => ContainerPort.Create(_lab.NetnsDirectory, new ContainerName("other"), new Fence(1, 0), _lab.Network, SegmentLab.Bridge));

        var gone = _lab.In("A", () => PortInventory.RemoveStale(_lab.NetnsDirectory, Container, olderThan: new Fence(3, 2)));

        Assert.Equal(new Fence(3, 1), Assert.Single(gone).Fence);
        var left = _lab.In("A", () => PortInventory.Find(_lab.NetnsDirectory));
        Assert.Equal([(Container.Value, new Fence(3, 2)), ("other", new Fence(1, 0))], left.Select(name => (name.Container.Value, name.Fence)).Order());
        Assert.DoesNotContain(older.HostEnd, _lab.Ip("A", "-o link"), StringComparison.Ordinal);
        Assert.False(File.Exists(older.NetnsPath));
    }

    [Fact]
    public void A_restarted_daemon_takes_a_port_up_as_it_was()
    {
        var before = Create(new Fence(1, 0));
        before.Plug();
        before.Dispose();

        using var after = _lab.In("A", () => ContainerPort.Adopt(_lab.NetnsDirectory, Container, new Fence(1, 0), _lab.Network, SegmentLab.Bridge));

        Assert.True(after.IsPlugged);
        after.Announce();
        Assert.Contains(_lab.Network.Mac, SegmentLab.Run("bridge", $"-n {Path.GetFileName(_lab.PathOf("A"))} fdb show dev {after.HostEnd}"), StringComparison.Ordinal);
        after.Remove();
        Assert.Empty(_lab.In("A", () => PortInventory.Find(_lab.NetnsDirectory)));
    }

    [Fact]
    public void A_second_port_of_one_fence_and_a_bridge_that_cannot_forward_at_once_are_refused_without_a_trace()
    {
        using var port = Create(new Fence(1, 0));
        Assert.ThrowsAny<IOException>(() => Create(new Fence(1, 0)));
        Assert.True(File.Exists(port.NetnsPath));

        _lab.Ip("B", "link set br0 type bridge stp_state 1");
        var refused = Assert.Throws<LinuxException>(() => _lab.In("B", () => ContainerPort.Create(_lab.NetnsDirectory, Container, new Fence(2, 0), _lab.Network, SegmentLab.Bridge)));
        Assert.Contains("stp_state 0", refused.Message, StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(_lab.NetnsDirectory));
    }

    [Fact]
    public void A_port_or_holder_that_joins_or_leaves_does_not_change_the_address_of_the_host()
    {
        // Higher than any of ours: a bridge that was left to itself would take theirs.
        _lab.Ip("A", $"link set {SegmentLab.Uplink} address fe:ff:ff:ff:ff:fe");
        _lab.Ip("A", "link set toclientA address fe:ff:ff:ff:ff:ff");
        var before = MacOf(SegmentLab.Bridge);
        Assert.Equal("fe:ff:ff:ff:ff:fe", before);

        using (var holder = _lab.In("A", () => FrameHolder.Open(Container, new Fence(1, 1), _lab.Network, SegmentLab.Bridge, SegmentLab.Uplink)))
        {
            Assert.Equal(before, MacOf(SegmentLab.Bridge));
        }

        using var port = Create(new Fence(1, 0));
        port.Plug();
        Assert.Equal(before, MacOf(SegmentLab.Bridge));
        port.Unplug();
        Assert.Equal(before, MacOf(SegmentLab.Bridge));

        string MacOf(string link) => _lab.Ip("A", $"-o link show dev {link}").Split("link/ether ")[1].Split(' ')[0];
    }

    [Fact]
    public void A_claim_of_an_older_fence_is_refused_and_sends_nothing()
    {
        var ledger = new ClaimLedger();
        using var older = _lab.In("A", () => MacClaim.Open(ledger, SegmentLab.Uplink, Container, new Fence(7, 1), _lab.Network));
        using var newer = _lab.In("A", () => MacClaim.Open(ledger, SegmentLab.Uplink, Container, new Fence(7, 2), _lab.Network));

        older.Claim();
        newer.Claim();
        newer.Claim();
        var sent = Sent();
        var refusal = Assert.Throws<StaleFenceException>(older.Claim);

        Assert.Contains("e7o1", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(sent, Sent());

        long Sent() => _lab.In("A", () => long.Parse(File.ReadLines("/proc/thread-self/net/dev").Single(line => line.Contains(SegmentLab.Uplink, StringComparison.Ordinal))
            .Split(':')[1].Split(' ', StringSplitOptions.RemoveEmptyEntries)[9], System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public void Plug_and_unplug_take_well_under_a_millisecond_of_the_stop()
    {
        using var port = Create(new Fence(1, 0));
        port.Plug();
        port.Unplug();
        var plug = new List<double>();
        var unplug = new List<double>();
        for (var i = 0; i < 20; i++)
        {
            var at = Stopwatch.GetTimestamp();
            port.Plug();
            plug.Add(Stopwatch.GetElapsedTime(at).TotalMicroseconds);
            at = Stopwatch.GetTimestamp();
            port.Unplug();
            unplug.Add(Stopwatch.GetElapsedTime(at).TotalMicroseconds);
        }
        plug.Sort();
        unplug.Sort();

        output.WriteLine($"plug median {plug[10]:0} us, max {plug[^1]:0}; unplug median {unplug[10]:0} us, max {unplug[^1]:0}");
        Assert.True(plug[10] < 2000, $"plug median {plug[10]} us");
        Assert.True(unplug[10] < 20_000, $"unplug median {unplug[10]} us");
    }

    private ContainerPort Create(Fence fence) => _lab.In("A", () => ContainerPort.Create(_lab.NetnsDirectory, Container, fence, _lab.Network, SegmentLab.Bridge));

    private static bool Reaches(ContainerPort port, string address, int milliseconds = 400)
        => SegmentLab.InPath(port.NetnsPath, () =>
        {
            // The first question for a neighbour may be one second old and unanswered. An answer on the closed port shows that somebody is there.
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                return socket.ConnectAsync(IPAddress.Parse(address), 9).Wait(milliseconds);
            }
            catch (AggregateException refused)
            {
                return ((SocketException)refused.InnerException!).SocketErrorCode == SocketError.ConnectionRefused;
            }
        });

    private bool AnswersProbe(ContainerPort port, string address, int milliseconds)
        => SegmentLab.InPath(port.NetnsPath, () =>
        {
            using var socket = PacketSocket.Open(HostInterface.Index("eth0"), "eth0", metadata: false, receiveBytes: 1 << 20);
            var frame = ArpAnnouncement.Frames(_lab.Network)[0];
            frame.AsSpan(28, 4).Clear();
            IPAddress.Parse(address).GetAddressBytes().CopyTo(frame, 38);
            var answer = new byte[PacketSocket.MaxFrameBytes];
            socket.Send(frame);
            return SpinWait.SpinUntil(
                () => socket.TryReceive(answer) >= 42 && answer[12] == 0x08 && answer[13] == 0x06 && answer[21] == 2 && answer.AsSpan(28, 4).SequenceEqual(frame.AsSpan(38, 4)), milliseconds);
        });
}
