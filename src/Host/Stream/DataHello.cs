using System.Buffers.Binary;
using ActorMigration.Contracts;

namespace ActorMigration.Host.Stream;

/// <summary>What a data connection carries.</summary>
public enum DataStreamKind : byte
{
    /// <summary>Memory: frames of page runs.</summary>
    Pages = 1,

    /// <summary>The writable layer and volumes.</summary>
    Files = 2,

    /// <summary>The skeleton: CRIU's images.</summary>
    Images = 3,

    /// <summary>Layers of the container's image.</summary>
    Layers = 4,
}

/// <summary>Answer of the listener to a hello, one byte.</summary>
public enum DataRefusal : byte
{
    /// <summary>Not refused: the stream may begin.</summary>
    None = 0,

    /// <summary>The bytes are no hello of this version.</summary>
    BadHello = 1,

    /// <summary>The hello names another attempt than the server name of its TLS connection.</summary>
    WrongAttempt = 2,

    /// <summary>The fence is not the one of the registered attempt.</summary>
    WrongFence = 3,

    /// <summary>There is a connection of this kind and number already, or too many of them.</summary>
    Occupied = 4,
}

/// <summary>
/// First bytes of a data connection after TLS, client to server, 48 bytes, numbers big-endian, reserved bytes zero:
/// <code>
///   0  4   "AMDS"
///   4  u16 version = 1
///   6  u8  kind
///   7  1   reserved
///   8  u16 stream number (0 for the first of its kind)
///  10  6   reserved
///  16  16  attempt id
///  32  i64 epoch of the fence
///  40  i32 ordinal of the fence
///  44  4   reserved
/// </code>
/// </summary>
internal readonly record struct DataHello(AttemptId Attempt, Fence Fence, DataStreamKind Kind, int StreamNumber)
{
    internal const int Size = 48;
    internal const ushort Version = 1;

    /// <summary>Streams of one kind in one attempt: more than a link or a host could use.</summary>
    internal const int MaxStreamNumber = 15;

    internal void WriteTo(Span<byte> target)
    {
        target[..Size].Clear();
        "AMDS"u8.CopyTo(target);
        BinaryPrimitives.WriteUInt16BigEndian(target[4..], Version);
        target[6] = (byte)Kind;
        BinaryPrimitives.WriteUInt16BigEndian(target[8..], (ushort)StreamNumber);
        Attempt.Value.TryWriteBytes(target[16..], bigEndian: true, out _);
        BinaryPrimitives.WriteInt64BigEndian(target[32..], Fence.Epoch);
        BinaryPrimitives.WriteInt32BigEndian(target[40..], Fence.Ordinal);
    }

    /// <summary>Null for bytes that <see cref="WriteTo"/> does not write.</summary>
    internal static DataHello? Parse(ReadOnlySpan<byte> bytes)
    {
        var wellFormed = bytes.Length == Size && bytes[..4].SequenceEqual("AMDS"u8)
            && BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]) == Version
            && bytes[7] == 0 && bytes[10..16].IndexOfAnyExcept((byte)0) < 0 && bytes[44..].IndexOfAnyExcept((byte)0) < 0;
        if (!wellFormed)
        {
            return null;
        }

        var kind = (DataStreamKind)bytes[6];
        var number = BinaryPrimitives.ReadUInt16BigEndian(bytes[8..]);
        var fence = new Fence(BinaryPrimitives.ReadInt64BigEndian(bytes[32..]), BinaryPrimitives.ReadInt32BigEndian(bytes[40..]));
        return Enum.IsDefined(kind) && number <= MaxStreamNumber && fence is { Epoch: >= 0, Ordinal: >= 0 }
            ? new DataHello(new AttemptId(new Guid(bytes[16..32], bigEndian: true)), fence, kind, number)
            : null;
    }
}
