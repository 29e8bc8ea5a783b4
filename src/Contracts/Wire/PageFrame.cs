using System.Buffers.Binary;
using ActorMigration.Contracts.Memory;

namespace ActorMigration.Contracts.Wire;

/// <summary>What a frame of the page stream holds.</summary>
public enum PageFrameKind : byte
{
    /// <summary>A table of runs, then the content of its data runs in the same order.</summary>
    Runs = 1,

    /// <summary>End of a round; <see cref="PageRoundTotals"/> is the payload.</summary>
    RoundEnd = 2,

    /// <summary>A piece of the final index, in order.</summary>
    FinalPart = 3,

    /// <summary>End of the stream; the payload is the length of the final index.</summary>
    FinalEnd = 4,
}

/// <summary>
/// One frame of the page stream, source to destination. All numbers are big-endian; what is reserved is zero and refused
/// otherwise. TLS protects the bytes; the digest over all frames (<see cref="PageStreamDigest"/>) is signed at the end.
/// <code>
/// header, 24 bytes
///   0  u32  payload length in bytes, without this header
///   4  u8   kind (PageFrameKind)
///   5  3    reserved
///   8  u64  sequence number: 0, 1, 2 …
///  16  u32  round
///  20  u32  number of runs (kind Runs), else 0
/// payload of Runs: the table, then the data
///   run, 24 bytes
///     0  i32  pid inside the container
///     4  i32  generation of its address space
///     8  u64  address, a multiple of 4096; 0 for Gone
///    16  u32  pages; 0 for Gone
///    20  u8   kind (FrameRunKind)
///    21  3    reserved
///   data  4096 bytes for each page of each Data run, in table order
/// payload of RoundEnd: u64 data pages, u64 zero pages of this round
/// payload of FinalPart: 1 to MaxDataBytes bytes of the index
/// payload of FinalEnd: u64 bytes of the index in all
/// </code>
/// </summary>
public readonly record struct PageFrameHeader(PageFrameKind Kind, int PayloadLength, ulong Sequence, int Round, int RunCount)
{
    /// <summary>Bytes of a header.</summary>
    public const int Size = 24;

    /// <summary>Writes the 24 bytes.</summary>
    public void WriteTo(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt32BigEndian(target, (uint)PayloadLength);
        target[4] = (byte)Kind;
        target[5..8].Clear();
        BinaryPrimitives.WriteUInt64BigEndian(target[8..], Sequence);
        BinaryPrimitives.WriteUInt32BigEndian(target[16..], (uint)Round);
        BinaryPrimitives.WriteUInt32BigEndian(target[20..], (uint)RunCount);
    }

    /// <summary>Reads a header that must have <paramref name="expectedSequence"/>; says in one sentence what is wrong with it.</summary>
    public static PageFrameHeader Parse(ReadOnlySpan<byte> bytes, ulong expectedSequence)
    {
        if (bytes.Length < Size)
        {
            throw new PageFrameException($"a frame header has {Size} bytes, {bytes.Length} are here");
        }

        var length = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        var kind = (PageFrameKind)bytes[4];
        var sequence = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        var round = BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]);
        var runs = BinaryPrimitives.ReadUInt32BigEndian(bytes[20..]);
        if (bytes[5] != 0 || bytes[6] != 0 || bytes[7] != 0)
        {
            throw new PageFrameException("reserved bytes of a frame header are not zero");
        }

        if (sequence != expectedSequence)
        {
            throw new PageFrameException($"frame {sequence} arrived where frame {expectedSequence} is next");
        }

        if (round > FinalIndex.MaxRound)
        {
            throw new PageFrameException($"round {round} is above the limit of {FinalIndex.MaxRound}");
        }

        RequireLength(kind, length, runs);
        return new PageFrameHeader(kind, (int)length, sequence, (int)round, (int)runs);
    }

    private static void RequireLength(PageFrameKind kind, uint length, uint runs)
    {
        var fits = kind switch
        {
            PageFrameKind.Runs => runs is > 0 and <= PageFrameLimits.MaxRuns
                && length >= runs * FrameRun.Size && length - (runs * FrameRun.Size) <= PageFrameLimits.MaxDataBytes,
            PageFrameKind.RoundEnd => runs == 0 && length == PageRoundTotals.Size,
            PageFrameKind.FinalPart => runs == 0 && length is > 0 and <= PageFrameLimits.MaxDataBytes,
            PageFrameKind.FinalEnd => runs == 0 && length == sizeof(ulong),
            _ => throw new PageFrameException($"unknown frame kind {(byte)kind}"),
        };
        if (!fits)
        {
            throw new PageFrameException($"a {kind} frame cannot have {length} bytes and {runs} runs");
        }
    }
}
