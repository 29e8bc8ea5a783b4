using ActorMigration.Contracts;
using ActorMigration.Contracts.Memory;
using ActorMigration.Host.Linux.Store;

namespace ActorMigration.Linux.Tests.Store;

/// <summary>The store on a real tmpfs.</summary>
public sealed class PageStoreSpec : IDisposable
{
    private static readonly ProcessKey Process = new(7, 0);

    private readonly string _directory = Directory.CreateTempSubdirectory("amig-store-").FullName;
    private readonly ReservationLedger _ledger = new(() => 1L << 30, reserve: 0);

    private string Mount => Path.Combine(_directory, "store");

    public void Dispose()
    {
        PageStore.Wipe(Mount);
        Directory.Delete(_directory, recursive: true);
    }

    [Theory]
    [InlineData(0x1000UL)]
    [InlineData(0x7fff_ffff_e000UL)]
    [InlineData(FinalIndex.AddressLimit - 4096)]
    public void A_page_lies_at_its_address_and_takes_only_its_own_room(ulong address)
    {
        using var store = Create(1 << 20);
        store.Pages(Process, address, Page(3), 1);

        using var file = File.OpenHandle(PageStore.PagesPath(Mount, Process));
        var read = new byte[PageSize.Bytes];
        Assert.Equal(PageSize.Bytes, RandomAccess.Read(file, read, (long)address));
        Assert.Equal(Page(3), read);
        Assert.Equal(PageSize.Bytes, store.Used());
    }

    [Fact]
    public void A_full_store_says_so_and_keeps_what_it_has()
    {
        using var store = Create(64 << 10);
        for (var i = 0; i < 16; i++)
        {
            store.Pages(Process, (ulong)(i + 1) << 12, Page((byte)i), 0);
        }

        Assert.Throws<StoreFullException>(() => store.Pages(Process, 0x100_0000, Page(9), 0));
        Assert.Equal((0, false), store.VersionsOf(Process)!.Find(0x1000));
        Assert.Null(store.VersionsOf(Process)!.Find(0x100_0000));
        // A newer version of a page that is there takes no room.
        store.Pages(Process, 0x1000, Page(8), 1);
        Assert.Equal((1, false), store.VersionsOf(Process)!.Find(0x1000));
    }

    [Fact]
    public void Zero_pages_give_their_room_back()
    {
        using var store = Create(1 << 20);
        store.Pages(Process, 0x10000, [.. Page(1), .. Page(2)], 0);
        store.Zero(Process, 0x10000, 1, 1);

        Assert.Equal(PageSize.Bytes, store.Used());
        Assert.Equal((1, true), store.VersionsOf(Process)!.Find(0x10000));
        Assert.Equal((0, false), store.VersionsOf(Process)!.Find(0x11000));
    }

    [Fact]
    public void An_address_space_that_is_gone_leaves_nothing()
    {
        using var store = Create(1 << 20);
        store.Pages(Process, 0x10000, Page(1), 0);
        store.Gone(Process);

        Assert.Equal(0, store.Used());
        Assert.Null(store.VersionsOf(Process));
    }

    [Fact]
    public void Only_root_enters_and_the_kernel_does_not_swap_it()
    {
        using var store = Create(1 << 20);
        var options = File.ReadLines("/proc/self/mountinfo").Single(line => line.Contains($" {Mount} ", StringComparison.Ordinal));

        Assert.Contains("mode=700", options, StringComparison.Ordinal);
        Assert.Contains("size=1024k", options, StringComparison.Ordinal);
        Assert.Equal(store.NeverSwapped, options.Contains("noswap", StringComparison.Ordinal));
    }

    [Fact]
    public void Wiping_twice_or_wiping_nothing_is_no_error()
    {
        Create(1 << 20).Dispose();
        PageStore.Wipe(Mount);
        PageStore.Wipe(Mount);

        Assert.False(Directory.Exists(Mount));
    }

    private PageStore Create(long bytes) => PageStore.Create(Mount, _ledger.Reserve(AttemptId.New(), bytes));

    private static byte[] Page(byte fill) => [.. Enumerable.Repeat(fill, PageSize.Bytes)];
}
