using ActorMigration.Contracts.Memory;
using ActorMigration.Host.Linux.Criu.Images;
using ActorMigration.Host.Linux.Store;

namespace ActorMigration.Host.Tests.Linux.Store;

/// <summary>Versions, not existence: each rule names its first difference.</summary>
public sealed class StoreCheckSpec
{
    private const uint Lazy = 2;
    private const uint Present = 4;

    private readonly PageVersions _stored = new();

    public StoreCheckSpec() => _stored.Set(0x1000, 8, 3, isZero: false);

    [Fact]
    public void Complete_when_each_page_is_there_at_its_round()
    {
        _stored.Set(0x8000, 1, 3, isZero: true);

        var result = Compare([new PageRun(0x1000, 8, 3)], (0x1000, 6, Lazy), (0x7000, 1, Present));

        Assert.Equal(new StoreCheckResult.Complete(LazyPages: 6, EagerPages: 1, NotRestoredPages: 1), result);
    }

    [Fact]
    public void A_page_with_content_that_CRIU_does_not_restore_is_found()
        => Assert.Equal(new StoreCheckResult.Different(StoreDifference.PageNotRestored, 7, 0x6000, 3, 3), Compare([new PageRun(0x1000, 8, 3)], (0x1000, 5, Lazy), (0x7000, 2, Present)));

    [Fact]
    public void A_page_of_an_older_round_is_found()
    {
        _stored.Set(0x4000, 1, 2, isZero: false);

        Assert.Equal(new StoreCheckResult.Different(StoreDifference.OtherRound, 7, 0x4000, 3, 2), Compare([new PageRun(0x1000, 8, 3)], (0x1000, 8, Lazy)));
    }

    [Fact]
    public void A_page_that_never_arrived_is_found()
        => Assert.Equal(new StoreCheckResult.Different(StoreDifference.PageMissing, 7, 0x9000, 3, -1), Compare([new PageRun(0x1000, 9, 3)], (0x1000, 9, Lazy)));

    [Fact]
    public void A_lazy_page_that_the_index_lacks_is_found_even_when_the_store_has_it()
        => Assert.Equal(new StoreCheckResult.Different(StoreDifference.LazyPageNotInIndex, 7, 0x3000, -1, -1),
            Compare([new PageRun(0x1000, 2, 3), new PageRun(0x4000, 5, 3)], (0x1000, 8, Lazy)));

    [Fact]
    public void A_page_from_an_earlier_dump_is_refused()
        => Assert.Equal(StoreDifference.PageInParent, Assert.IsType<StoreCheckResult.Different>(Compare([new PageRun(0x1000, 8, 3)], (0x1000, 8, 1))).What);

    [Fact]
    public void A_process_is_restored_and_indexed_or_neither()
    {
        var pagemaps = Pagemaps((0x1000, 8, Lazy));
        var empty = new FinalIndex([]);
        var index = new FinalIndex([new ProcessPages(new ProcessKey(7, 0), [new PageRun(0x1000, 8, 3)])]);

        Assert.Equal(StoreDifference.ProcessNotInIndex, Assert.IsType<StoreCheckResult.Different>(StoreCheck.Compare(empty, _ => _stored, pagemaps)).What);
        Assert.Equal(StoreDifference.ProcessNotRestored, Assert.IsType<StoreCheckResult.Different>(StoreCheck.Compare(index, _ => _stored, new Dictionary<int, PagemapImage>())).What);
    }

    [Fact]
    public void The_pages_of_another_generation_do_not_count()
    {
        var index = new FinalIndex([new ProcessPages(new ProcessKey(7, 1), [new PageRun(0x1000, 8, 3)])]);
        var result = StoreCheck.Compare(index, key => key.Generation == 0 ? _stored : null, Pagemaps((0x1000, 8, Lazy)));

        Assert.Equal(new StoreCheckResult.Different(StoreDifference.PageMissing, 7, 0x1000, 3, -1), result);
    }

    private StoreCheckResult Compare(PageRun[] runs, params (ulong Address, ulong Pages, uint Flags)[] entries)
        => StoreCheck.Compare(new FinalIndex([new ProcessPages(new ProcessKey(7, 0), [.. runs])]), _ => _stored, Pagemaps(entries));

    private static Dictionary<int, PagemapImage> Pagemaps(params (ulong Address, ulong Pages, uint Flags)[] entries)
        => new() { [7] = PagemapImage.Parse(PagemapBytes.Of(entries), 7) };
}
