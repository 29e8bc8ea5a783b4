using System.Diagnostics;
using ActorMigration.Host.Linux.Processes;

namespace ActorMigration.Host.Tests.Linux;

public class ToolProcessSpec
{
    private static readonly TimeProvider Time = TimeProvider.System;

    [Fact]
    public async Task Both_outputs_and_the_exit_code_are_read()
    {
        var result = await ToolProcess.TryRunAsync(new ToolCommand("/bin/sh", "-c", "echo out; echo err >&2; exit 7"), Time);

        Assert.Equal(new ToolResult(7, "out\n", "err\n"), result);
    }

    [Fact]
    public async Task A_failed_tool_names_its_command_line_exit_code_and_reason()
    {
        var e = await Assert.ThrowsAsync<ToolFailedException>(() => ToolProcess.RunAsync(new ToolCommand("/bin/sh", "-c", "echo no room >&2; exit 3"), Time));

        Assert.Equal("`/bin/sh -c 'echo no room >&2; exit 3'` exited with 3: no room", e.Message);
        Assert.Equal(3, e.ExitCode);
    }

    [Fact]
    public async Task A_program_that_is_not_there_is_named()
    {
        var e = await Assert.ThrowsAsync<ToolFailedException>(() => ToolProcess.RunAsync(new ToolCommand("/nonexistent/tool", "x"), Time));

        Assert.Equal("`/nonexistent/tool x` could not be started: No such file or directory", e.Message);
    }

    [Fact]
    public async Task Much_output_on_both_pipes_does_not_block_the_tool()
    {
        var result = await ToolProcess.RunAsync(new ToolCommand("/bin/sh", "-c", "head -c 1000000 /dev/zero | tr '\\0' x; head -c 1000000 /dev/zero | tr '\\0' y >&2"), Time);

        Assert.Equal(1_000_000, result.Output.Length);
        Assert.Equal(1_000_000, result.Error.Length);
    }

    [Fact]
    public async Task The_deadline_kills_the_whole_tree()
    {
        var marker = $"/tmp/amig-tree-{Guid.NewGuid():N}";
        // The grandchild leaves the session, which a kill of the process group would not reach.
        var command = new ToolCommand("/bin/sh", "-c", $"setsid sh -c 'echo $$ > {marker}; sleep 100' & wait") { Deadline = TimeSpan.FromMilliseconds(300) };

        var e = await Assert.ThrowsAsync<ToolFailedException>(() => ToolProcess.RunAsync(command, Time));

        Assert.True(e.TimedOut);
        var grandchild = int.Parse(File.ReadAllText(marker));
        File.Delete(marker);
        Assert.True(SpinWait.SpinUntil(() => ProcessIdentity.Find(grandchild) is null, 2000), $"pid {grandchild} still runs");
    }

    [Fact]
    public async Task Cancelling_ends_the_tool()
    {
        using var source = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        var watch = Stopwatch.StartNew();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ToolProcess.RunAsync(new ToolCommand("/bin/sleep", "30"), Time, source.Token));

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_child_that_keeps_the_pipe_does_not_hold_up_the_caller()
    {
        var watch = Stopwatch.StartNew();

        var result = await ToolProcess.RunAsync(new ToolCommand("/bin/sh", "-c", "sleep 3 & echo done"), Time);

        Assert.Equal("done\n", result.Output);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task Input_is_dev_null_signals_are_default_environment_and_directory_are_as_asked()
    {
        var command = new ToolCommand("/bin/sh", "-c", "readlink /proc/self/fd/0; pwd; echo $A; grep -E 'SigIgn|SigBlk' /proc/self/status")
        {
            Environment = ["A=b c", "PATH=/usr/bin:/bin"],
            WorkingDirectory = "/proc",
        };

        var result = await ToolProcess.RunAsync(command, Time);

        Assert.Equal("/dev/null\n/proc\nb c\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n", result.Output);
    }

    [Fact]
    public async Task A_detached_process_has_its_own_session_and_writes_to_its_log()
    {
        var log = $"/tmp/amig-log-{Guid.NewGuid():N}";
        var process = ToolProcess.StartDetached(new ToolCommand("/bin/sh", "-c", "echo $$; cut -d' ' -f6 /proc/$$/stat; exit 4") { OutputFile = log });

        Assert.Equal(4, await process.Exited);
        var lines = File.ReadAllLines(log);
        File.Delete(log);
        Assert.Equal([process.Identity.Pid.ToString(), process.Identity.Pid.ToString()], lines);
    }

    [Fact]
    public void An_identity_ends_with_its_process()
    {
        var self = ProcessIdentity.Find(Environment.ProcessId);

        Assert.True(self!.Value.IsAlive);
        Assert.False((self.Value with { StartTime = self.Value.StartTime + 1 }).IsAlive);
        Assert.Null(ProcessIdentity.Find(int.MaxValue));
    }

    [Theory]
    [InlineData("12 (a) b) R 1 12 12 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 12345 1 2", 'R', 12345)]
    [InlineData("7 (sh) Z 1 7 7 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 99 1 2", 'Z', 99)]
    public void Stat_is_read_from_behind_the_name(string line, char state, long start) => Assert.Equal((state, start), ProcessIdentity.Parse(line));

    [Theory]
    [InlineData("")]
    [InlineData("12 (sh")]
    [InlineData("12 (sh) R 1 2")]
    public void A_stat_line_that_is_cut_off_is_no_identity(string line) => Assert.Null(ProcessIdentity.Parse(line));

    [Fact]
    public void A_process_that_stays_has_three_descriptors_whatever_this_one_has_open()
    {
        using var inheritable = ActorMigration.Host.Linux.Interop.Open("/dev/full", ActorMigration.Host.Linux.Interop.O_RDONLY);
        Assert.False(inheritable.IsInvalid);

        // It says when it is up: until then the loader of its libraries has one of them open.
        var log = $"/tmp/amig-log-{Guid.NewGuid():N}";
        var child = ToolProcess.StartDetached(new ToolCommand("/bin/sh", "-c", "echo up; sleep 100 & wait") { OutputFile = log });
        Assert.True(SpinWait.SpinUntil(() => File.Exists(log) && File.ReadAllText(log) == "up\n", TimeSpan.FromSeconds(10)));

        Assert.Equal(["0", "1", "2"], Directory.EnumerateFileSystemEntries($"/proc/{child.Identity.Pid}/fd").Select(Path.GetFileName).Order());
        File.Delete(log);
        child.KillTree();
    }
}
