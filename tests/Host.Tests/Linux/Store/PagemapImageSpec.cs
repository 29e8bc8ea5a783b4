using ActorMigration.Contracts.Memory;
using ActorMigration.Host.Linux.Criu.Images;
using CsCheck;

namespace ActorMigration.Host.Tests.Linux.Store;

/// <summary>CRIU's images come from another host: hostile until read.</summary>
public sealed class PagemapImageSpec
{
    [Fact]
    public void Reads_runs_with_their_flags()
    {
        // Five thousand million pages end below the second run: 2^44 + 2·10^13 bytes.
        var image = PagemapImage.Parse(PagemapBytes.Of((0x1000_0000_0000, 5_000_000_000, 2), (0x7fff_ffff_e000, 1, 4)), 7);

        Assert.Equal([new PagemapEntry(0x1000_0000_0000, 5_000_000_000, PagemapFlags.Lazy), new PagemapEntry(0x7fff_ffff_e000, 1, PagemapFlags.Present)], image.Entries);
        Assert.Equal((7, 5_000_000_000), (image.Pid, image.LazyPages));
    }

    [Theory]
    [InlineData(0x1001UL, 1UL, 2u)]
    [InlineData(0x1000UL, 0UL, 2u)]
    [InlineData(0x1000UL, 1UL, 8u)]
    [InlineData(FinalIndex.AddressLimit - 4096, 2UL, 2u)]
    public void A_run_that_cannot_be_is_refused(ulong address, ulong pages, uint flags)
        => Assert.Throws<CriuImageException>(() => PagemapImage.Parse(PagemapBytes.Of((address, pages, flags)), 7));

    [Fact]
    public void Overlapping_runs_are_refused()
        => Assert.Throws<CriuImageException>(() => PagemapImage.Parse(PagemapBytes.Of((0x1000, 2, 2), (0x2000, 1, 2)), 7));

    [Fact]
    public void A_cut_image_is_refused_or_ends_between_two_runs()
    {
        var whole = PagemapBytes.Of((0x1000, 2, 2), (0x9000, 1, 4));
        for (var length = 0; length < whole.Length; length++)
        {
            try
            {
                Assert.True(PagemapImage.Parse(whole.AsSpan(0, length), 7).Entries.Count < 2);
            }
            catch (CriuImageException)
            {
                // Refused.
            }
        }
    }

    [Fact]
    public void A_mutated_image_never_breaks_the_reader()
        => Gen.Select(Gen.Int, Gen.Byte, Gen.Int, Gen.Byte).Sample((first, a, second, b) =>
        {
            var bytes = PagemapBytes.Of((0x1000, 2, 2), (0x9000, 1, 4), (0x7f00_0000_0000, 100, 2));
            bytes[(int)((uint)first % (uint)bytes.Length)] = a;
            bytes[(int)((uint)second % (uint)bytes.Length)] = b;
            try
            {
                PagemapImage.Parse(bytes, 7);
            }
            catch (CriuImageException)
            {
                // The only way out that is allowed.
            }
        });
}
