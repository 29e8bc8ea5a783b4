using ActorMigration.Contracts;

namespace ActorMigration.Host.Linux.Network;

/// <summary>Held frames in the order of their arrival, bounded by <see cref="HeldFrames"/>' limits; the oldest go first. Not thread-safe.</summary>
internal sealed class FrameQueue
{
    private readonly LinkedList<byte[]> _frames = new();

    /// <summary>Bytes of all frames held.</summary>
    internal int Bytes { get; private set; }

    internal int Count => _frames.Count;

    /// <summary>Frames that were held and given up for newer ones.</summary>
    internal int Dropped { get; private set; }

    internal void Add(byte[] frame)
    {
        _frames.AddLast(frame);
        Bytes += frame.Length;
        Trim();
    }

    /// <summary>Puts frames before all others: the source held them before this host held anything.</summary>
    internal void AddOlder(IReadOnlyList<byte[]> frames)
    {
        for (var i = frames.Count - 1; i >= 0; i--)
        {
            _frames.AddFirst(frames[i]);
            Bytes += frames[i].Length;
        }
        Trim();
    }

    /// <summary>All frames, which are then no longer here.</summary>
    internal byte[][] Take()
    {
        var all = _frames.ToArray();
        _frames.Clear();
        Bytes = 0;
        return all;
    }

    /// <summary>All frames, which stay.</summary>
    internal byte[][] Copy() => [.. _frames];

    private void Trim()
    {
        while (Bytes > HeldFrames.MaxBytes || _frames.Count > HeldFrames.MaxFrames)
        {
            Bytes -= _frames.First!.Value.Length;
            _frames.RemoveFirst();
            Dropped++;
        }
    }
}
