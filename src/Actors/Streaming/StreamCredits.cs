using ActorMigration.Contracts.Wire;

namespace ActorMigration.Actors.Streaming;

/// <summary>
/// Byte credits of one page stream, and the only thing that the streaming actor and its pump thread share: the actor raises
/// the limit, the pump waits until its next frame lies below it. Closing lets the pump go with a "no".
/// </summary>
public sealed class StreamCredits
{
    /// <summary>
    /// Bytes in flight: a link of 10 Gbit/s with 10 ms of round trip holds 12.5 MiB. It bounds the buffers of both sides and
    /// what still crosses after a pause.
    /// </summary>
    public const long DefaultWindow = 16L << 20;

    /// <summary>
    /// Bytes of the smallest window that cannot stand still: the receiver may keep just under
    /// <see cref="StreamAck.ConsumedEveryBytes"/> to itself while the pump waits with a frame of full size.
    /// </summary>
    public const long LeastWindow = PageFrameLimits.MaxFrameBytes + StreamAck.ConsumedEveryBytes;

    // An object and not a Lock: the pump waits on it.
    private readonly object _gate = new();
    private long _limit;
    private bool _closed;

    /// <summary>Bytes that may have been written in all.</summary>
    public long Limit
    {
        get
        {
            lock (_gate)
            {
                return _limit;
            }
        }
    }

    /// <summary>Allows <paramref name="limit"/> bytes in all; a lower value than before changes nothing.</summary>
    public void RaiseTo(long limit)
    {
        lock (_gate)
        {
            if (limit <= _limit || _closed)
            {
                return;
            }

            _limit = limit;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>
    /// Blocks the pump until <paramref name="upTo"/> bytes in all are allowed; false when the stream has been closed.
    /// </summary>
    public bool Await(long upTo)
    {
        lock (_gate)
        {
            while (!_closed && upTo > _limit)
            {
                Monitor.Wait(_gate);
            }

            return !_closed;
        }
    }

    /// <summary>Ends the stream: every wait returns false from now on.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            Monitor.PulseAll(_gate);
        }
    }
}
