using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Containers;
using ActorMigration.Host.Linux.Processes;

namespace ActorMigration.Linux.Tests.Runtime;

/// <summary>A real container under real runc: start, look, freeze, end.</summary>
public sealed class RuncContainerSpec : IAsyncLifetime
{
    private readonly RuntimeLab _lab = new();

    public Task InitializeAsync() => _lab.InitializeAsync();

    public Task DisposeAsync() => _lab.DisposeAsync();

    [Fact]
    public async Task A_container_runs_is_listed_and_leaves_nothing_when_it_is_stopped()
    {
        var started = await _lab.StartAsync("counter", "/bin/sh", "-c", RuntimeLab.Counter);

        started.AssertCountsOn(0);
        Assert.Equal(ContainerState.Running, await started.Container.StateAsync());
        Assert.Equal(["counter-e1o0"], _lab.Runc.List());
        Assert.Contains(started.Init.Pid, started.Container.Cgroup.Processes());
        Assert.True(started.Container.Cgroup.MemoryBytes() > 0);

        await started.Container.StopAsync(15, TimeSpan.FromMilliseconds(200));

        Assert.False(started.Init.IsAlive);
        Assert.Empty(_lab.Runc.List());
        Assert.False(started.Container.Cgroup.Exists);
        Assert.Null(await started.Container.StateAsync());
        await started.Container.StopAsync(15, TimeSpan.Zero);
    }

    [Fact]
    public async Task A_frozen_container_stands_still_and_goes_on_when_it_is_thawed()
    {
        var started = await _lab.StartAsync("counter", "/bin/sh", "-c", RuntimeLab.Counter);
        await started.FreezeAsync();

        var count = started.Count;
        await Task.Delay(200);
        Assert.Equal(count, started.Count);
        Assert.Equal(ContainerState.Frozen, await started.Container.StateAsync());

        started.Container.Cgroup.Thaw();
        started.AssertCountsOn(count);
    }

    [Fact]
    public async Task A_frozen_container_dies_without_another_instruction()
    {
        var started = await _lab.StartAsync("counter", "/bin/sh", "-c", RuntimeLab.Counter);
        await started.FreezeAsync();
        var count = started.Count;

        await started.Container.RemoveAsync();

        Assert.Equal(count, started.Count);
        Assert.False(started.Init.IsAlive);
        Assert.Empty(_lab.Runc.List());
    }

    [Fact]
    public async Task A_program_that_does_not_exist_is_refused_with_runcs_reason_and_leaves_nothing()
    {
        var e = await Assert.ThrowsAsync<ToolFailedException>(() => _lab.StartAsync("nothing", "/bin/nonexistent"));

        Assert.Contains("/bin/nonexistent", e.Message, StringComparison.Ordinal);
        Assert.Contains("no such file or directory", e.Message, StringComparison.Ordinal);
        Assert.Empty(_lab.Runc.List());
    }

    [Fact]
    public async Task Inside_are_only_the_powers_that_the_policy_grants()
    {
        var started = await _lab.StartAsync(
            "inside", "/bin/sh", "-c",
            "grep -E 'Cap(Eff|Bnd)|NoNewPrivs|Seccomp:' /proc/self/status > /out; cat /proc/kcore > /dev/null 2>&1; echo kcore $? >> /out; echo 1 > /proc/sys/kernel/panic || echo ro >> /out; "
            + "for i in 0 1 2; do readlink /proc/1/fd/$i >> /out; done; ulimit -Hn >> /out; ls /dev >> /out; echo done >> /out; sleep 60");
        var output = $"{started.Root.MountPoint}/out";
        Assert.True(SpinWait.SpinUntil(() => File.Exists(output) && File.ReadAllText(output).EndsWith("done\n", StringComparison.Ordinal), 5000));
        var text = File.ReadAllText(output);

        Assert.Contains("CapEff:\t00000000000405fb\nCapBnd:\t00000000000405fb\nNoNewPrivs:\t1\nSeccomp:\t2\n", text, StringComparison.Ordinal);
        Assert.True(text.Contains("kcore 0\nro\n/dev/null\n/dev/null\n/dev/null\n16384\n", StringComparison.Ordinal), text);
        Assert.DoesNotContain("vda", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_users_program_has_no_capability_at_all()
    {
        var root = new RootFileSystem(_lab.State, new ContainerName("user"));
        root.Create();
        root.Mount(await _lab.Store.LayerDirectoriesAsync(_lab.Image));
        Directory.CreateDirectory($"{root.MountPoint}/out");
        File.SetUnixFileMode($"{root.MountPoint}/out", (UnixFileMode)0x1FF);
        var container = _lab.Container("user", new Fence(1, 0));
        var spec = _lab.Spec("user", "/bin/sh", "-c", "grep -E 'Uid|CapEff|CapPrm' /proc/self/status > /out/status; echo done >> /out/status; sleep 60") with { Uid = 1000, Gid = 1000 };
        await container.StartAsync($"{_lab.State}/bundle", spec, root.MountPoint, _lab.Netns);

        var output = $"{root.MountPoint}/out/status";
        Assert.True(SpinWait.SpinUntil(() => File.Exists(output) && File.ReadAllText(output).EndsWith("done\n", StringComparison.Ordinal), 5000));
        Assert.Equal("Uid:\t1000\t1000\t1000\t1000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\ndone\n", File.ReadAllText(output));
    }
}
