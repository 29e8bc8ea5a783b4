using System.Collections.Concurrent;
using System.Security.Cryptography;
using ActorMigration.Actors.Streaming;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Memory;
using ActorMigration.Contracts.Wire;

namespace ActorMigration.Host.Stream;

/// <summary>
/// Source end of a page stream. The tracker's thread packs pages into frames and hashes each full frame; the pump's thread
/// writes it when the credits allow; a third reads the acknowledgements. Memory is bounded by
/// <see cref="FramesInFlight"/> frames, since packing blocks until one is free.
/// </summary>
public sealed class PageSender : IPageSink, IPagePump, IDisposable
{
    /// <summary>One being packed, one being written, two between so that neither side waits for the other's hiccups.</summary>
    private const int FramesInFlight = 4;

    /// <summary>Bytes between two <see cref="PagePumpEvent.Sent"/>.</summary>
    private const long SentEveryBytes = 4L << 20;

    private readonly System.IO.Stream _stream;
    private readonly PageStreamDigest _digest;
    private readonly BlockingCollection<PageFrameBuilder> _free = new(FramesInFlight);
    private readonly BlockingCollection<PageFrameBuilder> _ready = new(FramesInFlight);
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _frameDigest = new byte[SHA256.HashSizeInBytes];
    private PageFrameBuilder? _open;
    private int _openRound;
    private ulong _sequence;
    private ulong _dataPages;
    private ulong _zeroPages;
    private Action<PagePumpEvent> _tell = _ => { };
    private StreamCredits? _credits;
    private PagePumpEvent.PumpFailed? _failure;
    private bool _stopped;

    public PageSender(System.IO.Stream stream, AttemptId attempt, int streamNumber)
    {
        _stream = stream;
        _digest = new PageStreamDigest(attempt, streamNumber);
        for (var i = 0; i < FramesInFlight; i++)
        {
            _free.Add(new PageFrameBuilder());
        }
    }

    /// <summary>Digest over all frames so far; after <see cref="Finish"/> it is what the manifest signs.</summary>
    public byte[] Digest => _digest.Root;

    /// <summary>Pages with content that were sent since the start.</summary>
    public ulong DataPagesSent { get; private set; }

    public void Start(StreamCredits credits, Action<PagePumpEvent> tell)
    {
        _credits = credits;
        _tell = tell;
        new Thread(Pump) { IsBackground = true, Name = "pages-tx" }.Start();
        new Thread(ReadAcks) { IsBackground = true, Name = "pages-ack" }.Start();
    }

    public void Pages(ProcessKey process, ulong address, ReadOnlySpan<byte> pages, int round)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(pages.Length % PageSize.Bytes, 0);
        while (!pages.IsEmpty)
        {
            var frame = FrameFor(round);
            var take = Math.Min(pages.Length, frame.PagesLeft * PageSize.Bytes);
            if (take == 0)
            {
                SendOpenFrame();
                continue;
            }

            frame.AddData(process, address, pages[..take]);
            pages = pages[take..];
            address += (ulong)take;
            _dataPages += (ulong)(take / PageSize.Bytes);
        }
    }

    public void Zero(ProcessKey process, ulong address, long pageCount, int round)
    {
        _zeroPages += (ulong)pageCount;
        while (pageCount > 0)
        {
            var count = (uint)Math.Min(pageCount, uint.MaxValue);
            Add(new FrameRun(process, address, count, FrameRunKind.Zero), round);
            pageCount -= count;
            address += (ulong)count * PageSize.Bytes;
        }
    }

    public void Gone(ProcessKey process) => Add(new FrameRun(process, 0, 0, FrameRunKind.Gone), _openRound);

    /// <summary>Ends a round: sends what is packed, and the totals that the receiver compares with its own.</summary>
    public void EndRound(int round)
    {
        SendOpenFrame();
        Span<byte> totals = stackalloc byte[PageRoundTotals.Size];
        new PageRoundTotals(_dataPages, _zeroPages).WriteTo(totals);
        DataPagesSent += _dataPages;
        (_dataPages, _zeroPages) = (0, 0);
        SendPayload(PageFrameKind.RoundEnd, round, totals);
        _openRound = round;
    }

    /// <summary>Sends the final index and ends the stream; returns the digest over all of it. Called under the freeze, once.</summary>
    public byte[] Finish(ReadOnlySpan<byte> index)
    {
        SendOpenFrame();
        for (var rest = index; !rest.IsEmpty;)
        {
            var part = rest[..Math.Min(rest.Length, PageFrameLimits.MaxDataBytes)];
            SendPayload(PageFrameKind.FinalPart, _openRound, part);
            rest = rest[part.Length..];
        }

        Span<byte> length = stackalloc byte[sizeof(ulong)];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(length, (ulong)index.Length);
        SendPayload(PageFrameKind.FinalEnd, _openRound, length);
        return Digest;
    }

    public void Stop()
    {
        if (_stopped)
        {
            return;
        }

        _stopped = true;
        _credits?.Close();
        _ready.CompleteAdding();
        _free.CompleteAdding();
        _stream.Dispose();
    }

    public void Dispose()
    {
        Stop();
        _hash.Dispose();
    }

    private void Add(FrameRun run, int round)
    {
        if (!FrameFor(round).TryAdd(run))
        {
            SendOpenFrame();
            FrameFor(round).TryAdd(run);
        }
    }

    private PageFrameBuilder FrameFor(int round)
    {
        if (_open is not null && round != _openRound)
        {
            SendOpenFrame();
        }

        _openRound = round;
        return _open ??= Rent();
    }

    private PageFrameBuilder Rent()
    {
        try
        {
            return _free.Take();
        }
        catch (InvalidOperationException)
        {
            throw Over();
        }
    }

    private void SendOpenFrame()
    {
        if (_open is { IsEmpty: false } frame)
        {
            frame.SealRuns(_sequence++, _openRound);
            _open = null;
            Queue(frame);
        }
    }

    private void SendPayload(PageFrameKind kind, int round, ReadOnlySpan<byte> payload)
    {
        var frame = _open ?? Rent();
        _open = null;
        frame.SealPayload(kind, _sequence++, round, payload);
        Queue(frame);
    }

    private void Queue(PageFrameBuilder frame)
    {
        _hash.AppendData(frame.Head.Span);
        _hash.AppendData(frame.Data.Span);
        _hash.GetHashAndReset(_frameDigest);
        _digest.Add(_frameDigest);
        try
        {
            _ready.Add(frame);
        }
        catch (InvalidOperationException)
        {
            throw Over();
        }
    }

    private PageStreamException Over()
    {
        var failure = Volatile.Read(ref _failure);
        return new PageStreamException(failure?.Failure ?? StreamFailure.Cancelled, failure?.Reason ?? "it was stopped on this side");
    }

    private void Pump()
    {
        long sent = 0, told = 0;
        try
        {
            foreach (var frame in _ready.GetConsumingEnumerable())
            {
                if (!_credits!.Await(sent + frame.Length))
                {
                    return;
                }

                _stream.Write(frame.Head.Span);
                if (!frame.Data.IsEmpty)
                {
                    _stream.Write(frame.Data.Span);
                }

                sent += frame.Length;
                frame.Reset();
                _free.Add(frame);
                if (sent - told >= SentEveryBytes || _ready.Count == 0)
                {
                    told = sent;
                    _tell(new PagePumpEvent.Sent(sent));
                }
            }
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException or InvalidOperationException)
        {
            Fail(StreamFailure.ConnectionLost, failure.Message);
        }
    }

    private void ReadAcks()
    {
        var word = new byte[StreamAck.Size];
        try
        {
            while (true)
            {
                _stream.ReadExactly(word);
                var ack = StreamAck.Parse(word);
                if (ack.Kind == StreamAckKind.Refused)
                {
                    Fail((StreamFailure)ack.Value, "the receiver ended the stream");
                    return;
                }

                _tell(ack.Kind switch
                {
                    StreamAckKind.Consumed => new PagePumpEvent.Consumed(ack.Value),
                    StreamAckKind.RoundStored => new PagePumpEvent.RoundStored((int)Math.Min(ack.Value, int.MaxValue)),
                    _ => new PagePumpEvent.FinalStored(ack.Value),
                });
                if (ack.Kind == StreamAckKind.FinalStored)
                {
                    // The receiver has all and may close; there is nothing to lose any more.
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

    /// <summary>The first failure counts; the tracker's thread sees it at its next call. After <see cref="Stop"/> an error is only the closed socket.</summary>
    private void Fail(StreamFailure failure, string reason)
    {
        if (_stopped || Interlocked.CompareExchange(ref _failure, new PagePumpEvent.PumpFailed(failure, reason), null) is not null)
        {
            return;
        }

        _free.CompleteAdding();
        _ready.CompleteAdding();
        _tell(_failure!);
    }
}
