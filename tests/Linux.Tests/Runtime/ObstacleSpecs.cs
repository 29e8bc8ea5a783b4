using System.Runtime.InteropServices;
using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Criu;
using ActorMigration.Host.Linux.Doctor;
using ActorMigration.Host.Linux.Processes;

namespace ActorMigration.Linux.Tests.Runtime;

/// <summary>What CRIU cannot dump: named before the freeze where /proc shows it, named by CRIU's words at the dump, and the container goes on.</summary>
public sealed partial class DumpObstacleSpec : IAsyncLifetime
{
    private const int PTRACE_SEIZE = 0x4206;

    private readonly RuntimeLab _lab = new();

    public Task InitializeAsync() => _lab.InitializeAsync();

    public Task DisposeAsync() => _lab.DisposeAsync();

    [Fact]
    public async Task A_plain_container_has_no_obstacle()
    {
        var started = await _lab.StartAsync("counter", "/bin/sh", "-c", RuntimeLab.Counter);
        started.AssertCountsOn(0);

        Assert.Empty(DumpObstacles.Find(started.Container));
    }

    [Fact]
    public async Task A_connection_that_is_not_accepted_is_named_and_may_be_tried_again()
    {
        // A frozen server accepts nothing, the kernel goes on for it.
        await RuntimeLab.RunAsync("ip", "-n", Path.GetFileName(_lab.Netns), "link", "set", "lo", "up");
        var started = await _lab.StartAsync("server", "/bin/sh", "-c", "httpd -f -p 7000 -h / & " + RuntimeLab.Counter);
        var dump = started.PrepareDump();
        started.AssertCountsOn(0);
        Assert.True(SpinWait.SpinUntil(() => File.ReadAllText($"/proc/{started.Init.Pid}/net/tcp6").Contains(":1B58 ", StringComparison.Ordinal), 3000));
        await started.FreezeAsync();
        var count = started.Count;
        var client = ToolProcess.StartDetached(new ToolCommand("nsenter", $"--net={_lab.Netns}", "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/7000; sleep 60"));
        var found = Array.Empty<FoundObstacle>();

        var seen = SpinWait.SpinUntil(() => (found = [.. DumpObstacles.Find(started.Container)]).Length > 0, 3000);
        var e = await Assert.ThrowsAsync<DumpFailedException>(dump.RunAsync);
        client.KillTree();

        Assert.True(seen);
        Assert.Equal(DumpObstacle.InFlightConnection, Assert.Single(found).Obstacle);
        Assert.Contains("1 connections to port 7000", found[0].Sentence, StringComparison.Ordinal);
        Assert.Equal((DumpObstacle.InFlightConnection, true), (e.Obstacle, e.Retryable));
        Assert.True(started.Container.Cgroup.IsFrozen);
        Assert.Equal(count, started.Count);
        started.Container.Cgroup.Thaw();
        started.AssertCountsOn(count);
    }

    [Fact]
    public async Task A_process_from_outside_is_named()
    {
        var started = await _lab.StartAsync("counter", "/bin/sh", "-c", RuntimeLab.Counter);
        var exec = ToolProcess.StartDetached(_lab.Runc.Command(["exec", "--detach", started.Container.Id, "/bin/sleep", "60"]));
        Assert.Equal(0, await exec.Exited);
        // runc does not wait for the exec of what it has started.
        Assert.True(SpinWait.SpinUntil(() => started.Container.Cgroup.Processes().Any(pid => Host.Linux.Tracking.ProcTask.Program(pid) == "sleep"), 3000));

        var found = DumpObstacles.Find(started.Container);

        Assert.Contains(found, obstacle => obstacle.Obstacle == DumpObstacle.ForeignSession && obstacle.Sentence.Contains("(sleep) was started from outside", StringComparison.Ordinal));
        Assert.Contains(found, obstacle => obstacle.Obstacle == DumpObstacle.ExternalFile && obstacle.Sentence.Contains("/dev/null", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_traced_task_is_named()
    {
        var started = await _lab.StartAsync("counter", "/bin/sh", "-c", RuntimeLab.Counter);
        // Held until this thread ends, and without stopping it.
        Assert.Equal(0, PTrace(PTRACE_SEIZE, started.Init.Pid, 0, 0));

        var found = DumpObstacles.Find(started.Container);

        Assert.Contains(found, obstacle => obstacle.Obstacle == DumpObstacle.TracedTask && obstacle.Sentence.Contains($"process {started.Init.Pid} (sh) is traced", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_doctor_does_what_it_says()
    {
        var findings = await new HostDoctor("runc", Environment.GetEnvironmentVariable("AMIG_CRIU"), tracking: true, RuntimeLab.Time).ExamineAsync();

        Assert.Equal(["kernel", "limits", "run-tmpfs", "freezer", "overlayfs", "netns", "runc", "criu", "dump-restore", "tracking", "skeleton"], findings.Select(finding => finding.Name));
        Assert.All(findings.Where(finding => finding.Name != "run-tmpfs"), finding => Assert.True(finding.Verdict == DoctorVerdict.Ok, $"{finding.Name}: {finding.Sentence}"));
        Assert.DoesNotContain(Directory.EnumerateDirectories(_lab.Layout.FreezerMount), path => path.Contains("amig-doctor", StringComparison.Ordinal));

        var without = await new HostDoctor("/nonexistent/runc", "/nonexistent/criu", tracking: true, RuntimeLab.Time).ExamineAsync();
        Assert.Equal(["runc", "criu", "dump-restore"], without.Where(finding => finding.Verdict == DoctorVerdict.Missing).Select(finding => finding.Name));
    }

    [LibraryImport("libc", EntryPoint = "ptrace", SetLastError = true)]
    private static partial long PTrace(long request, int pid, nint address, nint data);
}
