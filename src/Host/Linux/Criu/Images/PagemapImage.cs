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

    private PagemapImage(int pid, PagemapEntry[] entries)
    {
        Pid = pid;
        Entries = entries;
    }

    /// <summary>Pid inside the container.</summary>
    public int Pid { get; }

    /// <summary>Ascending, not overlapping.</summary>
    public IReadOnlyList<PagemapEntry> Entries { get; }

    /// <summary>Pages that the pager has to bring.</summary>
    public long LazyPages => Entries.Where(entry => entry.IsLazy).Sum(entry => entry.PageCount);

    /// <summary>Path of the image of one process.</summary>
    public static string PathOf(string directory, int pid) => Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"pagemap-{pid}.img"));

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
        var name = string.Create(CultureInfo.InvariantCulture, $"pagemap-{pid}.img");
        if (bytes.Length < 8 || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != CommonMagic || BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]) != PagemapMagic)
        {
            throw new CriuImageException(name, "it does not begin as a pagemap does");
        }

        var rest = bytes[8..];
        NextMessage(ref rest, name);
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

        return new PagemapImage(pid, [.. entries]);
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
