using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using ActorMigration.Contracts.Memory;

namespace ActorMigration.Host.Linux.Criu.Images;

/// <summary>What CRIU says of a run of pages (its flags PE_PARENT 1, PE_LAZY 2, PE_PRESENT 4).</summary>
[Flags]
public enum PagemapFlags
{
    None = 0,

    /// <summary>In the images of an earlier dump; this program makes none.</summary>
    Parent = 1,

    /// <summary>Comes through userfaultfd.</summary>
    Lazy = 2,

    /// <summary>Lies in pages-N.img.</summary>
    Present = 4,
}

/// <summary>One run of pages in a pagemap image.</summary>
public readonly record struct PagemapEntry(ulong Address, long PageCount, PagemapFlags Flags)
{
    /// <summary>Address behind the last page.</summary>
    public ulong End => Address + ((ulong)PageCount << PageSize.Shift);

    /// <summary>True when the pager has to bring these pages: lazy, and not in the images.</summary>
    public bool IsLazy => (Flags & (PagemapFlags.Lazy | PagemapFlags.Present)) == PagemapFlags.Lazy;
}

/// <summary>
/// <c>pagemap-PID.img</c>: which pages a restored process has. Layout: u32 0x54564319, u32 0x56084025, then messages, each
/// with a u32 length before it: one pagemap_head {pages_id = 1}, then pagemap_entry {vaddr = 1, compat_nr_pages = 2,
/// in_parent = 3, flags = 4, nr_pages = 5}, ascending. CRIU trusts its images; this reader does not.
/// </summary>
public sealed class PagemapImage
{
    /// <summary>Bytes of the largest image: an entry takes about 20, and a process has no more than some million runs.</summary>
    public const int MaxBytes = 256 << 20;

    /// <summary>Bytes of the largest message: five numbers.</summary>
    private const int MaxMessageBytes = 128;

    private const uint CommonMagic = 0x5456_4319;
    private const uint PagemapMagic = 0x5608_4025;
    private const PagemapFlags Known = PagemapFlags.Parent | PagemapFlags.Lazy | PagemapFlags.Present;

    private PagemapImage(int pid, ulong pagesId, PagemapEntry[] entries)
    {
        Pid = pid;
        PagesId = pagesId;
        Entries = entries;
    }

    /// <summary>Pid inside the container.</summary>
    public int Pid { get; }

    /// <summary>Number of the pages-N.img that has the content of what is not lazy.</summary>
    public ulong PagesId { get; }

    /// <summary>Ascending, not overlapping.</summary>
    public IReadOnlyList<PagemapEntry> Entries { get; }

    /// <summary>Pages that the pager has to bring.</summary>
    public long LazyPages => Entries.Where(entry => entry.IsLazy).Sum(entry => entry.PageCount);

    /// <summary>Path of the image of one process.</summary>
    public static string PathOf(string directory, int pid) => Path.Combine(directory, NameOf(pid));

    /// <summary>Reads the image of one process.</summary>
    public static PagemapImage Read(string directory, int pid)
    {
        var path = PathOf(directory, pid);
        using var file = File.OpenRead(path);
        if (file.Length > MaxBytes)
        {
            throw new CriuImageException(Path.GetFileName(path), $"{file.Length} bytes are more than {MaxBytes}");
        }

        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return Parse(bytes, pid);
    }

    /// <summary>Reads the images of all processes in a directory, by pid.</summary>
    public static IReadOnlyDictionary<int, PagemapImage> ReadAll(string directory)
    {
        var images = new Dictionary<int, PagemapImage>();
        foreach (var path in Directory.EnumerateFiles(directory, "pagemap-*.img"))
        {
            // pagemap-shmem-ID.img belongs to shared memory, which is never lazy.
            var name = Path.GetFileNameWithoutExtension(path)["pagemap-".Length..];
            if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && pid > 0)
            {
                images.Add(pid, Read(directory, pid));
            }
        }

        return images;
    }

    /// <summary>Reads an image from memory; throws <see cref="CriuImageException"/>.</summary>
    public static PagemapImage Parse(ReadOnlySpan<byte> bytes, int pid)
    {
        var name = NameOf(pid);
        if (bytes.Length < 8 || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != CommonMagic || BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]) != PagemapMagic)
        {
            throw new CriuImageException(name, "it does not begin as a pagemap does");
        }

        var rest = bytes[8..];
        var pagesId = ParseHead(NextMessage(ref rest, name), name);
        var entries = new List<PagemapEntry>();
        var end = 0UL;
        while (!rest.IsEmpty)
        {
            var entry = ParseEntry(NextMessage(ref rest, name), name);
            if (entry.Address < end)
            {
                throw new CriuImageException(name, $"the run at 0x{entry.Address:x} overlaps the run before it");
            }

            end = entry.End;
            entries.Add(entry);
        }

        return new PagemapImage(pid, pagesId, [.. entries]);
    }

    /// <summary>The same with the pages of more runs as lazy ones, where it says nothing of them yet. The runs may be in any order and overlap.</summary>
    internal PagemapImage WithLazy(IEnumerable<PagemapEntry> more)
    {
        var added = new List<PagemapEntry>();
        var next = 0;
        var from = 0UL;
        foreach (var run in more.OrderBy(run => run.Address))
        {
            from = Math.Max(from, run.Address);
            while (from < run.End)
            {
                while (next < Entries.Count && Entries[next].End <= from)
                {
                    next++;
                }

                var known = next < Entries.Count ? Entries[next] : default;
                var end = known.PageCount > 0 ? Math.Min(run.End, Math.Max(known.Address, from)) : run.End;
                if (end > from)
                {
                    added.Add(new PagemapEntry(from, (long)((end - from) >> PageSize.Shift), PagemapFlags.Lazy));
                }

                from = end < run.End ? known.End : end;
            }
        }

        return new PagemapImage(Pid, PagesId, [.. Joined(Entries.Concat(added).OrderBy(entry => entry.Address))]);
    }

    /// <summary>Neighbours of the same flags as one.</summary>
    private static IEnumerable<PagemapEntry> Joined(IEnumerable<PagemapEntry> entries)
    {
        PagemapEntry? before = null;
        foreach (var entry in entries)
        {
            if (before is { } last && last.End == entry.Address && last.Flags == entry.Flags)
            {
                before = last with { PageCount = last.PageCount + entry.PageCount };
                continue;
            }

            if (before is not null)
            {
                yield return before.Value;
            }

            before = entry;
        }

        if (before is not null)
        {
            yield return before.Value;
        }
    }

    /// <summary>As CRIU 4.2 writes it.</summary>
    internal byte[] ToBytes()
    {
        var image = new ArrayBufferWriter<byte>();
        Fixed(image, CommonMagic);
        Fixed(image, PagemapMagic);
        var message = new ArrayBufferWriter<byte>();
        Number(message, 1, PagesId);
        Append(image, message);
        foreach (var entry in Entries)
        {
            Number(message, 1, entry.Address);
            // Deprecated and required.
            Number(message, 2, 0);
            Number(message, 4, (ulong)entry.Flags);
            Number(message, 5, (ulong)entry.PageCount);
            Append(image, message);
        }

        return image.WrittenSpan.ToArray();
    }

    private static string NameOf(int pid) => string.Create(CultureInfo.InvariantCulture, $"pagemap-{pid}.img");

    private static void Fixed(ArrayBufferWriter<byte> to, uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to.GetSpan(4), value);
        to.Advance(4);
    }

    private static void Number(ArrayBufferWriter<byte> to, int field, ulong value)
    {
        Varint(to, (ulong)field << 3);
        Varint(to, value);
    }

    private static void Varint(ArrayBufferWriter<byte> to, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            to.Write([(byte)(value | 0x80)]);
        }

        to.Write([(byte)value]);
    }

    /// <summary>Appends the message with its length before it, and empties it.</summary>
    private static void Append(ArrayBufferWriter<byte> image, ArrayBufferWriter<byte> message)
    {
        Fixed(image, (uint)message.WrittenCount);
        image.Write(message.WrittenSpan);
        message.ResetWrittenCount();
    }

    private static ReadOnlySpan<byte> NextMessage(ref ReadOnlySpan<byte> rest, string name)
    {
        if (rest.Length < 4 || BinaryPrimitives.ReadUInt32LittleEndian(rest) is var length && (length > MaxMessageBytes || length > rest.Length - 4))
        {
            throw new CriuImageException(name, "a message reaches beyond the image or is too long");
        }

        var message = rest.Slice(4, (int)length);
        rest = rest[(4 + (int)length)..];
        return message;
    }

    private static ulong ParseHead(ReadOnlySpan<byte> message, string name)
    {
        var reader = new ProtobufReader(message, name);
        return reader.Next() && reader.Field == 1 ? reader.ReadUInt64() : throw new CriuImageException(name, "its head does not say where the pages are");
    }

    private static PagemapEntry ParseEntry(ReadOnlySpan<byte> message, string name)
    {
        ulong address = 0, pages = 0, compatPages = 0;
        PagemapFlags? flags = null;
        var inParent = false;
        var reader = new ProtobufReader(message, name);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1:
                    address = reader.ReadUInt64();
                    break;
                case 2:
                    compatPages = reader.ReadUInt32();
                    break;
                case 3:
                    inParent = reader.ReadUInt64() != 0;
                    break;
                case 4:
                    flags = (PagemapFlags)reader.ReadUInt32();
                    break;
                case 5:
                    pages = reader.ReadUInt64();
                    break;
                default:
                    throw new CriuImageException(name, $"field {reader.Field} of a run is not known");
            }
        }

        // Images before CRIU 4.2 have only the 32-bit count, and the oldest no flags.
        pages = pages == 0 ? compatPages : pages;
        var all = flags ?? (inParent ? PagemapFlags.Parent : PagemapFlags.Present);
        var placed = pages > 0 && address % PageSize.Bytes == 0 && address < FinalIndex.AddressLimit
            && pages <= (FinalIndex.AddressLimit - address) >> PageSize.Shift;
        if (!placed || (all & ~Known) != 0 || (inParent && !all.HasFlag(PagemapFlags.Parent)))
        {
            throw new CriuImageException(name, $"the run of {pages} pages at 0x{address:x} with flags {(int)all} cannot be");
        }

        return new PagemapEntry(address, (long)pages, all);
    }
}
