using System.Diagnostics;
using System.Net.Sockets;
using ActorMigration.Host.Linux.Pager;
using ActorMigration.Host.Linux.Processes;
using Microsoft.Win32.SafeHandles;

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
    // What the program discards never comes: much more than this is hardly ever resident at once.
    [InlineData(65, "churn")]
    public async Task A_killed_pager_costs_no_page(int percent, string mode)
    {
        const int Tries = 5;
        for (var number = 0; number < Tries; number++)
        {
            if (await KillPagerAsync(percent, mode))
            {
                return;
            }
        }

        Assert.Fail($"the fill was over before the kill {Tries} times");
    }

    /// <summary>False when the kill came too late to show anything.</summary>
    private static async Task<bool> KillPagerAsync(int percent, string mode)
    {
        // The last percent of 512 MiB is wide enough to hit, mostly.
        using var lazy = new LazyProcess(percent == 99 ? 8 * SixtyFourMiB : 2 * SixtyFourMiB);
        var armed = await lazy.StartAsync(mode);
        LazyProcess.Stop(armed.Pid);
        lazy.Run();
        var fill = lazy.Client.FillAsync(CancellationToken.None);
        var isInTime = lazy.TryKillPagerAt(armed.Pid, percent);
        await fill;

        Assert.Equal("bad 0", await lazy.ResultAsync());
        var end = await lazy.Client.WaitFilledAsync(CancellationToken.None);
        Assert.True(end.ByKeeper || !isInTime, "the keeper was to take over");
        return isInTime;
    }

    [Fact]
    public async Task Children_that_come_and_go_do_not_use_up_the_descriptors()
    {
        using var lazy = new LazyProcess(1024);
        var armed = await lazy.StartAsync("forks");
        lazy.Run();

        Assert.Equal("bad 0", await lazy.ResultAsync());
        foreach (var helper in lazy.Helpers)
        {
            Assert.InRange(Directory.EnumerateFileSystemEntries($"/proc/{helper.Pid}/fd").Count(), 1, 300);
        }

        Assert.Contains(lazy.Helpers, helper => helper.Pid == armed.Pid);
    }

    [Fact]
    public async Task A_living_child_has_the_last_page_of_all_addresses_after_a_sweep_for_dead_ones()
    {
        // Without address randomisation the top of the stack is there, argv and environment.
        const int Pages = 16;
        const ulong AllAddressesEnd = 0x7fff_ffff_f000;
        using var lazy = new LazyProcess(Pages, AllAddressesEnd - (Pages * 4096UL));
        await lazy.StartAsync("sweep");
        lazy.Run();

        Assert.Equal("bad 0", await lazy.ResultAsync());
    }

    [Fact]
    public async Task A_start_that_is_cancelled_at_any_moment_leaves_no_helper()
    {
        using var lazy = new LazyProcess(16);
        var started = 0;
        for (var milliseconds = 0; milliseconds < 400; milliseconds += 20)
        {
            using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(milliseconds));
            try
            {
                await lazy.StartHelpersAsync(cancel.Token);
                started++;
                await lazy.Client.EndAsync(CancellationToken.None);
            }
            catch (OperationCanceledException)
            {
            }

            Assert.True(SpinWait.SpinUntil(() => lazy.Running().Length == 0, TimeSpan.FromSeconds(10)), $"cancelled after {milliseconds} ms, it leaves {string.Join("; ", lazy.Running())}");
            Directory.Delete(lazy.Work, recursive: true);
        }

        Assert.InRange(started, 0, 19);
    }

    [Fact]
    public async Task A_keeper_that_was_there_before_the_cgroup_of_its_container_finds_its_freezer()
    {
        using var lazy = new LazyProcess(SixtyFourMiB);
        var cgroup = Path.Combine(lazy.Work, "later");
        var armed = await lazy.StartAsync("read", cgroup);
        // As a cgroup of version 1 looks; it is a plain file here, and says what was written.
        Directory.CreateDirectory(cgroup);
        File.WriteAllText(Path.Combine(cgroup, "freezer.state"), "THAWED");
        LazyProcess.Stop(armed.Pid);
        var fill = lazy.Client.FillAsync(CancellationToken.None);
        using var watcher = new FileSystemWatcher(cgroup) { NotifyFilter = NotifyFilters.LastWrite };
        var writes = 0;
        watcher.Changed += (_, _) => Interlocked.Increment(ref writes);
        watcher.EnableRaisingEvents = true;
        Assert.True(lazy.TryKillPagerAt(armed.Pid, 1), "the fill was over before the kill");
        await fill;
        lazy.Run();

        Assert.Equal("bad 0", await lazy.ResultAsync());
        Assert.True((await lazy.Client.WaitFilledAsync(CancellationToken.None)).ByKeeper);
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref writes) > 0, TimeSpan.FromSeconds(5)), "the keeper was to freeze the container");
        Assert.Equal("THAWED", File.ReadAllText(Path.Combine(cgroup, "freezer.state")));
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
    public async Task A_status_that_cannot_be_written_costs_no_page_and_is_written_when_it_can_be()
    {
        using var lazy = new LazyProcess(SixtyFourMiB);
        await lazy.StartAsync("read");
        // As a full disk does it, at the order to fill already.
        var inTheWay = Directory.CreateDirectory(Path.Combine(lazy.Work, PagerServer.StatusFile + ".new"));
        await lazy.Client.FillAsync(CancellationToken.None);
        lazy.Run();

        Assert.Equal("bad 0", await lazy.ResultAsync());
        Assert.False((await lazy.Client.WaitFilledAsync(CancellationToken.None)).ByKeeper);
        await Task.Delay(300);
        Assert.Contains(lazy.Helpers, helper => helper.IsAlive);

        inTheWay.Delete();
        AssertEnd(lazy.Helpers);
        Assert.Equal(SixtyFourMiB, (await PagerClient.Attach(lazy.Work, "", TimeProvider.System)!.WaitFilledAsync(CancellationToken.None)).PagesTotal);
    }

    [Fact]
    public async Task A_pager_whose_attempt_was_cleaned_up_does_not_wait_for_its_last_word_to_be_written()
    {
        using var lazy = new LazyProcess(1024);
        await lazy.StartAsync("read");
        Directory.CreateDirectory(Path.Combine(lazy.Work, PagerServer.StatusFile + ".new"));
        await lazy.Client.FillAsync(CancellationToken.None);
        lazy.Run();
        await lazy.ResultAsync();
        await lazy.Client.WaitFilledAsync(CancellationToken.None);
        var helpers = lazy.Helpers;
        Assert.Contains(helpers, helper => helper.IsAlive);

        Directory.Delete(lazy.Work, recursive: true);

        AssertEnd(helpers);
    }

    [Fact]
    public async Task A_client_that_attaches_later_sees_the_same_pager()
    {
        using var lazy = new LazyProcess(1024);
        var armed = await lazy.StartAsync("read");
        var attached = PagerClient.Attach(lazy.Work, containerFreezer: "", TimeProvider.System);

        Assert.Equal(armed.Pid, (await attached!.WaitArmedAsync(1, CancellationToken.None)).Pid);
    }

    [Fact]
    public async Task An_aborted_restore_ends_both_helpers_once_its_process_is_dead()
    {
        using var lazy = new LazyProcess(1024);
        await lazy.StartAsync("read");
        lazy.Target.Kill();
        await lazy.Target.WaitForExitAsync();
        await lazy.Client.EndAsync(CancellationToken.None);

        AssertEnd(lazy.Helpers);
        AssertEnd(lazy.Twin);
    }

    [Fact]
    public async Task A_keeper_whose_daemon_died_before_it_started_a_pager_is_ended_at_once()
    {
        using var lazy = new LazyProcess(1024);
        lazy.StartKeeperAlone();
        Assert.Single(lazy.Helpers);
        Assert.True(SpinWait.SpinUntil(() => File.Exists(Path.Combine(lazy.Work, KeeperMessage.SocketName)), TimeSpan.FromSeconds(20)), "the keeper was to wait for its pager");

        await PagerClient.Attach(lazy.Work, "", TimeProvider.System)!.EndAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(10));

        AssertEnd(lazy.Helpers);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task The_twin_that_two_killed_helpers_leave_stays_while_the_container_lives_and_goes_after_it(int first)
    {
        using var lazy = new LazyProcess(1024);
        var cgroup = Directory.CreateDirectory(Path.Combine(lazy.Work, "cgroup")).FullName;
        await lazy.StartAsync("read", cgroup);
        File.WriteAllText(Path.Combine(cgroup, "cgroup.procs"), $"{lazy.Target.Id}\n");
        // Held still, so that a keeper does not end the twin when the pager goes.
        LazyProcess.Stop(lazy.Helpers[1].Pid);
        LazyProcess.Kill(lazy.Helpers[first].Pid);
        LazyProcess.Kill(lazy.Helpers[1 - first].Pid);

        var needed = await Assert.ThrowsAsync<PagerException>(() => lazy.Client.EndAsync(CancellationToken.None));

        Assert.Equal(PagerFailure.StillNeeded, needed.Failure);
        Assert.True(Assert.Single(lazy.Twin).IsAlive);
        lazy.Target.Kill();
        await lazy.Target.WaitForExitAsync();
        File.WriteAllText(Path.Combine(cgroup, "cgroup.procs"), "");
        await PagerClient.Attach(lazy.Work, cgroup, TimeProvider.System)!.EndAsync(CancellationToken.None);
        AssertEnd(lazy.Twin);
    }

    [Fact]
    public async Task A_test_that_gives_up_in_the_middle_leaves_no_helper_and_no_twin()
    {
        var lazy = new LazyProcess(1024);
        await lazy.StartAsync("read");
        var all = lazy.Helpers.Concat(lazy.Twin).ToArray();
        Assert.Equal(3, all.Length);

        lazy.Dispose();

        AssertEnd(all);
    }

    [Fact]
    public async Task A_helper_has_no_descriptor_of_whoever_started_it()
    {
        using var reading = Inheritable("/dev/full");
        using var lazy = new LazyProcess(1024);
        await lazy.StartAsync("read");

        Assert.Contains("/dev/full", Descriptors(Environment.ProcessId));
        Assert.All(lazy.Helpers.Concat(lazy.Twin), helper => Assert.DoesNotContain("/dev/full", Descriptors(helper.Pid)));
    }

    [Fact]
    public async Task A_pager_that_ends_between_a_connection_and_its_order_is_no_failure()
    {
        const int Connections = 500;
        var work = Directory.CreateTempSubdirectory("amig-pager-").FullName;
        using var helper = Process.Start("sleep", "60");
        try
        {
            HelperIdentities.Write(Path.Combine(work, "pager.pids"), ProcessIdentity.Find(helper.Id)!.Value);
            using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            listener.Bind(new UnixDomainSocketEndPoint(Path.Combine(work, ControlSocket.Name)));
            listener.Listen();
            // It goes away so soon after a connection that some of the orders come too late.
            var stands = Task.Factory.StartNew(
                () =>
                {
                    for (var count = 0; count < Connections; count++)
                    {
                        while (!listener.Poll(0, SelectMode.SelectRead))
                        {
                        }

                        listener.Accept().Dispose();
                    }

                    helper.Kill();
                },
                TaskCreationOptions.LongRunning);

            var lost = await Assert.ThrowsAsync<PagerException>(
                () => PagerClient.Attach(work, "", TimeProvider.System)!.FillAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(60)));

            Assert.Equal(PagerFailure.Lost, lost.Failure);
            await stands;
        }
        finally
        {
            helper.Kill();
            Directory.Delete(work, recursive: true);
        }
    }

    private static void AssertEnd(ProcessIdentity[] processes)
    {
        Assert.NotEmpty(processes);
        Assert.All(processes, process => Assert.True(SpinWait.SpinUntil(() => !process.IsAlive, TimeSpan.FromSeconds(5)), $"{process} was to end"));
    }

    private static string[] Descriptors(int pid)
        => [.. Directory.EnumerateFileSystemEntries($"/proc/{pid}/fd").Select(fd => new FileInfo(fd).LinkTarget ?? "")];

    /// <summary>As a library opens it that does not think of children.</summary>
    private static SafeFileHandle Inheritable(string path) => Host.Linux.Interop.Open(path, Host.Linux.Interop.O_RDONLY);
}
