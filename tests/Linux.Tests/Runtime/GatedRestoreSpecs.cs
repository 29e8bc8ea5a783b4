using System.Globalization;
using ActorMigration.Contracts;
using ActorMigration.Host.Linux;
using ActorMigration.Host.Linux.Containers;
using ActorMigration.Host.Linux.Criu;
using ActorMigration.Host.Linux.Processes;

namespace ActorMigration.Linux.Tests.Runtime;

/// <summary>Dump of a frozen container and restore up to the gate, with real runc and CRIU, on one host under another fence.</summary>
public sealed class GatedRestoreSpec : IAsyncLifetime
{
    private static readonly Fence Next = new(1, 1);
    private readonly RuntimeLab _lab = new();

    public Task InitializeAsync() => _lab.InitializeAsync();

    public Task DisposeAsync() => _lab.DisposeAsync();

    [Fact]
    public async Task A_skeleton_dump_leaves_the_source_frozen_and_whole()
    {
        var started = await _lab.StartAsync("counter", "/bin/sh", "-c", RuntimeLab.Counter);
        var dump = started.PrepareDump();
        await started.FreezeAsync();
        var count = started.Count;

        await dump.RunAsync();

        Assert.True(started.Container.Cgroup.IsFrozen);
        Assert.Equal(count, started.Count);
        Assert.True(CriuImageSet.IsComplete($"{_lab.Images}/img"));
        Assert.DoesNotContain(started.Container.Cgroup.Processes(), pid => !File.ReadAllText($"/proc/{pid}/status").Contains("TracerPid:\t0\n", StringComparison.Ordinal));
        started.Container.Cgroup.Thaw();
        started.AssertCountsOn(count);
    }

    [Fact]
    public async Task SOURCE_at_the_gate_ends_everything_and_nothing_was_executed()
    {
        var started = await DumpedAsync();
        var count = started.Count;
        var (gate, container) = await started.StartRestoreAsync(Next);
        var init = await gate.WaitGateAsync();
        Assert.True(gate.TreeIsAlive);
        Assert.True(init.IsAlive);

        await gate.KillAsync();

        Assert.Equal(count, started.Count);
        await AssertNothingIsLeftAsync(gate, container, init);
        // And the source goes on as if nothing had been.
        started.Container.Cgroup.Thaw();
        started.AssertCountsOn(count);
    }

    [Fact]
    public async Task DEST_at_the_gate_lets_the_container_run_on()
    {
        var started = await DumpedAsync();
        var count = started.Count;
        var (gate, container) = await started.StartRestoreAsync(Next);
        var init = await gate.WaitGateAsync();
        await started.Container.RemoveAsync();
        await Task.Delay(100);
        Assert.Equal(count, started.Count);

        await gate.OpenAsync();

        started.AssertCountsOn(count);
        Assert.True(init.IsAlive);
        Assert.Equal(ContainerState.Running, await container.StateAsync());
        Assert.Empty(MountTable.Below($"{_lab.State}/attempt-{Next}"));
        // The attempt has ended, and nothing of it is there any more.
        Directory.Delete($"{_lab.State}/attempt-{Next}", recursive: true);
        await AssertExecutesAsync(container, started);
    }

    [Fact]
    public async Task A_daemon_that_comes_after_the_gate_was_opened_opens_it_again_without_harm()
    {
        var (started, count, _, container) = await ThroughGateAsync();

        var adopted = _lab.Keep(GatedRestore.Adopt(started.OrderFor(Next).Directory, _lab.Runc, container, _lab.Layout, RuntimeLab.Time)!);

        Assert.False(adopted.TreeIsAlive);
        Assert.True(adopted.IsOpenOrMayBe);
        await adopted.OpenAsync();
        started.AssertCountsOn(count);
        Assert.Equal(ContainerState.Running, await container.StateAsync());
    }

    [Fact]
    public async Task The_gate_ignores_signals_and_words_that_are_no_verdict()
    {
        var started = await DumpedAsync();
        var count = started.Count;
        var (gate, container) = await started.StartRestoreAsync(Next);
        await gate.WaitGateAsync();
        var script = int.Parse(File.ReadAllText($"{_lab.State}/attempt-{Next}/reached").Split(' ')[1]);

        foreach (var signal in (int[])[1, 2, 3, 10, 12, 13, 14, 15])
        {
            Signals.Send(script, signal);
        }

        File.WriteAllText($"{_lab.State}/attempt-{Next}/verdict", "DESTINATION\n\nDES\n SOURCES\n");
        await Task.Delay(150);

        Assert.True(gate.TreeIsAlive);
        Assert.Equal(count, started.Count);
        await gate.OpenAsync();
        await started.Container.RemoveAsync();
        started.AssertCountsOn(count);
        Assert.Equal(ContainerState.Running, await container.StateAsync());
    }

    [Theory]
    [InlineData("script")]
    [InlineData("criu")]
    [InlineData("runc")]
    public async Task Whatever_dies_at_the_gate_nothing_is_executed(string victim)
    {
        var started = await DumpedAsync();
        var count = started.Count;
        var (gate, container) = await started.StartRestoreAsync(Next);
        var init = await gate.WaitGateAsync();
        var reached = File.ReadAllText($"{_lab.State}/attempt-{Next}/reached").Split(' ');
        var criu = int.Parse(reached[2]);
        var pid = victim switch { "script" => int.Parse(reached[1]), "criu" => criu, _ => int.Parse(File.ReadAllText($"/proc/{criu}/stat").Split(')')[1].Split(' ')[2]) };

        Signals.Send(pid, Signals.SIGKILL);
        await Task.Delay(300);

        Assert.Equal(count, started.Count);
        if (victim != "runc")
        {
            Assert.False(gate.TreeIsAlive);
            await Assert.ThrowsAsync<RestoreFailedException>(gate.OpenAsync);
        }

        await gate.KillAsync();
        Assert.Equal(count, started.Count);
        await AssertNothingIsLeftAsync(gate, container, init);
    }

    [Fact]
    public async Task A_container_whose_runc_died_at_the_gate_runs_and_goes_without_a_trace()
    {
        var started = await DumpedAsync();
        var count = started.Count;
        var (gate, container) = await started.StartRestoreAsync(Next);
        var init = await gate.WaitGateAsync();
        var reached = File.ReadAllText($"{_lab.State}/attempt-{Next}/reached").Split(' ');
        var (script, criu) = (int.Parse(reached[1]), int.Parse(reached[2]));
        Signals.Send(int.Parse(File.ReadAllText($"/proc/{criu}/stat").Split(')')[1].Split(' ')[2]), Signals.SIGKILL);
        Signals.Send(script, Interop.SIGSTOP);

        // Nobody is left who waits for CRIU, and a slow host takes its time to get through.
        var open = gate.OpenAsync();
        await Task.Delay(300);
        Signals.Send(script, Interop.SIGCONT);
        await open;
        await started.Container.RemoveAsync();
        started.AssertCountsOn(count);

        await container.RemoveAsync();
        Assert.Null(await container.StateAsync());
        Assert.False(init.IsAlive);
        Assert.Empty(_lab.Runc.List());
        Assert.Empty(MountTable.Below(_lab.Runc.Root));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_later_daemon_finds_the_gate_and_gives_the_verdict(bool destination)
    {
        var started = await DumpedAsync();
        var count = started.Count;
        var (first, container) = await started.StartRestoreAsync(Next);
        var init = await first.WaitGateAsync();
        // All that a dead daemon's process would take with it: its ends of the pipes and its watch.
        first.Dispose();

        using var gate = GatedRestore.Adopt($"{_lab.State}/attempt-{Next}", _lab.Runc, container, _lab.Layout, RuntimeLab.Time);

        Assert.NotNull(gate);
        Assert.True(gate.TreeIsAlive);
        Assert.Equal(init.Pid, gate.InitPid);
        Assert.Equal(count, started.Count);
        await started.Container.RemoveAsync();
        if (destination)
        {
            await gate.OpenAsync();
            started.AssertCountsOn(count);
        }
        else
        {
            await gate.KillAsync();
            Assert.Equal(count, started.Count);
            await AssertNothingIsLeftAsync(gate, container, init);
        }
    }

    [Fact]
    public async Task What_runc_does_before_CRIU_is_done_before_the_images_and_the_root_are_there()
    {
        var started = await _lab.StartAsync("counter", "/bin/sh", "-c", RuntimeLab.Counter);
        var dump = started.PrepareDump(withMemory: true);
        started.AssertCountsOn(0);
        var root = new RootFileSystem($"{_lab.State}/destination", started.Spec.Name);
        root.Create();
        var order = started.OrderFor(Next) with { RootFileSystem = root.MountPoint };
        var container = _lab.Container("counter", Next);
        var gate = _lab.Keep(GatedRestore.Prepare(order, _lab.Runc, _lab.Criu, container, _lab.Layout, RuntimeLab.Time));

        await started.FreezeAsync();
        await dump.RunAsync();
        var count = started.Count;
        await RuntimeLab.RunAsync("cp", "-a", $"{started.Root.Upper}/.", root.Upper);
        root.Mount(await _lab.Store.LayerDirectoriesAsync(_lab.Image));
        await gate.GoAsync();
        await gate.WaitGateAsync();
        await started.Container.RemoveAsync();
        await gate.OpenAsync();

        (started with { Root = root }).AssertCountsOn(count);
        Assert.Equal(count, started.Count);
        Assert.Equal(ContainerState.Running, await container.StateAsync());
    }

    [Fact]
    public async Task A_runc_that_hangs_before_it_calls_CRIU_is_not_waited_for_when_the_restore_is_not_wanted_any_more()
    {
        var started = await _lab.StartAsync("counter", "/bin/sh", "-c", RuntimeLab.Counter);
        var program = $"{_lab.State}/hangs";
        File.WriteAllText(program, "#!/bin/sh\nexec sleep 1000\n");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var container = _lab.Container("counter", Next);
        var gate = _lab.Keep(GatedRestore.Prepare(started.OrderFor(Next), new RuncTool(program, _lab.Runc.Root, RuntimeLab.Time), _lab.Criu, container, _lab.Layout, RuntimeLab.Time));
        using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gate.GoAsync(cancel.Token).WaitAsync(TimeSpan.FromSeconds(10)));

        await gate.KillAsync();
        await AssertNothingIsLeftAsync(gate, container, default);
        started.AssertCountsOn(started.Count);
    }

    [Fact]
    public async Task A_tree_that_was_let_go_and_is_frozen_by_its_keeper_is_through_its_gate()
    {
        var (started, count, gate, container) = await ThroughGateAsync();
        await container.Cgroup.FreezeAsync(RuntimeLab.Time);

        Assert.True(gate.IsOpenOrMayBe);
        Assert.False(gate.TreeIsAlive);
        // The daemon that opened it died over it: the next one opens it again.
        await _lab.Keep(GatedRestore.Adopt(started.OrderFor(Next).Directory, _lab.Runc, container, _lab.Layout, RuntimeLab.Time)!).OpenAsync();

        started.AssertCountsOn(count);
        Assert.Equal(ContainerState.Running, await container.StateAsync());
    }

    [Fact]
    public async Task A_prepared_restore_that_is_not_wanted_leaves_nothing()
    {
        var started = await _lab.StartAsync("counter", "/bin/sh", "-c", RuntimeLab.Counter);
        var container = _lab.Container("counter", Next);
        var gate = _lab.Keep(GatedRestore.Prepare(started.OrderFor(Next), _lab.Runc, _lab.Criu, container, _lab.Layout, RuntimeLab.Time));

        await gate.KillAsync();

        await AssertNothingIsLeftAsync(gate, container, default);
        started.AssertCountsOn(started.Count);
    }

    [Fact]
    public async Task A_prepared_dump_that_is_not_wanted_touches_nothing_and_ends()
    {
        var started = await _lab.StartAsync("counter", "/bin/sh", "-c", RuntimeLab.Counter);
        var dump = started.PrepareDump();

        dump.Dispose();

        Assert.True(SpinWait.SpinUntil(() => File.Exists($"{_lab.State}/dump/dump.log") && File.ReadAllText($"{_lab.State}/dump/dump.log").Contains("FAILED", StringComparison.Ordinal), 5000));
        started.AssertCountsOn(started.Count);
        Assert.False(CriuImageSet.IsComplete($"{_lab.Images}/img"));
    }

    [Fact]
    public async Task A_restore_that_cannot_work_says_why_and_leaves_nothing()
    {
        var started = await DumpedAsync();
        foreach (var image in Directory.EnumerateFiles($"{_lab.Images}/img", "core-*.img"))
        {
            File.Delete(image);
        }

        var (gate, container) = await started.StartRestoreAsync(Next);

        var e = await Assert.ThrowsAsync<RestoreFailedException>(() => gate.WaitGateAsync());
        Assert.Contains("Unexpected EOF on (empty-image)", e.Message, StringComparison.Ordinal);
        await gate.KillAsync();
        await AssertNothingIsLeftAsync(gate, container, default);
    }

    private async Task<Started> DumpedAsync()
    {
        var started = await _lab.StartAsync("counter", "/bin/sh", "-c", RuntimeLab.Counter);
        var dump = started.PrepareDump(withMemory: true);
        await started.FreezeAsync();
        await dump.RunAsync();
        return started;
    }

    /// <summary>Moved here to another fence; with what it had counted when it was frozen.</summary>
    private async Task<(Started Started, int Count, GatedRestore Gate, RuncContainer Container)> ThroughGateAsync()
    {
        var started = await DumpedAsync();
        var count = started.Count;
        var (gate, container) = await started.StartRestoreAsync(Next);
        await gate.WaitGateAsync();
        await gate.OpenAsync();
        await started.Container.RemoveAsync();
        return (started, count, gate, container);
    }

    /// <summary>An operator's <c>runc exec</c>: a program beside the container's own, with its root, in its cgroup and its pid namespace.</summary>
    private async Task AssertExecutesAsync(RuncContainer container, Started started)
    {
        await RuntimeLab.RunAsync(
            "runc", "--root", _lab.Runc.Root, "exec", container.Id, "/bin/sh", "-c", "cat /proc/self/cgroup > /exec.cgroup; echo $$ > /exec.pid");
        Assert.InRange(int.Parse(File.ReadAllText($"{started.Root.MountPoint}/exec.pid"), CultureInfo.InvariantCulture), 2, int.MaxValue);
        Assert.Contains($":{container.Cgroup.Path}", File.ReadAllText($"{started.Root.MountPoint}/exec.cgroup"), StringComparison.Ordinal);
    }

    private async Task AssertNothingIsLeftAsync(GatedRestore gate, RuncContainer container, ProcessIdentity init)
    {
        Assert.False(gate.TreeIsAlive);
        Assert.False(init.Pid > 0 && init.IsAlive);
        Assert.Empty(container.Cgroup.Processes());
        Assert.DoesNotContain(container.Id, _lab.Runc.List());
        Assert.Null(await container.StateAsync());
        Assert.Empty(MountTable.Below($"{_lab.State}/attempt-{Next}"));
        Assert.Empty(Directory.EnumerateDirectories(_lab.Layout.FreezerMount + _lab.Policy.CgroupParent, $"*{container.Id}"));
    }
}
