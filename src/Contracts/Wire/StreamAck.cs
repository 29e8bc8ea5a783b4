using System.Buffers.Binary;

namespace ActorMigration.Contracts.Wire;

/// <summary>What the receiver of a page stream says in the reverse direction.</summary>
public enum StreamAckKind : byte
{
    /// <summary>Value: bytes of frames taken in all; the sender may go that far plus its window.</summary>
    Consumed = 1,

    /// <summary>Value: the round whose every page is in the store.</summary>
    RoundStored = 2,

    /// <summary>Value: bytes of the final index, which is stored.</summary>
    FinalStored = 3,

    /// <summary>Value: a <see cref="StreamFailure"/>; the receiver ends the stream.</summary>
    Refused = 4,
}

/// <summary>One 8-byte big-endian word of the reverse direction: the kind in the top byte, its value in the other 56 bits.</summary>
public readonly record struct StreamAck(StreamAckKind Kind, long Value)
{
    /// <summary>Bytes of a word.</summary>
    public const int Size = 8;

    /// <summary>Bytes between two <see cref="StreamAckKind.Consumed"/>: the sender's knowledge lags by at most this much.</summary>
    public const int ConsumedEveryBytes = 1 << 20;

    private const long MaxValue = (1L << 56) - 1;

    /// <summary>Writes the word.</summary>
    public void WriteTo(Span<byte> target) => BinaryPrimitives.WriteUInt64BigEndian(target, ((ulong)Kind << 56) | (ulong)(Value & MaxValue));

    /// <summary>Reads a word; an unknown kind breaks the stream.</summary>
    public static StreamAck Parse(ReadOnlySpan<byte> bytes)
    {
        var word = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        var kind = (StreamAckKind)(word >> 56);
        return Enum.IsDefined(kind)
            ? new StreamAck(kind, (long)(word & (ulong)MaxValue))
            : throw new PageFrameException($"unknown acknowledgement {(byte)kind}");
    }
}

/// <summary>Why a data stream ended before its end. Each has its line in the operating guide.</summary>
public enum StreamFailure
{
    /// <summary>The connection broke or its peer went away.</summary>
    ConnectionLost = 1,

    /// <summary>A frame broke the layout or a limit.</summary>
    BadFrame = 2,

    /// <summary>The attempt's reserved room is used up.</summary>
    NoRoom = 3,

    /// <summary>The store could not be written.</summary>
    StoreFailed = 4,

    /// <summary>The attempt was cancelled on this side.</summary>
    Cancelled = 5,
}
