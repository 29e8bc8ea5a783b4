using System.Buffers.Binary;
using ActorMigration.Contracts.Memory;

namespace ActorMigration.Host.Linux.Store;

/// <summary>
/// The versions of one stored address space as a file beside its pages, so that the pager, its successor and a restarted
/// daemon need nothing but the files. Little-endian:
/// <code>
///   "AMPV" | u32 version = 1 | u64 number of runs
///   run, 16 bytes, ascending:  u64 address | u32 page count | u16 round | u8 zero (0 or 1) | u8 0
/// </code>
/// </summary>
internal static class VersionsFile
{
    private const int HeaderBytes = 16;
    private const int RunBytes = 16;
    private const uint Version = 1;

    /// <summary>Writes under a temporary name and renames, so that a file with the right name is whole.</summary>
    internal static void Write(string path, IEnumerable<StoredRun> runs)
    {
        var temporary = path + ".new";
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16))
        {
            Span<byte> bytes = stackalloc byte[RunBytes];
            file.Write(new byte[HeaderBytes]);
            ulong count = 0;
            foreach (var run in runs)
            {
                for (var rest = run; rest.PageCount > 0; count++)
                {
                    var pages = (uint)Math.Min(rest.PageCount, uint.MaxValue);
                    BinaryPrimitives.WriteUInt64LittleEndian(bytes, rest.Address);
                    BinaryPrimitives.WriteUInt32LittleEndian(bytes[8..], pages);
                    BinaryPrimitives.WriteUInt16LittleEndian(bytes[12..], (ushort)rest.Round);
                    bytes[14] = rest.IsZero ? (byte)1 : (byte)0;
                    bytes[15] = 0;
                    file.Write(bytes);
                    rest = rest with { Address = rest.Address + ((ulong)pages << PageSize.Shift), PageCount = rest.PageCount - pages };
                }
            }

            "AMPV"u8.CopyTo(bytes);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes[4..], Version);
            BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], count);
            file.Position = 0;
            file.Write(bytes[..HeaderBytes]);
        }

        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Reads all runs, ascending; throws <see cref="InvalidDataException"/> for anything that <see cref="Write"/> does not write.</summary>
    internal static StoredRun[] Read(string path)
    {
        var bytes = File.ReadAllBytes(path);
        var wellFormed = bytes.Length >= HeaderBytes && bytes.AsSpan(0, 4).SequenceEqual("AMPV"u8)
            && BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(4)) == Version
            && BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(8)) == (ulong)(bytes.Length - HeaderBytes) / RunBytes
            && (bytes.Length - HeaderBytes) % RunBytes == 0;
        if (!wellFormed)
        {
            throw new InvalidDataException($"{path} is not a whole file of page versions");
        }

        var runs = new StoredRun[(bytes.Length - HeaderBytes) / RunBytes];
        ulong end = 0;
        for (var i = 0; i < runs.Length; i++)
        {
            var run = bytes.AsSpan(HeaderBytes + (i * RunBytes), RunBytes);
            runs[i] = new StoredRun(
                BinaryPrimitives.ReadUInt64LittleEndian(run),
                BinaryPrimitives.ReadUInt32LittleEndian(run[8..]),
                BinaryPrimitives.ReadUInt16LittleEndian(run[12..]),
                run[14] == 1);
            if (runs[i].PageCount == 0 || runs[i].Address < end || runs[i].Address % PageSize.Bytes != 0 || run[14] > 1 || run[15] != 0)
            {
                throw new InvalidDataException($"{path}: run {i} is out of order or malformed");
            }

            end = runs[i].End;
        }

        return runs;
    }
}
