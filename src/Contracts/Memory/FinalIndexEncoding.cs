using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Immutable;

namespace ActorMigration.Contracts.Memory;

/// <summary>
/// Byte form of a <see cref="FinalIndex"/>, version 1. All numbers but the header are unsigned LEB128 in their shortest form:
/// <code>
/// "AMFI" | u16 version = 1, little endian | processes
/// per process, ascending pid:  pid | generation | runs
/// per run, ascending address:  gap in pages from the end of the run before (first: from 0) | page count | round
/// </code>
/// There is exactly one encoding of an index, so a signature over the bytes is a signature over the index.
/// </summary>
public static class FinalIndexEncoding
{
    /// <summary>Version that <see cref="Encode"/> writes; <see cref="Decode"/> reads no other.</summary>
    public const ushort Version = 1;

    /// <summary>Most bytes that are decoded, 512 MiB: 8 bytes for each of <see cref="FinalIndex.MaxRuns"/> runs.</summary>
    public const int MaxBytes = 512 << 20;

    private const int HeaderBytes = 6;

    /// <summary>A run takes at least three bytes; a count that promises more than the rest could hold is refused before memory is taken.</summary>
    private const int LeastRunBytes = 3;

    private static ReadOnlySpan<byte> Magic => "AMFI"u8;

    /// <summary>The canonical bytes. Throws <see cref="FinalIndexFormatException"/> when they would exceed <see cref="MaxBytes"/>.</summary>
    public static byte[] Encode(FinalIndex index)
    {
        var output = new ArrayBufferWriter<byte>();
        output.Write(Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(output.GetSpan(2), Version);
        output.Advance(2);
        WriteNumber(output, (ulong)index.Processes.Length);
        foreach (var process in index.Processes)
        {
            WriteNumber(output, (ulong)process.Process.PidInContainer);
            WriteNumber(output, (ulong)process.Process.Generation);
            WriteNumber(output, (ulong)process.Runs.Length);
            var end = 0UL;
            foreach (var run in process.Runs)
            {
                WriteNumber(output, (run.Address - end) >> PageSize.Shift);
                WriteNumber(output, (ulong)run.PageCount);
                WriteNumber(output, (ulong)run.Round);
                end = run.End;
            }

            if (output.WrittenCount > MaxBytes)
            {
                throw new FinalIndexFormatException($"the encoding is longer than {MaxBytes} bytes");
            }
        }

        return output.WrittenSpan.ToArray();
    }

    /// <summary>Reads exactly one index. Throws <see cref="FinalIndexFormatException"/> for anything that <see cref="Encode"/> does not write.</summary>
    public static FinalIndex Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > MaxBytes)
        {
            throw new FinalIndexFormatException($"{bytes.Length} bytes are more than {MaxBytes}");
        }

        if (bytes.Length < HeaderBytes || !bytes[..4].SequenceEqual(Magic))
        {
            throw new FinalIndexFormatException("the bytes do not begin with AMFI");
        }

        var version = BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]);
        if (version != Version)
        {
            throw new FinalIndexFormatException($"version {version} is not the version {Version} that this program reads");
        }

        var rest = bytes[HeaderBytes..];
        var count = ReadCount(ref rest, FinalIndex.MaxProcesses, "processes");
        var processes = new List<ProcessPages>(Math.Min(count, rest.Length / LeastRunBytes));
        var previousPid = 0;
        for (var i = 0; i < count; i++)
        {
            var process = ReadProcess(ref rest);
            if (process.Process.PidInContainer <= previousPid)
            {
                // The constructor would sort it away; then two encodings would decode to one index.
                throw new FinalIndexFormatException($"pid {process.Process.PidInContainer} follows pid {previousPid}");
            }

            previousPid = process.Process.PidInContainer;
            processes.Add(process);
        }

        if (!rest.IsEmpty)
        {
            throw new FinalIndexFormatException($"{rest.Length} bytes follow the last process");
        }

        return new FinalIndex(processes);
    }

    private static ProcessPages ReadProcess(ref ReadOnlySpan<byte> rest)
    {
        var key = new ProcessKey(ReadCount(ref rest, int.MaxValue, "pid"), ReadCount(ref rest, int.MaxValue, "generation"));
        var runs = ReadCount(ref rest, FinalIndex.MaxRuns, "runs");
        if (runs > rest.Length / LeastRunBytes)
        {
            throw new FinalIndexFormatException($"process {key} promises {runs} runs in {rest.Length} bytes");
        }

        var builder = ImmutableArray.CreateBuilder<PageRun>(runs);
        var page = 0UL;
        const ulong pageLimit = FinalIndex.AddressLimit >> PageSize.Shift;
        for (var i = 0; i < runs; i++)
        {
            var gap = ReadNumber(ref rest);
            var count = ReadNumber(ref rest);
            if (gap > pageLimit - page || count > pageLimit - page - gap)
            {
                throw new FinalIndexFormatException($"process {key}: run {i} reaches beyond 0x{FinalIndex.AddressLimit:x}");
            }

            var first = page + gap;
            builder.Add(new PageRun(first << PageSize.Shift, (long)count, ReadCount(ref rest, FinalIndex.MaxRound, "round")));
            page = first + count;
        }

        return new ProcessPages(key, builder.MoveToImmutable());
    }

    private static void WriteNumber(ArrayBufferWriter<byte> output, ulong value)
    {
        var span = output.GetSpan(10);
        var length = 0;
        for (; value >= 0x80; value >>= 7)
        {
            span[length++] = (byte)(value | 0x80);
        }

        span[length++] = (byte)value;
        output.Advance(length);
    }

    private static int ReadCount(ref ReadOnlySpan<byte> rest, int limit, string what)
    {
        var value = ReadNumber(ref rest);
        return value <= (ulong)limit ? (int)value : throw new FinalIndexFormatException($"{what} is {value}, more than {limit}");
    }

    private static ulong ReadNumber(ref ReadOnlySpan<byte> rest)
    {
        var value = 0UL;
        for (var i = 0; i < 10; i++)
        {
            if (i >= rest.Length)
            {
                throw new FinalIndexFormatException("the bytes end inside a number");
            }

            var part = rest[i];
            if ((i == 9 && part > 1) || (i > 0 && part == 0))
            {
                throw new FinalIndexFormatException("a number is longer than 64 bits or than its shortest form");
            }

            value |= (ulong)(part & 0x7f) << (7 * i);
            if (part < 0x80)
            {
                rest = rest[(i + 1)..];
                return value;
            }
        }

        throw new FinalIndexFormatException("a number is longer than 64 bits");
    }
}
