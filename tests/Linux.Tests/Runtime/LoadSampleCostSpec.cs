using System.Diagnostics;
using System.Globalization;
using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Containers;
using ActorMigration.Host.Linux.Load;
using ActorMigration.Host.Linux.Processes;
using Xunit.Abstractions;

namespace ActorMigration.Linux.Tests.Runtime;

/// <summary>What a sample costs with many containers. Each is a process in cgroups of its own and a record, which is all that the source looks at.</summary>
public sealed class LoadSampleCostSpec(ITestOutputHelper output) : IDisposable
{
    private const int Samples = 40;

    /// <summary>CPU time of one sample with 100 containers, at the default interval a hundredth of a core. Measured are far fewer (docs/measurements.md); a loaded machine takes more.</summary>
    private static readonly TimeSpan Most = TimeSpan.FromMilliseconds(50);

    private readonly string _suffix = Guid.NewGuid().ToString("N")[..8];
    private readonly CgroupLayout _layout = CgroupLayout.Find() ?? throw new InvalidOperationException("no cgroup freezer is mounted");
    private readonly List<(Process Process, string Path)> _containers = [];

    private string State => $"/tmp/amig-lc-{_suffix}";

    private string Parent => $"/amig-lc-{_suffix}";

    private string[] Mounts => [.. new[] { _layout.FreezerMount, _layout.MemoryMount, _layout.CpuMount }.OfType<string>().Distinct()];

    [Fact]
    public async Task A_sample_costs_little_with_a_hundred_containers()
    {
        var source = new LinuxLoadSource(_layout, State, "lo", TimeProvider.System);
        var cost = TimeSpan.Zero;
        foreach (var count in (int[])[0, 1, 20, 100])
        {
            while (_containers.Count < count)
            {
                Add(_containers.Count);
            }

            Assert.Equal(count, (await source.SampleAsync(CancellationToken.None)).Containers.Length);
            var (cpu, wall) = (Cpu(), Stopwatch.StartNew());
            for (var i = 0; i < Samples; i++)
            {
                await source.SampleAsync(CancellationToken.None);
            }

            cost = (Cpu() - cpu) / Samples;
            output.WriteLine($"{count} containers: {cost.TotalMilliseconds:0.00} ms of CPU per sample, {wall.Elapsed.TotalMilliseconds / Samples:0.00} ms by the clock");
        }

        Assert.True(cost < Most, $"a sample took {cost.TotalMilliseconds} ms of CPU");
    }

    public void Dispose()
    {
        foreach (var (process, path) in _containers)
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
            Remove(path);
        }

        Remove(Parent);
        if (Directory.Exists(State))
        {
            Directory.Delete(State, recursive: true);
        }
    }

    private static TimeSpan Cpu() => Process.GetCurrentProcess().TotalProcessorTime;

    private void Add(int number)
    {
        var name = new ContainerName($"c{number}");
        var fence = new Fence(1, 0);
        var path = $"{Parent}/{ContainerPlace.IdOf(name, fence)}";
        var process = Process.Start("sleep", "600");
        _containers.Add((process, path));
        foreach (var mount in Mounts)
        {
            Directory.CreateDirectory(mount + path);
            File.WriteAllText($"{mount}{path}/cgroup.procs", process.Id.ToString(CultureInfo.InvariantCulture));
        }

        var spec = new ContainerSpec(name, "sha256:x", ["a"], [], "/", 0, 0, new ContainerNetwork("10.0.0.1", 24, "02:00:00:00:00:01", "", 1500), new ContainerLimits(0, 0, 0), [], 15);
        new ContainerRecord(spec, fence, ContainerState.Running, "", name.Value, path, ProcessIdentity.Find(process.Id), ProcessIdentity.BootId()).Save(State);
    }

    private void Remove(string path)
    {
        foreach (var directory in Mounts.Select(mount => mount + path).Where(Directory.Exists))
        {
            // The kernel lets go of a dead task's cgroup a moment after its parent has been told.
            Assert.True(SpinWait.SpinUntil(() => TryRemove(directory), TimeSpan.FromSeconds(5)), $"{directory} cannot be removed");
        }
    }

    private static bool TryRemove(string directory)
    {
        try
        {
            Directory.Delete(directory);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
