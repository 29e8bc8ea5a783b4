using ActorMigration.Contracts.Memory;
using ActorMigration.Host.Linux.Tracking;
using CsCheck;

namespace ActorMigration.Host.Tests.Linux.Tracking;

public sealed class ZeroPagesSpec
{
    [Fact]
    public void One_byte_anywhere_makes_a_page_not_zero()
        => Gen.Int[0, PageSize.Bytes - 1].Sample(at =>
        {
            var page = new byte[PageSize.Bytes];
            Assert.True(ZeroPages.IsZero(page));

            page[at] = 1;

            Assert.False(ZeroPages.IsZero(page));
        });

    [Fact]
    public void Runs_cover_all_pages_and_each_is_of_one_kind()
        => Gen.Bool.Array[1, 40].Sample(kinds =>
        {
            var pages = new byte[kinds.Length * PageSize.Bytes];
            for (var i = 0; i < kinds.Length; i++)
            {
                pages[(i * PageSize.Bytes) + (97 * i % PageSize.Bytes)] = kinds[i] ? (byte)0 : (byte)7;
            }

            var page = 0;
            while (page < kinds.Length)
            {
                var run = ZeroPages.FirstRun(pages.AsSpan(page * PageSize.Bytes), out var zero) / PageSize.Bytes;
                Assert.All(kinds[page..(page + run)], kind => Assert.Equal(kind, zero));
                page += run;
                Assert.True(page == kinds.Length || kinds[page] != zero);
            }
        });
}
