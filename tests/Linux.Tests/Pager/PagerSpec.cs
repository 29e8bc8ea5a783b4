using ActorMigration.Host.Linux.Pager;

namespace ActorMigration.Linux.Tests.Pager;

/// <summary>The pager against a real process that misses its memory, and against its own death.</summary>
public sealed class PagerSpec
{
    private const int SixtyFourMiB = 16_384;

    [Fact]
    public async Task Every_page_arrives_while_the_program_reads_them_in_random_order()
    {
        using var lazy = new LazyProcess(SixtyFourMiB);
        var armed = await lazy.StartAsync("read");
        await lazy.Client.FillAsync(CancellationToken.None);
        lazy.Run();

        Assert.Equal("bad 0", await lazy.ResultAsync());
        Assert.Equal(SixtyFourMiB, armed.PagesTotal);
        var end = await lazy.Client.WaitFilledAsync(CancellationToken.None);
        Assert.Equal((SixtyFourMiB, 0), (end.PagesFilled + end.PagesDiscarded, end.PagesUnmapped));
        Assert.False(end.ByKeeper);
    }

    [Fact]
    public async Task Faults_are_served_before_the_fill_is_ordered()
    {
        using var lazy = new LazyProcess(1024);
        await lazy.StartAsync("read");
        lazy.Run();

        Assert.Equal("bad 0", await lazy.ResultAsync());
    }

    [Fact]
    public async Task The_store_is_given_back_behind_the_fill()
    {
        using var lazy = new LazyProcess(2 * SixtyFourMiB);
        await lazy.StartAsync("read");
        var before = lazy.StoreBytes();
        await lazy.Client.FillAsync(CancellationToken.None);
        var end = await lazy.Client.WaitFilledAsync(CancellationToken.None);
        var after = lazy.StoreBytes();
        lazy.Run();

        Assert.Equal("bad 0", await lazy.ResultAsync());
        Assert.Equal(2 * SixtyFourMiB, end.PagesFilled);
        Assert.True(before > 100L << 20 && after < 2L << 20, $"the store held {before} bytes before the fill and {after} after it");
    }

    [Fact]
    public async Task What_the_program_discards_moves_or_forks_during_the_fill_is_right()
    {
        using var lazy = new LazyProcess(SixtyFourMiB);
        await lazy.StartAsync("churn");
        await lazy.Client.FillAsync(CancellationToken.None);
        lazy.Run();

        Assert.Equal("bad 0", await lazy.ResultAsync());
        var end = await lazy.Client.WaitFilledAsync(CancellationToken.None);
        Assert.Equal(0, end.PagesUnmapped);
        Assert.True(end.PagesDiscarded > 0, "the program was to discard pages before they came");
        Assert.True(end.Forks > 0, "the program was to fork during the fill");
    }

    [Theory]
    [InlineData(0, "read")]
    [InlineData(10, "read")]
    [InlineData(50, "read")]
    [InlineData(99, "read")]
    [InlineData(0, "churn")]
    [InlineData(10, "churn")]
    [InlineData(50, "churn")]
    [InlineData(80, "churn")]
    public async Task A_killed_pager_costs_no_page(int percent, string mode)
    {
        // The last percent of 256 MiB is wide enough to hit.
        using var lazy = new LazyProcess(percent == 99 ? 4 * SixtyFourMiB : 2 * SixtyFourMiB);
        var armed = await lazy.StartAsync(mode);
        LazyProcess.Stop(armed.Pid);
        lazy.Run();
        var fill = lazy.Client.FillAsync(CancellationToken.None);
        lazy.KillPagerAt(armed.Pid, percent);
        await fill;

        Assert.Equal("bad 0", await lazy.ResultAsync());
        var end = await lazy.Client.WaitFilledAsync(CancellationToken.None);
        Assert.True(end.ByKeeper, "the keeper was to take over");
    }

    [Fact]
    public async Task A_pager_that_dies_before_the_gate_opens_costs_no_page()
    {
        using var lazy = new LazyProcess(SixtyFourMiB);
        var armed = await lazy.StartAsync("read");
        LazyProcess.Kill(armed.Pid);
        lazy.Run();
        await lazy.Client.FillAsync(CancellationToken.None);

        Assert.Equal("bad 0", await lazy.ResultAsync());
        Assert.True((await lazy.Client.WaitFilledAsync(CancellationToken.None)).ByKeeper);
    }

    [Fact]
    public async Task A_client_that_attaches_later_sees_the_same_pager()
    {
        using var lazy = new LazyProcess(1024);
        var armed = await lazy.StartAsync("read");
        var attached = PagerClient.Attach(Path.GetDirectoryName(lazy.Store) + "/work", TimeProvider.System);

        Assert.Equal(armed.Pid, (await attached.WaitArmedAsync(1, CancellationToken.None)).Pid);
    }

    [Fact]
    public async Task An_aborted_restore_ends_both_helpers_once_its_process_is_dead()
    {
        using var lazy = new LazyProcess(1024);
        await lazy.StartAsync("read");
        lazy.Target.Kill();
        await lazy.Target.WaitForExitAsync();
        await lazy.Client.EndAsync(CancellationToken.None);
    }
}
