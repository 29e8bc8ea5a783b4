using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Memory;
using ActorMigration.Contracts.Wire;
using ActorMigration.Host.Linux.Store;

namespace ActorMigration.Host.Stream;

/// <summary>What a receiver tells its attempt, in order, from its own thread.</summary>
public abstract record PageReceiverEvent
{
    private PageReceiverEvent()
    {
    }

    /// <summary>Every page of the round is in the store, and their number is what the sender says.</summary>
    public sealed record RoundStored(int Round, PageRoundTotals Totals) : PageReceiverEvent;

    /// <summary>The stream is complete. The attempt compares <paramref name="Digest"/> with the signed manifest before it believes a byte.</summary>
    public sealed record StreamComplete(byte[] Index, byte[] Digest) : PageReceiverEvent;

    /// <summary>The stream is over without its end.</summary>
    public sealed record StreamFailed(StreamFailure Failure, string Reason) : PageReceiverEvent;
}

/// <summary>
/// Destination end of a page stream: one thread reads and decrypts frames, a second hashes and stores them and acknowledges.
/// <see cref="FramesInFlight"/> buffers bound its memory, the credits of the sender what is on its way.
/// </summary>
public sealed class PageReceiver : IDisposable
{
    private const int FramesInFlight = 4;

    private readonly System.IO.Stream _stream;
    private readonly IPageSink _store;
    private readonly Action<PageReceiverEvent> _tell;
    private readonly PageStreamDigest _digest;
    private readonly BlockingCollection<byte[]> _free = new(FramesInFlight);
    private readonly BlockingCollection<(PageFrameHeader Header, byte[] Bytes)> _ready = new(FramesInFlight);
    private readonly List<FrameRun> _runs = [];
    private readonly byte[] _ack = new byte[StreamAck.Size];
    private MemoryStream? _index;
    private ulong _dataPages;
    private ulong _zeroPages;
    private int _round;
    private int _over;

    public PageReceiver(System.IO.Stream stream, IPageSink store, AttemptId attempt, int streamNumber, Action<PageReceiverEvent> tell)
    {
        _stream = stream;
        _store = store;
        _tell = tell;
        _digest = new PageStreamDigest(attempt, streamNumber);
        for (var i = 0; i < FramesInFlight; i++)
        {
            _free.Add(GC.AllocateUninitializedArray<byte>(PageFrameLimits.MaxFrameBytes, pinned: true));
        }
    }

    /// <summary>Starts both threads; once.</summary>
    public void Start()
    {
        new Thread(Read) { IsBackground = true, Name = "pages-rx" }.Start();
        new Thread(Store) { IsBackground = true, Name = "pages-store" }.Start();
    }

    /// <summary>Ends the stream from this side.</summary>
    public void Dispose()
    {
        Interlocked.Exchange(ref _over, 1);
        _free.CompleteAdding();
        _ready.CompleteAdding();
        _stream.Dispose();
    }

    private void Read()
    {
        ulong sequence = 0;
        try
        {
            while (true)
            {
                var frame = _free.Take();
                _stream.ReadExactly(frame, 0, PageFrameHeader.Size);
                var header = PageFrameHeader.Parse(frame.AsSpan(0, PageFrameHeader.Size), sequence++);
                _stream.ReadExactly(frame, PageFrameHeader.Size, header.PayloadLength);
                _ready.Add((header, frame));
                if (header.Kind == PageFrameKind.FinalEnd)
                {
                    // Nothing may follow, and the sender closes when it has its answer.
                    _ready.CompleteAdding();
                    return;
                }
            }
        }
        catch (PageFrameException failure)
        {
            Fail(StreamFailure.BadFrame, failure.Message);
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException or InvalidOperationException)
        {
            Fail(StreamFailure.ConnectionLost, failure.Message);
        }
    }

    private void Store()
    {
        long consumed = 0, acknowledged = 0;
        var frameDigest = new byte[SHA256.HashSizeInBytes];
        try
        {
            foreach (var (header, frame) in _ready.GetConsumingEnumerable())
            {
                var length = PageFrameHeader.Size + header.PayloadLength;
                SHA256.HashData(frame.AsSpan(0, length), frameDigest);
                _digest.Add(frameDigest);
                consumed += length;
                Apply(header, frame.AsSpan(PageFrameHeader.Size, header.PayloadLength));
                if (header.Kind != PageFrameKind.FinalEnd)
                {
                    _free.Add(frame);
                }

                if (consumed - acknowledged >= StreamAck.ConsumedEveryBytes || header.Kind == PageFrameKind.RoundEnd)
                {
                    acknowledged = consumed;
                    Acknowledge(new StreamAck(StreamAckKind.Consumed, consumed));
                }

                Report(header, frame.AsSpan(PageFrameHeader.Size, header.PayloadLength));
            }
        }
        catch (PageFrameException failure)
        {
            Fail(StreamFailure.BadFrame, failure.Message);
        }
        catch (StoreFullException failure)
        {
            Fail(StreamFailure.NoRoom, failure.Message);
        }
        catch (Linux.LinuxException failure)
        {
            Fail(StreamFailure.StoreFailed, failure.Message);
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException or InvalidOperationException)
        {
            Fail(StreamFailure.ConnectionLost, failure.Message);
        }
    }

    private void Apply(PageFrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (header.Round < _round || (header.Kind <= PageFrameKind.RoundEnd && _index is not null))
        {
            throw new PageFrameException($"a {header.Kind} frame of round {header.Round} follows round {_round}{(_index is null ? "" : " and the final index")}");
        }

        _round = header.Round;
        switch (header.Kind)
        {
            case PageFrameKind.Runs:
                ApplyRuns(header, payload);
                break;
            case PageFrameKind.RoundEnd when PageRoundTotals.Parse(payload) != new PageRoundTotals(_dataPages, _zeroPages):
                throw new PageFrameException($"round {header.Round} ends with {PageRoundTotals.Parse(payload)}, stored are {_dataPages} data and {_zeroPages} zero pages");
            case PageFrameKind.FinalPart:
                _index ??= new MemoryStream();
                if (_index.Length + payload.Length > FinalIndexEncoding.MaxBytes)
                {
                    throw new PageFrameException($"the final index is longer than {FinalIndexEncoding.MaxBytes} bytes");
                }

                _index.Write(payload);
                break;
            case PageFrameKind.FinalEnd when BinaryPrimitives.ReadUInt64BigEndian(payload) != (ulong)(_index?.Length ?? 0):
                throw new PageFrameException($"the final index has {_index?.Length ?? 0} bytes, announced are {BinaryPrimitives.ReadUInt64BigEndian(payload)}");
        }
    }

    private void ApplyRuns(PageFrameHeader header, ReadOnlySpan<byte> payload)
    {
        FrameRun.ParseTable(payload, header.RunCount, _runs);
        var data = payload[(header.RunCount * FrameRun.Size)..];
        foreach (var run in _runs)
        {
            switch (run.Kind)
            {
                case FrameRunKind.Data:
                    _store.Pages(run.Process, run.Address, data[..(int)run.DataBytes], header.Round);
                    data = data[(int)run.DataBytes..];
                    _dataPages += run.Pages;
                    break;
                case FrameRunKind.Zero:
                    _store.Zero(run.Process, run.Address, run.Pages, header.Round);
                    _zeroPages += run.Pages;
                    break;
                default:
                    _store.Gone(run.Process);
                    break;
            }
        }
    }

    private void Report(PageFrameHeader header, ReadOnlySpan<byte> payload)
    {
        switch (header.Kind)
        {
            case PageFrameKind.RoundEnd:
                (_dataPages, _zeroPages) = (0, 0);
                Acknowledge(new StreamAck(StreamAckKind.RoundStored, header.Round));
                _tell(new PageReceiverEvent.RoundStored(header.Round, PageRoundTotals.Parse(payload)));
                break;
            case PageFrameKind.FinalEnd:
                Interlocked.Exchange(ref _over, 1);
                var index = _index?.ToArray() ?? [];
                try
                {
                    Acknowledge(new StreamAck(StreamAckKind.FinalStored, index.Length));
                }
                finally
                {
                    // Complete here, whether or not the sender still hears it.
                    _tell(new PageReceiverEvent.StreamComplete(index, _digest.Root));
                }

                break;
        }
    }

    private void Acknowledge(StreamAck ack)
    {
        ack.WriteTo(_ack);
        _stream.Write(_ack);
    }

    private void Fail(StreamFailure failure, string reason)
    {
        if (Interlocked.Exchange(ref _over, 1) != 0)
        {
            return;
        }

        _free.CompleteAdding();
        _ready.CompleteAdding();
        try
        {
            var refusal = new byte[StreamAck.Size];
            new StreamAck(StreamAckKind.Refused, (long)failure).WriteTo(refusal);
            _stream.Write(refusal);
        }
        catch (Exception lost) when (lost is IOException or ObjectDisposedException or NotSupportedException)
        {
            // The sender sees the closed connection instead of the reason, or another thread is in the middle of a write.
        }

        _tell(new PageReceiverEvent.StreamFailed(failure, reason));
        _stream.Dispose();
    }
}
