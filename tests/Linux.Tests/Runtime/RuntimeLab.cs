using System.Globalization;
using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Containers;
using ActorMigration.Host.Linux.Criu;
using ActorMigration.Host.Linux.Processes;

namespace ActorMigration.Linux.Tests.Runtime;

/// <summary>
/// What a container needs on one host, under a random name: state and run directories, a busybox image, a netns, images on a tmpfs. Dispose takes away
/// every process, mount, cgroup, netns and file of it.
/// </summary>
public sealed class RuntimeLab : IAsyncLifetime
{
    public static readonly TimeProvider Time = TimeProvider.System;

    /// <summary>Counts up in a file of the root, 100 times per second, with a child for each wait: a tree that changes all the time.</summary>
    public const string Counter = "i=0; while :; do i=$((i+1)); echo $i > /count; usleep 10000; done";

    private readonly string _suffix = Guid.NewGuid().ToString("N")[..8];
    private readonly List<RuncContainer> _containers = [];
    private readonly List<IDisposable> _held = [];

    public string State => $"/tmp/amig-rt-{_suffix}";

    public string Images => $"/dev/shm/amig-rt-{_suffix}";

    public string Netns => $"/run/netns/amigrt{_suffix}";

    public CgroupLayout Layout { get; } = CgroupLayout.Find() ?? throw new InvalidOperationException("no cgroup freezer is mounted below /sys/fs/cgroup");

    public HostPolicy Policy => new($"/amig-rt-{_suffix}");

    public RuncTool Runc => new("runc", $"/run/amig-rt-{_suffix}/runc", Time);

    public CriuTool Criu { get; private set; } = null!;

    public ImageStore Store => new(State);

    public string Image { get; private set; } = "";

    public async Task InitializeAsync()
    {
        Criu = await CriuTool.FindAsync(Environment.GetEnvironmentVariable("AMIG_CRIU"), Time);
        Directory.CreateDirectory(State);
        await RunAsync("ip", "netns", "add", Path.GetFileName(Netns));
        var root = $"{State}/busybox";
        foreach (var directory in (string[])["bin", "tmp", "proc", "sys", "dev", "etc"])
        {
            Directory.CreateDirectory(Path.Combine(root, directory));
        }

        File.Copy("/bin/busybox", $"{root}/bin/busybox");
        foreach (var applet in (string[])["sh", "sleep", "usleep", "cat", "nc", "id", "stty", "true"])
        {
            File.CreateSymbolicLink($"{root}/bin/{applet}", "busybox");
        }

        Image = await new ImageImport(Store, Time).ImportAsync(root, "busybox");
    }

    public static Task<ToolResult> RunAsync(params string[] command) => ToolProcess.RunAsync(new ToolCommand(command[0], command[1..]), Time);

    public ContainerSpec Spec(string name, params string[] args) => new(
        new ContainerName(name), Image, args, ["PATH=/bin"], "/", 0, 0,
        new ContainerNetwork("10.0.0.2", 24, "02:00:00:00:00:02", "", 1500), new ContainerLimits(0, 0, 0), [], 15);

    public RuncContainer Container(string name, Fence fence)
    {
        var container = new RuncContainer(Runc, Layout, Policy, new ContainerName(name), fence, Time);
        _containers.Add(container);
        return container;
    }

    public T Keep<T>(T held)
        where T : IDisposable
    {
        _held.Add(held);
        return held;
    }

    /// <summary>Starts a container at e1o0 and waits until it has counted.</summary>
    public async Task<Started> StartAsync(string name, params string[] args)
    {
        var root = new RootFileSystem(State, new ContainerName(name));
        root.Create();
        root.Mount(await Store.LayerDirectoriesAsync(Image));
        var spec = Spec(name, args);
        var container = Container(name, new Fence(1, 0));
        var init = await container.StartAsync(root.Bundle, spec, root.MountPoint, Netns);
        return new Started(this, spec, container, root, init);
    }

    public async Task DisposeAsync()
    {
        foreach (var gate in _held.OfType<GatedRestore>().Where(gate => gate.TreeIsAlive))
        {
            await gate.KillAsync();
        }

        foreach (var container in _containers)
        {
            await container.RemoveAsync();
        }

        _held.ForEach(held => held.Dispose());
        MountTable.DetachBelow(State);
        MountTable.DetachBelow(Images);
        // A container whose runc was killed leaves its bind of the root here, when the code under test does not take it away.
        MountTable.DetachBelow($"/run/amig-rt-{_suffix}");
        foreach (var directory in (string[])[State, Images, $"/run/amig-rt-{_suffix}"])
        {
            if (Directory.Exists(directory))
            {
                Directory.Delete(directory, recursive: true);
            }
        }

        foreach (var cgroup in Directory.EnumerateDirectories("/sys/fs/cgroup", $"amig-rt-{_suffix}", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1 }).ToArray())
        {
            Directory.Delete(cgroup);
        }

        await RunAsync("ip", "netns", "del", Path.GetFileName(Netns));
    }
}

/// <summary>A container that a test started.</summary>
public sealed record Started(RuntimeLab Lab, ContainerSpec Spec, RuncContainer Container, RootFileSystem Root, ProcessIdentity Init)
{
    /// <summary>What its counter says now; 0 before the first.</summary>
    public int Count
        => File.Exists($"{Root.MountPoint}/count") && int.TryParse(File.ReadAllText($"{Root.MountPoint}/count"), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var count) ? count : 0;

    /// <summary>Waits until it has counted on from <paramref name="from"/>.</summary>
    public void AssertCountsOn(int from) => Assert.True(SpinWait.SpinUntil(() => Count > from + 2, 5000), $"the counter stands at {Count}, it was {from}");

    public async Task FreezeAsync()
    {
        AssertCountsOn(0);
        await Container.Cgroup.FreezeAsync(RuntimeLab.Time);
    }

    public SkeletonDump PrepareDump(bool withMemory = false, string? library = null) => Lab.Keep(SkeletonDump.Prepare(
        Lab.Criu, Container, Init.Pid, Root.MountPoint, Lab.Netns, $"{Lab.Images}/img", $"{Lab.State}/dump", RuntimeLab.Time, library, withMemory));

    /// <summary>Where a restore of this container's images at another fence of this host happens.</summary>
    public GatedRestoreOrder OrderFor(Fence fence)
        => new($"{Lab.State}/attempt-{fence}", $"{Lab.Images}/img", Spec, Root.Bundle, Root.MountPoint, Lab.Netns, LazyPages: false);

    /// <summary>Restores the images of a dump with memory under another fence, on this host, up to the gate.</summary>
    public async Task<(GatedRestore Gate, RuncContainer Container)> StartRestoreAsync(Fence fence)
    {
        var container = Lab.Container(Spec.Name.Value, fence);
        var gate = Lab.Keep(GatedRestore.Prepare(OrderFor(fence), Lab.Runc, Lab.Criu, container, Lab.Layout, RuntimeLab.Time));
        await gate.GoAsync();
        return (gate, container);
    }
}
