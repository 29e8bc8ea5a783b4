using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Network;
using Xunit.Abstractions;

namespace ActorMigration.Linux.Tests.Network;

/// <summary>The address of a container goes from host A to host B, or comes back, under traffic. Real kernel, real TCP, no CRIU.</summary>
public sealed class HandOverSpec(ITestOutputHelper output) : IDisposable
{
    private static readonly ContainerName Container = new("redis");
    private static readonly Fence Fence = new(7, 2);
    private readonly SegmentLab _lab = new();

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void Each_datagram_of_clients_anywhere_is_delivered_once_across_a_hand_over()
    {
        using var source = PortOn("A");
        using var destination = PortOn("B", new Fence(7, 3));
        using var sourceServer = SegmentLab.UdpServer(source.NetnsPath);
        using var destinationServer = SegmentLab.UdpServer(destination.NetnsPath);
        using var sourceHolder = HolderOn("A");
        using var destinationHolder = HolderOn("B");
        using var claim = _lab.In("B", () => MacClaim.Open(new ClaimLedger(), SegmentLab.Uplink, Container, Fence, _lab.Network));
        source.Plug();
        source.Announce();
        var received = new ConcurrentDictionary<(int Client, int Number), int>();
        using var stop = new CancellationTokenSource();
        var readers = new[] { sourceServer, destinationServer }.Select(server => StartReader(server, received, stop.Token)).ToArray();
        var senders = new[] { "client", "clientA", "clientB" }.Select((name, client) => StartSender(_lab.UdpClient(name), client, stop.Token)).ToArray();
        SpinWait.SpinUntil(() => received.Count > 300, 3000);

        sourceHolder.Hold();
        source.Unplug();
        Thread.Sleep(20);   // the gap before the claim, long enough to catch frames of all three clients
        var clock = Stopwatch.StartNew();
        destinationHolder.Hold();
        claim.Claim();
        SpinWait.SpinUntil(() => destinationHolder.Held > 0, 1000);
        var firstHeld = clock.Elapsed;
        var held = sourceHolder.TakeForDestination();
        destinationHolder.AddOlder(held);
        Thread.Sleep(100);
        destination.Plug();
        var report = destinationHolder.ReplayInto(destination);
        destination.Announce();
        Thread.Sleep(100);
        stop.Cancel();
        var sent = senders.Select(sender => sender.Result).ToArray();
        SpinWait.SpinUntil(() => received.Count == sent.Sum(), 1000);
        Array.ForEach(readers, reader => reader.Wait());

        output.WriteLine($"claim to first held frame {firstHeld.TotalMicroseconds:0} us; source held {held.Length} bytes; {report}; sent {string.Join(' ', sent)}; passed on {destinationHolder.PassedOn}");
        Assert.Equal(sent.Sum(), received.Count);
        Assert.All(received, one => Assert.True(one.Value == 1, $"datagram {one.Key} arrived {one.Value} times"));
        Assert.True(HeldFrames.TryDecode(held, out var frames) && frames.Count > 10, "the source's gap was not covered by the test");
        Assert.True(report.Replayed > 50);
        Assert.Equal(0, report.Lost + report.Dropped);
        Assert.All(sent, count => Assert.True(count > 100));
    }

    [Fact]
    public async Task An_aborted_hand_over_leaves_the_connection_as_it_was_and_costs_no_retransmission_timer()
    {
        using var source = PortOn("A");
        using var sourceHolder = HolderOn("A");
        using var destinationHolder = HolderOn("B");
        using var claim = _lab.In("B", () => MacClaim.Open(new ClaimLedger(), SegmentLab.Uplink, Container, Fence, _lab.Network));
        source.Plug();
        source.Announce();
        using var listener = Listener(source);
        using var client = _lab.In("client", () => Connect());
        using var server = await listener.AcceptAsync();
        var payload = new byte[40_000];   // more than one segment: a GSO frame with an unfinished checksum
        Random.Shared.NextBytes(payload);
        await client.SendAsync(payload);
        Assert.Equal(payload, await ReceiveAsync(server, payload.Length));

        sourceHolder.Hold();
        source.Unplug();
        Random.Shared.NextBytes(payload);
        var clientClock = Stopwatch.StartNew();
        await client.SendAsync(payload);
        SpinWait.SpinUntil(() => sourceHolder.Held >= 1, 1000);
        destinationHolder.Hold();
        claim.Claim();
        Assert.True(HeldFrames.TryDecode(sourceHolder.TakeForDestination(), out var taken) && taken.Count >= 1);
        // Retransmissions come at about 0.2, 0.6, 1.4 s. After 0.7 s the next one would come 0.7 s later.
        Thread.Sleep(700);
        var heldAtDestination = destinationHolder.Held;
        destinationHolder.Release();
        source.Plug();
        var resumed = Stopwatch.StartNew();
        var report = sourceHolder.ReplayInto(source);
        source.Announce();
        var got = ReceiveHere(server, payload.Length);
        resumed.Stop();

        output.WriteLine($"payload complete {resumed.Elapsed.TotalMilliseconds:0.0} ms after the plug-in, {clientClock.ElapsedMilliseconds} ms after it was sent; {report}; destination held {heldAtDestination}");
        Assert.Equal(payload, got);
        Assert.True(report.Replayed >= 1);
        Assert.True(heldAtDestination >= 1, "the destination's claim did not take the address over");
        Assert.True(resumed.ElapsedMilliseconds < 350, $"{resumed.ElapsedMilliseconds} ms: the client had to send again by its timer");
    }

    [Fact]
    public void A_holder_of_a_dead_daemon_keeps_swallowing_frames_until_the_next_one_removes_it()
    {
        using var source = PortOn("A");
        using var server = SegmentLab.UdpServer(source.NetnsPath);
        source.Plug();
        source.Announce();
        using var client = _lab.UdpClient("client");
        client.Send(Numbered(0, 1, 100));
        Assert.True(server.Poll(2_000_000, SelectMode.SelectRead));
        server.Receive(new byte[200]);
        var abandoned = HolderOn("A");   // never disposed, as by a daemon that was killed
        abandoned.Hold();
        client.Send(Numbered(0, 2, 100));
        Assert.False(server.Poll(200_000, SelectMode.SelectRead));

        Assert.True(_lab.In("A", () => FrameHolder.RemoveLeftover(Container, Fence)));
        Assert.False(_lab.In("A", () => FrameHolder.RemoveLeftover(Container, Fence)));
        source.Announce();
        client.Send(Numbered(0, 3, 100));

        Assert.True(server.Poll(2_000_000, SelectMode.SelectRead), "the container is still not reachable");
        abandoned.Dispose();
    }

    [Fact]
    public async Task A_connection_that_a_client_opens_during_the_stop_is_answered_at_the_plug_in()
    {
        using var source = PortOn("A");
        using var destination = PortOn("B", new Fence(7, 3));
        using var holder = HolderOn("B");
        using var claim = _lab.In("B", () => MacClaim.Open(new ClaimLedger(), SegmentLab.Uplink, Container, Fence, _lab.Network));
        source.Plug();
        using (Listener(source))
        using (var before = _lab.In("client", () => Connect()))
        {
            before.LingerState = new LingerOption(true, 0);   // ends with one RST: a FIN would be sent again and be held instead of the SYN
            source.Unplug();
        }
        using var listener = Listener(destination);
        holder.Hold();
        claim.Claim();

        var connecting = Task.Run(() => _lab.In("client", () => Connect()));
        Assert.True(SpinWait.SpinUntil(() => holder.Held >= 1, 2000), "the SYN was not held");
        Assert.False(connecting.IsCompleted);
        destination.Plug();
        var report = holder.ReplayInto(destination);
        destination.Announce();
        using var client = await connecting;
        using var server = await listener.AcceptAsync();

        output.WriteLine($"{report}; passed on {holder.PassedOn}; sent again {SentAgain(client)}");
        Assert.Equal(0, SentAgain(client));
        await client.SendAsync("hello"u8.ToArray());
        Assert.Equal("hello"u8.ToArray(), await ReceiveAsync(server, 5));
    }

    [Fact]
    public void A_flood_during_the_stop_is_bounded_and_the_newest_frames_are_kept()
    {
        using var destination = PortOn("B");
        using var server = SegmentLab.UdpServer(destination.NetnsPath);
        using var holder = HolderOn("B");
        destination.Plug();
        destination.Announce();
        using var client = _lab.UdpClient("client");
        client.Send(Numbered(0, 0, 1000));
        Assert.True(server.Poll(1_000_000, SelectMode.SelectRead));

        holder.Hold();
        destination.Unplug();
        const int Frames = 8 * 1024;
        for (var i = 1; i <= Frames; i++)
        {
            client.Send(Numbered(0, i, 1000));   // 8 MiB with headers
            if (i % 64 == 0)
            {
                Thread.Yield();
            }
        }
        SpinWait.SpinUntil(() => false, 200);
        destination.Plug();
        var report = holder.ReplayInto(destination);

        output.WriteLine($"{report}");
        Assert.True(report.Replayed * 1052 <= HeldFrames.MaxBytes);
        Assert.True(report.Replayed > 3000);
        Assert.InRange(report.Replayed + report.Dropped, Frames * 9 / 10, Frames);
        var last = 0;
        var buffer = new byte[2000];
        while (server.Poll(100_000, SelectMode.SelectRead))
        {
            server.Receive(buffer);
            last = BinaryPrimitives.ReadInt32LittleEndian(buffer.AsSpan(4));
        }
        Assert.Equal(Frames, last);
    }

    private ContainerPort PortOn(string host, Fence? fence = null)
        => _lab.In(host, () => ContainerPort.Create(_lab.NetnsDirectory, Container, fence ?? Fence, _lab.Network, SegmentLab.Bridge));

    private FrameHolder HolderOn(string host)
        => _lab.In(host, () => FrameHolder.Open(Container, Fence, _lab.Network, SegmentLab.Bridge, SegmentLab.Uplink));

    private static Socket Listener(ContainerPort port)
        => SegmentLab.InPath(port.NetnsPath, () =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Any, 6379));
            socket.Listen();
            return socket;
        });

    private Socket Connect()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(_lab.Address, 6379);
        return socket;
    }

    /// <summary>Segments that this end sent more than once, its SYN among them (tcpi_total_retrans of TCP_INFO): no clock of a busy machine has a say in it.</summary>
    private static int SentAgain(Socket socket)
    {
        const int TCP_INFO = 11;
        const int TotalRetrans = 100;
        Span<byte> info = stackalloc byte[TotalRetrans + sizeof(int)];
        Assert.Equal(info.Length, socket.GetRawSocketOption((int)ProtocolType.Tcp, TCP_INFO, info));
        return BinaryPrimitives.ReadInt32LittleEndian(info[TotalRetrans..]);
    }

    /// <summary>On the calling thread: what is timed waits for no thread of a pool that other tests have taken.</summary>
    private static byte[] ReceiveHere(Socket socket, int count)
    {
        socket.ReceiveTimeout = 5000;
        var buffer = new byte[count];
        for (var at = 0; at < count;)
        {
            at += socket.Receive(buffer.AsSpan(at));
        }
        return buffer;
    }

    private static async Task<byte[]> ReceiveAsync(Socket socket, int count)
    {
        var buffer = new byte[count];
        for (var at = 0; at < count;)
        {
            at += await socket.ReceiveAsync(buffer.AsMemory(at)).AsTask().WaitAsync(TimeSpan.FromSeconds(5));
        }
        return buffer;
    }

    private static byte[] Numbered(int client, int number, int length)
    {
        var datagram = new byte[length];
        BinaryPrimitives.WriteInt32LittleEndian(datagram, client);
        BinaryPrimitives.WriteInt32LittleEndian(datagram.AsSpan(4), number);
        return datagram;
    }

    private static Task StartReader(Socket server, ConcurrentDictionary<(int, int), int> received, CancellationToken stop)
        => Task.Factory.StartNew(() =>
        {
            var buffer = new byte[2000];
            var quiet = 0;
            while (quiet < 3)
            {
                if (!server.Poll(100_000, SelectMode.SelectRead))
                {
                    quiet = stop.IsCancellationRequested ? quiet + 1 : 0;
                    continue;
                }
                server.Receive(buffer);
                received.AddOrUpdate((BinaryPrimitives.ReadInt32LittleEndian(buffer), BinaryPrimitives.ReadInt32LittleEndian(buffer.AsSpan(4))), 1, (_, n) => n + 1);
            }
        }, TaskCreationOptions.LongRunning);

    private static Task<int> StartSender(Socket socket, int client, CancellationToken stop)
        => Task.Factory.StartNew(() =>
        {
            using (socket)
            {
                var number = 0;
                while (!stop.IsCancellationRequested)
                {
                    socket.Send(Numbered(client, number++, 100));
                    var until = Stopwatch.GetTimestamp() + Stopwatch.Frequency / 2000;
                    while (Stopwatch.GetTimestamp() < until)
                    {
                        Thread.Yield();
                    }
                }
                return number;
            }
        }, TaskCreationOptions.LongRunning);
}
