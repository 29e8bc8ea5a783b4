using System.Buffers.Binary;
using ActorMigration.Contracts.Memory;

namespace ActorMigration.Contracts.Wire;

/// <summary>What a run says of its pages.</summary>
public enum FrameRunKind : byte
{
    /// <summary>Their content follows in the frame.</summary>
    Data = 1,

    /// <summary>They read as zero.</summary>
    Zero = 2,

    /// <summary>The whole address space is gone.</summary>
    Gone = 3,
}

/// <summary>One run of adjacent pages of one address space; the layout is in <see cref="PageFrameHeader"/>.</summary>
public readonly record struct FrameRun(ProcessKey Process, ulong Address, uint Pages, FrameRunKind Kind)
{
    /// <summary>Bytes of an entry of the table.</summary>
    public const int Size = 24;

    /// <summary>Bytes of content that the frame carries for this run.</summary>
    public long DataBytes => Kind == FrameRunKind.Data ? (long)Pages * PageSize.Bytes : 0;

    /// <summary>Writes the 24 bytes.</summary>
    public void WriteTo(Span<byte> target)
    {
        BinaryPrimitives.WriteInt32BigEndian(target, Process.PidInContainer);
        BinaryPrimitives.WriteInt32BigEndian(target[4..], Process.Generation);
        BinaryPrimitives.WriteUInt64BigEndian(target[8..], Address);
        BinaryPrimitives.WriteUInt32BigEndian(target[16..], Pages);
        target[20] = (byte)Kind;
        target[21..24].Clear();
    }

    /// <summary>Reads all runs of a frame's payload and checks that its data is exactly theirs.</summary>
    public static void ParseTable(ReadOnlySpan<byte> payload, int count, List<FrameRun> into)
    {
        into.Clear();
        long data = 0;
        for (var i = 0; i < count; i++)
        {
            var run = Parse(payload.Slice(i * Size, Size));
            data += run.DataBytes;
            into.Add(run);
        }

        if (data != payload.Length - ((long)count * Size))
        {
            throw new PageFrameException($"the runs of a frame need {data} bytes of data, {payload.Length - ((long)count * Size)} are here");
        }
    }

    private static FrameRun Parse(ReadOnlySpan<byte> bytes)
    {
        var pid = BinaryPrimitives.ReadInt32BigEndian(bytes);
        var generation = BinaryPrimitives.ReadInt32BigEndian(bytes[4..]);
        var address = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        var pages = BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]);
        var kind = (FrameRunKind)bytes[20];
        if (bytes[21] != 0 || bytes[22] != 0 || bytes[23] != 0)
        {
            throw new PageFrameException("reserved bytes of a run are not zero");
        }

        if (pid is <= 0 or > PageFrameLimits.MaxPid || generation < 0)
        {
            throw new PageFrameException($"a run names process {pid}, generation {generation}, which cannot exist");
        }

        var placed = kind switch
        {
            FrameRunKind.Data or FrameRunKind.Zero => pages > 0 && address % PageSize.Bytes == 0
                && address < FinalIndex.AddressLimit
                && (ulong)pages * PageSize.Bytes <= FinalIndex.AddressLimit - address,
            FrameRunKind.Gone => pages == 0 && address == 0,
            _ => throw new PageFrameException($"unknown kind of run {(byte)kind}"),
        };
        return placed
            ? new FrameRun(new ProcessKey(pid, generation), address, pages, kind)
            : throw new PageFrameException($"a {kind} run of {pages} pages at 0x{address:x} is not within a process's memory");
    }
}

/// <summary>What the sender says it sent in a round; the receiver compares with what it stored.</summary>
public readonly record struct PageRoundTotals(ulong DataPages, ulong ZeroPages)
{
    /// <summary>Bytes of the payload of a RoundEnd frame.</summary>
    public const int Size = 16;

    /// <summary>Writes the 16 bytes.</summary>
    public void WriteTo(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt64BigEndian(target, DataPages);
        BinaryPrimitives.WriteUInt64BigEndian(target[8..], ZeroPages);
    }

    /// <summary>Reads what <see cref="WriteTo"/> wrote; the header has checked the length.</summary>
    public static PageRoundTotals Parse(ReadOnlySpan<byte> payload)
        => new(BinaryPrimitives.ReadUInt64BigEndian(payload), BinaryPrimitives.ReadUInt64BigEndian(payload[8..]));
}
