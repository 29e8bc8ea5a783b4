using ActorMigration.Host.Linux.Criu.Images;
using CsCheck;

namespace ActorMigration.Host.Tests.Linux.Store;

/// <summary>Lazy runs added to a pagemap image, against a plain set of pages.</summary>
public sealed class LazyRunsSpec
{
    private const int Pid = 7;
    private const ulong Base = 0x7f00_0000_0000;

    private static readonly Gen<(int Gap, int Pages, bool Lazy)[]> Known = Gen.Select(Gen.Int[0, 4], Gen.Int[1, 4], Gen.Bool).Array[0, 8];
    private static readonly Gen<(int Start, int Pages)[]> Hidden = Gen.Select(Gen.Int[0, 40], Gen.Int[1, 6]).Array[0, 12];

    [Fact]
    public void Lazy_runs_fill_what_is_not_known_and_change_nothing_else()
        => Gen.Select(Known, Hidden).Sample((known, hidden) =>
        {
            var image = ImageOf(known);
            var result = image.WithLazy(hidden.Select(run => new PagemapEntry(At(run.Start), run.Pages, PagemapFlags.Lazy)));

            var expected = PagesOf(image);
            foreach (var (start, pages) in hidden)
            {
                for (var page = start; page < start + pages; page++)
                {
                    expected.TryAdd(At(page), PagemapFlags.Lazy);
                }
            }

            Assert.Equal(expected, PagesOf(result));
            Assert.All(result.Entries.Zip(result.Entries.Skip(1)), pair => Assert.True(pair.First.End < pair.Second.Address || pair.First.Flags != pair.Second.Flags));
        });

    [Fact]
    public void What_is_written_is_read_again()
        => Known.Sample(known =>
        {
            var image = ImageOf(known);
            var again = PagemapImage.Parse(image.ToBytes(), Pid);
            Assert.Equal(image.Entries, again.Entries);
            Assert.Equal(image.PagesId, again.PagesId);
        });

    private static ulong At(int page) => Base + ((ulong)page << 12);

    /// <summary>By way of an image without runs: lazy and present ones alternate as the generator says.</summary>
    private static PagemapImage ImageOf((int Gap, int Pages, bool Lazy)[] runs)
    {
        // u32 magics, then the head {pages_id = 3}.
        byte[] bytes = [0x19, 0x43, 0x56, 0x54, 0x25, 0x40, 0x08, 0x56, 2, 0, 0, 0, 0x08, 3];
        var page = 0;
        foreach (var (gap, pages, lazy) in runs)
        {
            page += gap;
            // {vaddr, nr_pages, flags}; the address takes seven bytes as a varint.
            byte[] address = [.. Enumerable.Range(0, 7).Select(i => (byte)((At(page) >> (7 * i) & 0x7f) | (i < 6 ? 0x80u : 0)))];
            bytes = [.. bytes, 14, 0, 0, 0, 0x08, .. address, 0x10, 0, 0x20, (byte)(lazy ? 2 : 4), 0x28, (byte)pages];
            page += pages;
        }

        return PagemapImage.Parse(bytes, Pid);
    }

    private static SortedDictionary<ulong, PagemapFlags> PagesOf(PagemapImage image)
        => new(image.Entries.SelectMany(entry => Enumerable.Range(0, (int)entry.PageCount).Select(i => (Address: entry.Address + ((ulong)i << 12), entry.Flags)))
            .ToDictionary(page => page.Address, page => page.Flags));
}
