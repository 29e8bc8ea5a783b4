using ActorMigration.Actors;
using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Containers;
using ActorMigration.Host.Linux.Load;
using ActorMigration.Host.Linux.Processes;

namespace ActorMigration.Linux.Tests.Runtime;

/// <summary>Real containers that do what is known, and what the counters say of it.</summary>
public sealed class LinuxLoadSourceSpec : IAsyncLifetime
{
    /// <summary>For a process of a loaded machine to get somewhere.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly RuntimeLab _lab = new();
    private LinuxLoadSource _source = null!;

    public async Task InitializeAsync()
    {
        await _lab.InitializeAsync();
        _source = new LinuxLoadSource(_lab.Layout, _lab.State, "lo", RuntimeLab.Time);
    }

    public async Task DisposeAsync() => await _lab.DisposeAsync();

    [Fact]
    public async Task A_busy_loop_that_may_use_a_fifth_of_a_core_is_seen_to_use_no_more_and_not_much_less()
    {
        const int Millis = 200;
        await StartAsync("busy", _lab.Spec("busy", "/bin/sh", "-c", "while :; do :; done") with { Limits = new ContainerLimits(0, Millis, 0) });

        // A period of the limit is 100 ms; over two seconds ten of them count.
        var load = await LoadOverAsync(TimeSpan.FromSeconds(3));

        var busy = Assert.Single(load.Containers);
        // The machine may be so busy that it gets less than its limit.
        Assert.InRange(busy.Used.Cpu, 0.05, 0.26);
        Assert.InRange(load.Own.Cpu, 0, load.Capacity.Cpu);
        Assert.Equal(Environment.ProcessorCount, load.Capacity.Cpu);
    }

    [Fact]
    public async Task A_container_that_sleeps_uses_no_cpu_no_disk_and_holds_little_memory()
    {
        await StartAsync("idle", _lab.Spec("idle", "/bin/sleep", "1000"));

        var idle = Assert.Single((await LoadOverAsync(TimeSpan.FromSeconds(1))).Containers);

        Assert.InRange(idle.Used.Cpu, 0, 0.02);
        Assert.Equal(0, idle.Used.Disk);
        Assert.InRange(idle.ResidentBytes, 1, 16 << 20);
        Assert.InRange(idle.DirtyBytesPerSecond, 0, idle.ResidentBytes * DirtyRate.ShareOfResidentPerSecond);
    }

    [Fact]
    public async Task Bytes_that_children_write_to_a_file_are_seen_once_whether_they_live_or_have_ended()
    {
        const int Written = 4 << 20;
        var started = await StartAsync("writer", _lab.Spec("writer", "/bin/sh", "-c", "sleep 1; for i in 1 2 3 4; do busybox dd if=/dev/zero of=/file$i bs=1048576 count=1; done; : > /done; sleep 1000"));
        var before = Assert.Single((await SampleAsync()).Containers).DiskBytes;
        var seen = before;
        await UntilAsync(async () =>
        {
            var now = Assert.Single((await SampleAsync()).Containers).DiskBytes;
            Assert.True(now >= seen, $"{now} after {seen}");
            seen = now;
            return File.Exists($"{started.MountPoint}/done");
        });

        var after = Assert.Single((await SampleAsync()).Containers).DiskBytes;
        // Directories and the end of the shell's own output come on top.
        Assert.InRange(after - before, Written, Written * 1.25);
    }

    [Fact]
    public async Task Memory_that_a_container_fills_is_seen()
    {
        const int Filled = 32 << 20;
        // The last colon keeps the shell from becoming the sleep, without its memory.
        var started = await StartAsync("full", _lab.Spec("full", "/bin/sh", "-c", "x=$(busybox head -c 33554432 /dev/zero | busybox tr '\\0' x); : > /done; sleep 1000; :"));
        await UntilAsync(() => Task.FromResult(File.Exists($"{started.MountPoint}/done")));

        var full = Assert.Single((await SampleAsync()).Containers);

        Assert.InRange(full.ResidentBytes, Filled, Filled * 5);
        Assert.InRange(full.MemoryBytes, Filled, Filled * 6);
    }

    [Fact]
    public async Task A_container_that_is_killed_or_whose_record_goes_between_two_looks_breaks_nothing()
    {
        await StartAsync("one", _lab.Spec("one", "/bin/sleep", "1000"));
        var two = await StartAsync("two", _lab.Spec("two", "/bin/sleep", "1000"));
        Assert.Equal(2, (await SampleAsync()).Containers.Length);

        await two.Container.Cgroup.KillAllAsync(RuntimeLab.Time);
        Assert.Equal("one", Assert.Single((await SampleAsync()).Containers).Name.Value);

        File.Delete(Path.Combine(ContainerRecord.PathOf(_lab.State, new ContainerName("one")), ContainerRecord.FileName));
        Assert.Empty((await SampleAsync()).Containers);
    }

    [Fact]
    public async Task Containers_that_come_and_go_while_samples_are_taken_break_nothing()
    {
        using var end = new CancellationTokenSource();
        var looking = Task.Run(async () =>
        {
            var samples = 0;
            while (!end.IsCancellationRequested)
            {
                await SampleAsync();
                samples++;
            }

            return samples;
        });

        for (var i = 0; i < 4; i++)
        {
            var started = await StartAsync($"brief{i}", _lab.Spec($"brief{i}", "/bin/sleep", "1000"));
            await started.Container.RemoveAsync();
        }

        await end.CancelAsync();
        Assert.True(await looking > 4);
    }

    [Fact]
    public async Task An_uplink_that_is_not_there_is_named()
    {
        var source = new LinuxLoadSource(_lab.Layout, _lab.State, "nosuchlink0", RuntimeLab.Time);

        var failure = await Assert.ThrowsAsync<Host.Linux.LinuxException>(() => Task.Run(() => source.SampleAsync(CancellationToken.None)));

        Assert.Contains("nosuchlink0 (amig.network.uplink)", failure.Message, StringComparison.Ordinal);
    }

    private Task<LoadSample> SampleAsync() => _source.SampleAsync(CancellationToken.None);

    private async Task<HostLoad> LoadOverAsync(TimeSpan time)
    {
        var first = LoadAverages.None.After(await SampleAsync());
        await Task.Delay(time);
        var frame = new HostFrame(new HostName("a"), HostStanding.Accepts, [], 200e6, 125e6, static _ => null);
        return first.After(await SampleAsync()).Over(LoadWindows.Minute, frame)!;
    }

    private async Task<Placed> StartAsync(string name, ContainerSpec spec)
    {
        var root = new RootFileSystem(_lab.State, spec.Name);
        root.Create();
        root.Mount(await _lab.Store.LayerDirectoriesAsync(_lab.Image));
        var fence = new Fence(1, 0);
        var container = _lab.Container(name, fence);
        var init = await container.StartAsync($"{_lab.State}/bundle-{container.Id}", spec, root.MountPoint, _lab.Netns);
        new ContainerRecord(spec, fence, ContainerState.Running, _lab.Netns, container.Id, container.Cgroup.Path, init, ProcessIdentity.BootId()).Save(_lab.State);
        return new Placed(container, root.MountPoint);
    }

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        var start = RuntimeLab.Time.GetTimestamp();
        while (!await holds())
        {
            Assert.True(RuntimeLab.Time.GetElapsedTime(start) < Patience, "it was to come about");
            await Task.Delay(20);
        }
    }

    private sealed record Placed(RuncContainer Container, string MountPoint);
}
