using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Memory;
using ActorMigration.Host.Linux.Pager;
using ActorMigration.Host.Linux.Processes;
using ActorMigration.Host.Linux.Store;

namespace ActorMigration.Linux.Tests.Pager;

/// <summary>
/// A page store with known content, a pager and its keeper, and a process that misses all of it. What belongs to a page is
/// computed here and, independently, in targets/lazy.c, which counts what is wrong.
/// </summary>
internal sealed class LazyProcess : IDisposable
{
    /// <summary>Where its memory is, where that is not said.</summary>
    private const ulong UsualBase = 0x7000_0000_0000;
    private const int ImagePid = 7;
    private const int SIGCONT = 18;
    private const int SIGSTOP = 19;

    private static readonly Lazy<string> Program = new(Compile);

    private readonly string _directory = Directory.CreateTempSubdirectory("amig-pager-").FullName;
    private readonly Reservation _reservation;
    private readonly ulong _base;

    internal LazyProcess(int pages, ulong start = UsualBase)
    {
        Pages = pages;
        _base = start;
        Store = Path.Combine(_directory, "store");
        Directory.CreateDirectory(Images);
        _reservation = new ReservationLedger(() => long.MaxValue / 2).Reserve(AttemptId.New(), ((long)pages * PageSize.Bytes) + (16 << 20));
        FillStore();
        File.WriteAllBytes(Path.Combine(Images, $"pagemap-{ImagePid}.img"), PagemapWriter.Image((_base, (ulong)pages, 2)));
    }

    internal int Pages { get; }

    internal string Store { get; }

    internal PagerClient Client { get; private set; } = null!;

    internal Process Target { get; private set; } = null!;

    internal string Work => Path.Combine(_directory, "work");

    /// <summary>Pager and keeper.</summary>
    internal ProcessIdentity[] Helpers => HelperIdentities.Read(Path.Combine(Work, "pager.pids")) ?? [];

    /// <summary>The pager's twin.</summary>
    internal ProcessIdentity[] Twin => HelperIdentities.Read(Path.Combine(Work, TableTwin.FileName)) ?? [];

    private string Images => Path.Combine(_directory, "images");

    /// <summary>Starts the helpers and the process, up to its gate.</summary>
    internal async Task<PagerStatus> StartAsync(string mode, string freezer = "")
    {
        var options = new PagerOptions(Path.Combine(AppContext.BaseDirectory, "amig"), Work, Store, Images, HelperCgroup: "", freezer);
        Client = await PagerClient.StartAsync(options, TimeProvider.System, CancellationToken.None);
        Target = Process.Start(new ProcessStartInfo(Program.Value,
            [Path.Combine(Work, "lazy-pages.socket"), ImagePid.ToString(CultureInfo.InvariantCulture), $"0x{_base:x}", Pages.ToString(CultureInfo.InvariantCulture), mode])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        return await Client.WaitArmedAsync(processes: 1, CancellationToken.None);
    }

    /// <summary>The helpers only.</summary>
    internal async Task StartHelpersAsync(CancellationToken cancel)
        => Client = await PagerClient.StartAsync(new PagerOptions(Path.Combine(AppContext.BaseDirectory, "amig"), Work, Store, Images, HelperCgroup: "", ContainerFreezer: ""), TimeProvider.System, cancel);

    /// <summary>Whatever runs for this work directory, by its command line.</summary>
    internal string[] Running()
        => [.. Directory.EnumerateDirectories("/proc").Where(directory => int.TryParse(Path.GetFileName(directory), CultureInfo.InvariantCulture, out _)).Select(CommandLine).Where(line => line.Contains(Work, StringComparison.Ordinal))];

    private static string CommandLine(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline")).Replace('\0', ' ');
        }
        catch (IOException)
        {
            return "";
        }
    }

    /// <summary>As far as a daemon comes that dies between the starts of the two helpers.</summary>
    internal void StartKeeperAlone()
    {
        Directory.CreateDirectory(Work);
        var keeper = ToolProcess.StartDetached(new ToolCommand(Path.Combine(AppContext.BaseDirectory, "amig"), "keeper", Work, Store, Images, "", "")
        {
            OutputFile = Path.Combine(Work, "keeper.log"),
        });
        HelperIdentities.Write(Path.Combine(Work, "pager.pids"), keeper.Identity);
    }

    /// <summary>Opens the gate.</summary>
    internal void Run() => Target.StandardInput.WriteLine();

    /// <summary>What the process printed at its end.</summary>
    internal async Task<string> ResultAsync()
    {
        var error = Target.StandardError.ReadToEndAsync();
        var output = await Target.StandardOutput.ReadToEndAsync();
        await Target.WaitForExitAsync();
        return (output + await error).Trim();
    }

    /// <summary>Kills a helper as the OOM killer does.</summary>
    internal static void Kill(int pid)
    {
        using var process = Process.GetProcessById(pid);
        process.Kill();
        process.WaitForExit();
    }

    /// <summary>Holds a helper still.</summary>
    internal static void Stop(int pid) => Assert.Equal(0, Host.Linux.Interop.Spawn.Kill(pid, SIGSTOP));

    /// <summary>
    /// Lets a stopped pager run a fraction of a millisecond at a time until so much of the memory is there, and kills it. The measure is the
    /// process's own resident memory, not the pager's word. False when the fill was over before the kill: on a busy machine a fraction of a millisecond may last long.
    /// </summary>
    internal bool TryKillPagerAt(int pager, int percent)
    {
        // Zero pages are shared and not counted as resident.
        var withContent = Pages - (Pages / 16);
        while (ResidentPages() < (long)withContent * percent / 100)
        {
            Assert.Equal(0, Host.Linux.Interop.Spawn.Kill(pager, SIGCONT));
            var started = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(started) < TimeSpan.FromMicroseconds(200))
            {
                Thread.SpinWait(20);
            }

            Stop(pager);
        }

        var isInTime = ResidentPages() < withContent;
        Kill(pager);
        return isInTime;
    }

    /// <summary>All there can be, when the program has come to its end already: then any kill is too late.</summary>
    private long ResidentPages()
    {
        var rss = File.ReadLines($"/proc/{Target.Id}/status").FirstOrDefault(line => line.StartsWith("RssAnon:", StringComparison.Ordinal));
        return rss is null ? long.MaxValue : long.Parse(rss["RssAnon:".Length..^" kB".Length].Trim(), CultureInfo.InvariantCulture) / 4;
    }

    internal long StoreBytes()
    {
        var drive = new DriveInfo(Store);
        return drive.TotalSize - drive.TotalFreeSpace;
    }

    public void Dispose()
    {
        if (Target is not null)
        {
            if (!Target.HasExited)
            {
                Target.Kill();
            }

            Target.Dispose();
        }

        // Only helpers that this object started; the twin last, as a keeper that takes over ends it itself.
        foreach (var helper in (ProcessIdentity[])[.. Helpers, .. Twin])
        {
            if (helper.IsAlive)
            {
                Signals.Send(helper.Pid, Signals.SIGKILL);
            }
        }

        PageStore.Wipe(Store);
        Directory.Delete(_directory, recursive: true);
    }

    private void FillStore()
    {
        using var store = PageStore.Create(Store, _reservation);
        var process = new ProcessKey(ImagePid, 1);
        // An address space that an exec ended: nothing of it may ever be served.
        store.Pages(new ProcessKey(ImagePid, 0), _base, Enumerable.Repeat((byte)0xEE, PageSize.Bytes).ToArray(), 0);
        const int batch = 256;
        var content = new ulong[batch * PageSize.Bytes / sizeof(ulong)];
        for (var first = 0; first < Pages; first += batch)
        {
            var count = Math.Min(batch, Pages - first);
            for (var page = 0; page < count; page++)
            {
                Fill(content.AsSpan(page * 512, 512), (ulong)(first + page));
            }

            // An older version first, as pre-copy sends it.
            var bytes = MemoryMarshal.AsBytes(content.AsSpan(0, count * 512));
            store.Pages(process, _base + ((ulong)first * PageSize.Bytes), bytes, 0);
            store.Pages(process, _base + ((ulong)first * PageSize.Bytes), bytes, first % 3);
            for (var page = 5; page < count; page += 16)
            {
                store.Zero(process, _base + ((ulong)(first + page) * PageSize.Bytes), 1, 3);
            }
        }

        store.Seal();
    }

    private static void Fill(Span<ulong> words, ulong page)
    {
        var seed = Mix(page);
        for (var k = 0; k < words.Length; k++)
        {
            words[k] = unchecked(seed + ((ulong)k * 0x9e3779b97f4a7c15));
        }
    }

    private static ulong Mix(ulong z)
    {
        unchecked
        {
            z += 0x9e3779b97f4a7c15;
            z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
            z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
            return z ^ (z >> 31);
        }
    }

    private static string Compile()
    {
        var directory = Directory.CreateTempSubdirectory("amig-lazy-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(directory, recursive: true);
        var program = Path.Combine(directory, "lazy");
        using var gcc = Process.Start(new ProcessStartInfo("gcc", ["-O2", "-Wall", "-pthread", "-o", program, Path.Combine(AppContext.BaseDirectory, "targets", "lazy.c")]) { RedirectStandardError = true })!;
        var words = gcc.StandardError.ReadToEnd();
        gcc.WaitForExit();
        Assert.True(gcc.ExitCode == 0, $"gcc says: {words}");
        return program;
    }
}
