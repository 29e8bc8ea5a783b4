using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Memory;
using ActorMigration.Host.Linux.Criu.Images;
using ActorMigration.Host.Linux.Pager;
using ActorMigration.Host.Linux.Store;

namespace ActorMigration.Linux.Tests.Pager;

/// <summary>The whole way with the real CRIU: skeleton dump, store, comparison, lazy restore from our pager.</summary>
public sealed class CriuLazyRestoreSpec : IDisposable
{
    private const string Criu = "/usr/local/lib/amig/criu";
    private const int Pages = 8192;

    private readonly string _directory = Directory.CreateTempSubdirectory("amig-criu-").FullName;
    private readonly List<int> _pids = [];

    private string Images => Path.Combine(_directory, "images");

    private string Store => Path.Combine(_directory, "store");

    private string Work => Path.Combine(_directory, "work");

    private string Result => Path.Combine(_directory, "result");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_tree_that_CRIU_restores_lazily_has_every_page(bool killPager)
    {
        Assert.True(File.Exists(Criu), $"needs CRIU at {Criu}: run deploy/setup.sh");
        StartSurvivor();
        var pagemaps = Dump();
        var index = CopyMemory(pagemaps);
        foreach (var pid in _pids)
        {
            LazyProcess.Kill(pid);
        }

        var options = new PagerOptions(Path.Combine(AppContext.BaseDirectory, "amig"), Work, Store, Images, HelperCgroup: "", ContainerFreezer: "");
        var client = await PagerClient.StartAsync(options, TimeProvider.System, CancellationToken.None);
        RunCriu("restore", "-d", "--lazy-pages", "-D", Images, "-W", Work);
        var armed = await client.WaitArmedAsync(_pids.Count, CancellationToken.None);
        Assert.Equal(index.PageCount, armed.PagesTotal);
        await client.FillAsync(CancellationToken.None);
        if (killPager)
        {
            LazyProcess.Kill(armed.Pid);
        }

        foreach (var pid in _pids)
        {
            Assert.Equal(0, Host.Linux.Interop.Spawn.Kill(pid, 10 /* SIGUSR1 */));
            Assert.Equal(0, Host.Linux.Interop.Spawn.Kill(pid, 18 /* SIGCONT */));
        }

        Until(() => File.ReadAllLines(Result).Length == 4);
        Assert.Equal(["ready", "ready", "bad 0", "bad 0"], File.ReadAllLines(Result));
        var end = await client.WaitFilledAsync(CancellationToken.None);
        Assert.Equal((killPager, 0), (end.ByKeeper, end.PagesUnmapped));
    }

    public void Dispose()
    {
        foreach (var pid in _pids)
        {
            Host.Linux.Interop.Spawn.Kill(pid, 9);
        }

        PageStore.Wipe(Store);
        Directory.Delete(_directory, recursive: true);
    }

    private void StartSurvivor()
    {
        var program = Path.Combine(_directory, "survivor");
        Run("gcc", "-O2", "-Wall", "-o", program, Path.Combine(AppContext.BaseDirectory, "targets", "survivor.c"));
        // In the background of a shell that ends: no descriptor and no terminal of this process.
        Run("/bin/sh", "-c", $"'{program}' '{Result}' {Pages} </dev/null >/dev/null 2>&1 & echo $! >'{_directory}/pid'");
        Until(() => File.Exists(Result) && File.ReadAllLines(Result).Length == 2);
        var parent = int.Parse(File.ReadAllText(Path.Combine(_directory, "pid")), CultureInfo.InvariantCulture);
        var child = int.Parse(File.ReadAllText($"/proc/{parent}/task/{parent}/children").Trim(), CultureInfo.InvariantCulture);
        _pids.AddRange([parent, child]);
        foreach (var pid in _pids)
        {
            LazyProcess.Stop(pid);
        }
    }

    /// <summary>The skeleton: CRIU fails on purpose after it has written the images, at a port that is taken.</summary>
    private IReadOnlyDictionary<int, PagemapImage> Dump()
    {
        Directory.CreateDirectory(Images);
        Directory.CreateDirectory(Work);
        var script = Path.Combine(_directory, "action");
        File.WriteAllText(script, "#!/bin/sh\n[ \"$CRTOOLS_SCRIPT_ACTION\" != post-dump ]\n");
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        using var taken = new TcpListener(IPAddress.Any, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
        var log = TryRun(Criu, "dump", "-t", _pids[0].ToString(CultureInfo.InvariantCulture), "--lazy-pages", "--address", "127.0.0.1", "--port", port, "--action-script", script, "-D", Images, "-v4", "-o", "dump.log");
        Assert.True(File.Exists(Path.Combine(Images, "pstree.img")) && File.Exists(Path.Combine(Images, "inventory.img")), $"{log}\n{Tail("dump.log")}");
        var pagemaps = PagemapImage.ReadAll(Images);
        Assert.Equal(_pids.Order(), pagemaps.Keys.Order());
        Assert.All(pagemaps.Values, pagemap => Assert.True(pagemap.LazyPages >= Pages * 8 / 9, $"{pagemap.LazyPages} pages are lazy"));
        return pagemaps;
    }

    /// <summary>Copies what is lazy from the stopped processes, as the last round of a migration, and compares.</summary>
    private FinalIndex CopyMemory(IReadOnlyDictionary<int, PagemapImage> pagemaps)
    {
        using var store = PageStore.Create(Store, new ReservationLedger(() => long.MaxValue / 2).Reserve(AttemptId.New(), 256 << 20));
        var processes = new List<ProcessPages>();
        foreach (var (pid, pagemap) in pagemaps)
        {
            using var memory = File.OpenHandle($"/proc/{pid}/mem");
            var key = new ProcessKey(pid, 0);
            var runs = pagemap.Entries.Where(entry => entry.IsLazy).Select(entry => new PageRun(entry.Address, entry.PageCount, 3)).ToList();
            foreach (var run in runs)
            {
                var content = new byte[run.PageCount * PageSize.Bytes];
                Assert.Equal(content.Length, RandomAccess.Read(memory, content, (long)run.Address));
                store.Pages(key, run.Address, content, run.Round);
            }

            processes.Add(new ProcessPages(key, [.. Merge(runs)]));
        }

        store.Seal();
        var index = new FinalIndex(processes);
        var result = Assert.IsType<StoreCheckResult.Complete>(StoreCheck.Compare(index, store, pagemaps));
        Assert.Equal((index.PageCount, 0), (result.LazyPages, result.NotRestoredPages));
        return index;
    }

    private static List<PageRun> Merge(List<PageRun> runs)
    {
        var merged = new List<PageRun>();
        foreach (var run in runs)
        {
            if (merged.Count > 0 && merged[^1].End == run.Address)
            {
                merged[^1] = merged[^1] with { PageCount = merged[^1].PageCount + run.PageCount };
            }
            else
            {
                merged.Add(run);
            }
        }

        return merged;
    }

    private void RunCriu(params string[] arguments)
    {
        var words = TryRun(Criu, [.. arguments, "-v4", "-o", "criu.log"]);
        Assert.True(words.Length == 0, $"criu {string.Join(' ', arguments)}: {words}\n{Tail("../work/criu.log")}");
    }

    private string Tail(string log)
    {
        var path = Path.Combine(Images, log);
        return File.Exists(path) ? string.Join('\n', File.ReadLines(path).TakeLast(25)) : "no log";
    }

    private static void Run(string program, params string[] arguments)
    {
        var words = TryRun(program, arguments);
        Assert.True(words.Length == 0, $"{program} {string.Join(' ', arguments)}: {words}");
    }

    /// <summary>Empty when it ended with 0, else what it said.</summary>
    private static string TryRun(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardInput = true })!;
        var words = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? "" : $"exit code {process.ExitCode}: {words}";
    }

    private static void Until(Func<bool> isTrue)
        => Assert.True(SpinWait.SpinUntil(isTrue, TimeSpan.FromSeconds(20)), "waited 20 s in vain");
}
