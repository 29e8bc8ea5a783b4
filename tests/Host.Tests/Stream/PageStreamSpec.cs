using System.Collections.Concurrent;
using System.Net;
using ActorMigration.Actors.Streaming;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Memory;
using ActorMigration.Contracts.Wire;
using ActorMigration.Host.Stream;
using Microsoft.Extensions.Logging.Abstractions;

namespace ActorMigration.Host.Tests.Stream;

/// <summary>Sender and receiver over the real data plane: what the tracker puts in comes out, once, in order, with one digest.</summary>
public sealed class PageStreamSpec : IAsyncLifetime
{
    private static readonly Fence First = new(1, 1);
    private static readonly ProcessKey Process = new(7, 0);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly AttemptId _attempt = AttemptId.New();
    private readonly AttemptKey _serverKey = AttemptKey.Create(TimeProvider.System);
    private readonly AttemptKey _clientKey = AttemptKey.Create(TimeProvider.System);
    private readonly DataListener _listener = DataListener.Start(new IPEndPoint(IPAddress.Loopback, 0), TimeProvider.System, NullLogger.Instance);
    private readonly BlockingCollection<PageReceiverEvent> _received = [];
    private readonly BlockingCollection<PagePumpEvent> _sent = [];
    private readonly StreamCredits _credits = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _listener.DisposeAsync();
        _serverKey.Dispose();
        _clientKey.Dispose();
    }

    [Fact]
    public async Task Pages_zeros_and_ends_arrive_in_order_and_both_sides_have_one_digest()
    {
        var (client, server) = await Connect();
        var sink = new RecordedSink();
        using var sender = new PageSender(client.Stream, _attempt, 0);
        using var receiver = Start(server, sink);
        Start(sender);

        sender.Pages(Process, 0x1000, Content(3, 1), 0);
        sender.Zero(Process, 0x9000, 5_000_000_000, 0);
        sender.Gone(new ProcessKey(8, 1));
        sender.EndRound(0);
        sender.Pages(Process, 0x1000, Content(1, 2), 1);
        sender.EndRound(1);
        var digest = sender.Finish([1, 2, 3]);

        var end = Receive<PageReceiverEvent.StreamComplete>();
        Assert.Equal([1, 2, 3], end.Index);
        Assert.Equal(digest, end.Digest);
        Assert.Equal(["data 7.0 1000+3 r0 #1", "zero 7.0 9000+4294967295 r0", "zero 7.0 100000008000+705032705 r0", "gone 8.1", "data 7.0 1000+1 r1 #2"], sink.Calls);
        Assert.Equal(1, ExpectSent<PagePumpEvent.RoundStored>(stored => stored.Round == 1).Round);
        Assert.Equal(3, ExpectSent<PagePumpEvent.FinalStored>(_ => true).IndexBytes);
    }

    [Fact]
    public async Task The_sender_waits_for_credit()
    {
        var (client, server) = await Connect();
        var gate = new ManualResetEventSlim();
        var sink = new RecordedSink { BeforeEach = gate.Wait };
        using var sender = new PageSender(client.Stream, _attempt, 0);
        using var receiver = Start(server, sink);
        _credits.RaiseTo(StreamCredits.LeastWindow);
        // Nobody raises the limit: what goes beyond it stays here, whatever sockets could buffer.
        sender.Start(_credits, _sent.Add);
        var packing = Task.Run(() =>
        {
            for (var i = 0; i < 16; i++)
            {
                sender.Pages(Process, (ulong)(i + 1) << 20, Content(256, (byte)i), 0);
            }
        });

        await Assert.ThrowsAsync<TimeoutException>(() => packing.WaitAsync(TimeSpan.FromMilliseconds(300)));
        gate.Set();
        _credits.RaiseTo(long.MaxValue / 2);
        await packing.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_lost_connection_ends_both_sides_with_its_reason()
    {
        var (client, server) = await Connect();
        using var sender = new PageSender(client.Stream, _attempt, 0);
        using var receiver = Start(server, new RecordedSink());
        Start(sender);
        sender.Pages(Process, 0x1000, Content(1, 1), 0);
        sender.EndRound(0);
        Receive<PageReceiverEvent.RoundStored>();
        client.Dispose();

        Assert.Equal(StreamFailure.ConnectionLost, Receive<PageReceiverEvent.StreamFailed>().Failure);
        Assert.Equal(StreamFailure.ConnectionLost, ExpectSent<PagePumpEvent.PumpFailed>(_ => true).Failure);
        var thrown = Assert.Throws<PageStreamException>(() =>
        {
            for (var i = 0; i < 100; i++)
            {
                sender.Pages(Process, 0x1000, Content(256, 1), 1);
            }
        });
        Assert.Equal(StreamFailure.ConnectionLost, thrown.Failure);
    }

    [Fact]
    public async Task A_store_without_room_is_the_senders_reason_as_well()
    {
        var (client, server) = await Connect();
        using var sender = new PageSender(client.Stream, _attempt, 0);
        using var receiver = Start(server, new RecordedSink { BeforeEach = () => throw new Host.Linux.Store.StoreFullException("full") });
        Start(sender);
        sender.Pages(Process, 0x1000, Content(1, 1), 0);
        sender.EndRound(0);

        Assert.Equal(StreamFailure.NoRoom, Receive<PageReceiverEvent.StreamFailed>().Failure);
        Assert.Equal(StreamFailure.NoRoom, ExpectSent<PagePumpEvent.PumpFailed>(_ => true).Failure);
    }

    [Theory]
    [InlineData("totals that do not fit")]
    [InlineData("a round that goes back")]
    [InlineData("an index of another length")]
    public async Task A_stream_is_refused_for(string what)
    {
        var (client, server) = await Connect();
        using var receiver = Start(server, new RecordedSink());
        var frame = new PageFrameBuilder();
        var totals = new byte[PageRoundTotals.Size];
        new PageRoundTotals(what == "totals that do not fit" ? 1UL : 0, 0).WriteTo(totals);
        frame.SealPayload(PageFrameKind.RoundEnd, 0, 5, totals);
        await Send(client, frame);
        if (what == "a round that goes back")
        {
            frame.SealPayload(PageFrameKind.RoundEnd, 1, 4, totals);
            await Send(client, frame);
        }
        else if (what == "an index of another length")
        {
            frame.SealPayload(PageFrameKind.FinalEnd, 1, 5, [0, 0, 0, 0, 0, 0, 0, 1]);
            await Send(client, frame);
        }

        Assert.Equal(StreamFailure.BadFrame, Receive<PageReceiverEvent.StreamFailed>().Failure);
    }

    private static async Task Send(DataConnection client, PageFrameBuilder frame)
    {
        await client.Stream.WriteAsync(frame.Head);
        await client.Stream.WriteAsync(frame.Data);
    }

    private static byte[] Content(int pages, byte fill) => [.. Enumerable.Repeat(fill, pages * PageSize.Bytes)];

    private async Task<(DataConnection Client, DataConnection Server)> Connect()
    {
        var registration = _listener.Register(_attempt, First, _serverKey, _clientKey.SpkiSha256);
        var client = await DataClient.ConnectAsync(_listener.EndPoint, _attempt, First, _clientKey, _serverKey.SpkiSha256.ToArray(), DataStreamKind.Pages, 0, TimeProvider.System, CancellationToken.None);
        return (client, await registration.Connections.ReadAsync());
    }

    private PageReceiver Start(DataConnection server, RecordedSink sink)
    {
        var receiver = new PageReceiver(server.Stream, sink, _attempt, 0, _received.Add);
        receiver.Start();
        return receiver;
    }

    /// <summary>Stands in for the actor: raises the credits with what is consumed.</summary>
    private void Start(PageSender sender)
    {
        _credits.RaiseTo(StreamCredits.DefaultWindow);
        sender.Start(_credits, happened =>
        {
            if (happened is PagePumpEvent.Consumed consumed)
            {
                _credits.RaiseTo(consumed.Total + StreamCredits.DefaultWindow);
            }

            _sent.Add(happened);
        });
    }

    private T Receive<T>()
        where T : PageReceiverEvent
    {
        while (_received.TryTake(out var happened, Patience))
        {
            if (happened is T wanted)
            {
                return wanted;
            }

            Assert.False(happened is PageReceiverEvent.StreamFailed, happened.ToString());
        }

        throw new TimeoutException($"no {typeof(T).Name}");
    }

    private T ExpectSent<T>(Func<T, bool> isWanted)
        where T : PagePumpEvent
    {
        while (_sent.TryTake(out var happened, Patience))
        {
            if (happened is T wanted && isWanted(wanted))
            {
                return wanted;
            }
        }

        throw new TimeoutException($"no {typeof(T).Name}");
    }

    private sealed class RecordedSink : IPageSink
    {
        internal List<string> Calls { get; } = [];

        internal Action BeforeEach { get; init; } = () => { };

        public void Pages(ProcessKey process, ulong address, ReadOnlySpan<byte> pages, int round)
        {
            BeforeEach();
            Assert.True(pages.IndexOfAnyExcept(pages[0]) < 0);
            Calls.Add($"data {process} {address:x}+{pages.Length / PageSize.Bytes} r{round} #{pages[0]}");
        }

        public void Zero(ProcessKey process, ulong address, long pageCount, int round) => Calls.Add($"zero {process} {address:x}+{pageCount} r{round}");

        public void Gone(ProcessKey process) => Calls.Add($"gone {process}");
    }
}
