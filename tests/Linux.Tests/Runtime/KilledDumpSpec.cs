using ActorMigration.Host.Linux;
using ActorMigration.Host.Linux.Criu;
using ActorMigration.Host.Linux.Processes;

namespace ActorMigration.Linux.Tests.Runtime;

/// <summary>A CRIU that is killed at the end of its dump, when it has read every connection and given none back: the container goes on, and none of them breaks.</summary>
public sealed class KilledDumpSpec : IAsyncLifetime
{
    /// <summary>Numbers go through a connection of its own to a program that sends them back, and from there into /count: they stop when the connection breaks.</summary>
    private const string Echo =
        "nc -l -p 700 -e cat & usleep 300000; (i=0; while :; do i=$((i+1)); echo $i; usleep 2000; done) | nc 127.0.0.1 700 | while read n; do echo $n > /count; done";

    private readonly RuntimeLab _lab = new();

    public async Task InitializeAsync()
    {
        await _lab.InitializeAsync();
        await RuntimeLab.RunAsync("ip", "-n", Path.GetFileName(_lab.Netns), "link", "set", "lo", "up");
    }

    public Task DisposeAsync() => _lab.DisposeAsync();

    [Fact]
    public async Task Its_connections_live_on()
    {
        // Where a connection is in the middle of what is a matter of chance.
        var started = await _lab.StartAsync("killed", "/bin/sh", "-c", Echo);
        for (var round = 0; round < 5; round++)
        {
            await KillAtPostDumpAsync(started, SkeletonPages.Library ?? throw new InvalidOperationException("the library was not built: no C compiler"));
            var count = started.Count;
            started.Container.Cgroup.Thaw();
            started.AssertCountsOn(count);
        }
    }

    [Fact]
    public async Task Sockets_that_it_left_in_repair_are_taken_out_of_it()
    {
        var started = await _lab.StartAsync("killed", "/bin/sh", "-c", Echo);

        var failure = await KillAtPostDumpAsync(started, library: null);

        Assert.Contains("ended by signal 9", failure.Message, StringComparison.Ordinal);
        // Two, as both ends of the connection are the container's; less when the program was quicker than the freeze and has closed one.
        Assert.DoesNotContain("usable again: 0", failure.Message, StringComparison.Ordinal);
        Assert.Equal(0, SocketsInRepair.TakeOut(started.Container.Cgroup.Processes()));
    }

    private static async Task<DumpFailedException> KillAtPostDumpAsync(Started started, string? library)
    {
        var dump = started.PrepareDump(library: library);
        var script = $"{started.Lab.State}/dump/dump.sh";
        // CRIU executes the script anew at each of its steps, and waits in the first of them now.
        await File.WriteAllTextAsync($"{script}.new", "#!/bin/sh\n[ $CRTOOLS_SCRIPT_ACTION != post-dump ] || kill -9 $PPID\n");
        File.SetUnixFileMode($"{script}.new", File.GetUnixFileMode(script));
        await started.FreezeAsync();
        Assert.True(SpinWait.SpinUntil(() => ScoreOfDump(started) is not null && HasOpened(script), 5000));
        File.Move($"{script}.new", script, overwrite: true);

        var failure = await Assert.ThrowsAsync<DumpFailedException>(dump.RunAsync);

        Assert.True(started.Container.Cgroup.IsFrozen);
        return failure;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_criu_whose_daemon_ended_before_it_could_ask_gives_up_when_the_attempt_is_cleaned(bool asksInTime)
    {
        var started = await _lab.StartAsync("orphan", "/bin/sh", "-c", RuntimeLab.Counter);
        started.PrepareDump();
        var work = $"{_lab.State}/dump";
        Assert.True(SpinWait.SpinUntil(() => HasOpened($"{work}/dump.sh"), 5000));
        // What a daemon that comes later finds: a pipe without a writer, and a script that has opened it, or waits for one.
        File.Delete($"{work}/go");
        Assert.Equal(0, Interop.Fifo.MkFifo($"{work}/go", 0x180));
        await File.WriteAllTextAsync($"{work}/ask.sh", $"[ {(asksInTime ? 1 : 0)} = 1 ] || while [ -e {work}/go ]; do :; done\nread -r word < {work}/go\n[ \"$word\" = GO ]\n");
        var asking = ToolProcess.TryRunAsync(new ToolCommand("/bin/sh", [$"{work}/ask.sh"]), RuntimeLab.Time);
        await Task.Delay(300);
        Assert.False(asking.IsCompleted);

        using (SkeletonDump.HoldLeftover(work))
        {
            Directory.Delete(work, recursive: true);
        }

        Assert.NotEqual(0, (await asking.WaitAsync(TimeSpan.FromSeconds(5))).ExitCode);
    }

    [Fact]
    public async Task A_host_without_memory_takes_other_processes_first()
    {
        var started = await _lab.StartAsync("spared", "/bin/sh", "-c", RuntimeLab.Counter);
        // What it starts inherits this.
        await File.WriteAllTextAsync(OwnScore, "100");
        var dump = started.PrepareDump();
        await File.WriteAllTextAsync(OwnScore, "0");
        await started.FreezeAsync();

        // No lower than 0 where this test itself may not go below.
        Assert.True(SpinWait.SpinUntil(() => ScoreOfDump(started) <= 0, 5000), $"criu stands at {ScoreOfDump(started)}");
        await dump.RunAsync();
    }

    /// <summary>A shell reads its script while it runs it.</summary>
    private static bool HasOpened(string script)
        => Directory.EnumerateDirectories("/proc").Where(path => int.TryParse(Path.GetFileName(path), out _)).Any(process => CommandLine(process).Contains(script));

    private const string OwnScore = "/proc/self/oom_score_adj";

    private static int? ScoreOfDump(Started started)
    {
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(path => int.TryParse(Path.GetFileName(path), out _)))
        {
            if (CommandLine(process) is var words && words.Contains("dump") && words.Contains($"{started.Lab.Images}/img"))
            {
                return int.Parse(File.ReadAllText($"{process}/oom_score_adj"));
            }
        }

        return null;
    }

    private static string[] CommandLine(string process)
    {
        try
        {
            return File.ReadAllText($"{process}/cmdline").Split('\0');
        }
        catch (IOException)
        {
            // It has ended meanwhile.
            return [];
        }
    }
}
