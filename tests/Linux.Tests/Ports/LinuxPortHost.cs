using System.Globalization;
using ActorMigration.Actors;
using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Containers;
using ActorMigration.Host.Linux.Network;
using ActorMigration.Host.Linux.Processes;
using ActorMigration.Linux.Tests.Network;
using ActorMigration.Ports.Contract;

namespace ActorMigration.Linux.Tests.Ports;

/// <summary>One host of a <see cref="LinuxPortLab"/>, looked at from outside: by /proc, /sys and the files, never by asking its process.</summary>
internal sealed class LinuxPortHost : IPortHost, IAsyncDisposable
{
    private static readonly TimeProvider Time = TimeProvider.System;

    private readonly SegmentLab _segment;
    private readonly string _namespace;
    private readonly PortHostSettings _settings;
    private readonly CgroupLayout _layout = CgroupLayout.Find() ?? throw new InvalidOperationException("no cgroup freezer is mounted");
    private PortProcess? _process;

    internal LinuxPortHost(string name, SegmentLab segment, string networkNamespace, string address, string suffix)
    {
        Name = new HostName(name);
        _segment = segment;
        _namespace = networkNamespace;
        _settings = new PortHostSettings(name, $"/var/tmp/amig-pc-{suffix}{name}", $"/dev/shm/amig-pc-{suffix}{name}", address, $"/amig-pc-{suffix}{name}");
        Directory.CreateDirectory(_settings.StateDirectory);
        Directory.CreateDirectory(_settings.RunDirectory);
    }

    public HostName Name { get; }

    public ISourceHost Sources => Process.Sources;

    public IDestinationHost Destinations => Process.Destinations;

    public IContainerRuntime Runtime => Process.Runtime;

    public ILoadSource Load => Process.Load;

    private PortProcess Process => _process ?? throw new InvalidOperationException($"host {Name} is down");

    private string State => _settings.StateDirectory;

    private string Run => _settings.RunDirectory;

    internal async Task StartAsync() => _process = await PortProcess.StartAsync(_segment.PathOf(_namespace), _settings);

    /// <summary>busybox as an image of this host.</summary>
    internal async Task<string> ImportImageAsync()
    {
        var root = Path.Combine(State, "busybox");
        foreach (var directory in (string[])["bin", "tmp", "proc", "sys", "dev", "etc"])
        {
            Directory.CreateDirectory(Path.Combine(root, directory));
        }

        File.Copy("/bin/busybox", $"{root}/bin/busybox");
        foreach (var applet in (string[])["sh", "usleep"])
        {
            File.CreateSymbolicLink($"{root}/bin/{applet}", "busybox");
        }

        return await new ImageImport(new ImageStore(State), Time).ImportAsync(root, "busybox");
    }

    public Task RestartAsync()
    {
        Process.Dispose();
        return StartAsync();
    }

    public Task<long> CountAsync()
    {
        // The layer itself: it is there before the root is mounted, and after its mount is gone.
        var containers = $"{State}/containers";
        var files = Directory.Exists(containers) ? Directory.EnumerateDirectories(containers).Select(container => new FileInfo($"{container}/upper/count")) : [];
        return Task.FromResult(files.Where(file => file.Exists).Select(file => file.Length).DefaultIfEmpty(-1).First());
    }

    public Task<string[]> RemainsAsync(AttemptId attempt, ContainerName container, Fence fence)
    {
        var id = ContainerPlace.IdOf(container, fence);
        var lives = ContainerRecord.Load(State, container)?.Fence == fence;
        var left = new List<string>();
        left.AddRange(new[] { $"{State}/attempts/{id}", $"{Run}/attempts/{id}" }.Where(Directory.Exists));
        left.AddRange(_layout.Mounts.Select(mount => $"{mount}{_settings.CgroupParent}/gate-{id}").Where(Directory.Exists));
        left.AddRange(Helpers().Select(pid => $"helper {pid}: {CommandLine(pid)}"));
        left.AddRange(Processes($"/attempts/{id}/", State, Run).Select(pid => $"process {pid}: {CommandLine(pid)}"));
        left.AddRange(MountTable.Below(State).Concat(MountTable.Below(Run)).Where(mount => mount.Contains($"/attempts/{id}", StringComparison.Ordinal)));
        var port = new PortName(container, fence);
        var own = lives ? [port.HoldPort, port.HoldTap] : new[] { port.HoldPort, port.HoldTap, port.HostEnd };
        var links = _segment.Ip(_namespace, "-o link");
        left.AddRange(own.Where(name => links.Contains(name, StringComparison.Ordinal)).Select(name => $"link {name}"));
        if (!lives)
        {
            left.AddRange(new[] { $"{Run}/netns/{port.NetnsFile}", $"{Run}/runc/{id}" }.Where(Path.Exists));
            left.AddRange(_layout.Mounts.Select(mount => $"{mount}{_settings.CgroupParent}/{id}").Where(Directory.Exists));
        }

        if (ContainerRecord.Load(State, container) is null)
        {
            left.AddRange(new[] { $"{State}/containers/{container}" }.Where(Directory.Exists));
        }

        return Task.FromResult(left.ToArray());
    }

    /// <summary>As if the daemon had died before it wrote what runs here.</summary>
    internal void LoseRecord(ContainerName container) => File.Delete(Path.Combine(ContainerRecord.PathOf(State, container), ContainerRecord.FileName));

    public Task ForgetStartAsync(ContainerName container)
    {
        (ContainerRecord.Load(State, container)! with { Init = null }).Save(State);
        return Task.CompletedTask;
    }

    /// <summary>Files of a container, known or not.</summary>
    internal string LeaveFiles(ContainerName container) => Directory.CreateDirectory(Path.Combine(State, "containers", container.Value, "upper")).Parent!.FullName;

    /// <summary>A container by its record, of which nothing is there but a process.</summary>
    internal void RecordWithoutCgroup(ContainerName name, ContainerName like)
    {
        var record = ContainerRecord.Load(State, like)!;
        (record with { Spec = record.Spec with { Name = name } }).Save(State);
    }

    /// <summary>What a host that was down for a moment has lost of a container: its processes, its cgroups, and everything below /run.</summary>
    internal async Task LoseContainerAsync(ContainerName container)
    {
        var fence = ContainerRecord.Load(State, container)!.Fence;
        await KillGatedTreeAsync(container, fence);
        var id = ContainerPlace.IdOf(container, fence);
        foreach (var mount in _layout.Mounts.Distinct())
        {
            DeleteCgroups($"{mount}{_settings.CgroupParent}/{id}");
        }

        PortInventory.Remove($"{Run}/netns", new PortName(container, fence));
        Directory.Delete($"{Run}/runc/{id}", recursive: true);
    }

    public Task ThawByHandAsync(ContainerName container)
    {
        _layout.Open($"{_settings.CgroupParent}/{ContainerPlace.IdOf(container, ContainerRecord.Load(State, container)!.Fence)}").Thaw();
        return Task.CompletedTask;
    }

    public Task FreezeByHandAsync(ContainerName container)
        => _layout.Open($"{_settings.CgroupParent}/{ContainerPlace.IdOf(container, ContainerRecord.Load(State, container)!.Fence)}").FreezeAsync(TimeProvider.System);

    public async Task KillGatedTreeAsync(ContainerName container, Fence fence)
    {
        var cgroup = _layout.Open($"{_settings.CgroupParent}/{ContainerPlace.IdOf(container, fence)}");
        foreach (var pid in cgroup.Processes())
        {
            Signals.Send(pid, Signals.SIGKILL);
        }

        // A frozen task takes its signal only on the way out of the freezer.
        cgroup.Thaw();
        Assert.True(SpinWait.SpinUntil(() => cgroup.Processes().Length == 0, TimeSpan.FromSeconds(5)), "the gated tree was to die");
        await Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        _process?.Dispose();
        // Whatever a test left: everything of this host has its directories in its command line, or is in its cgroups.
        foreach (var directory in CgroupDirectories())
        {
            await _layout.Open(directory[_layout.FreezerMount.Length..]).KillAllAsync(Time);
        }

        foreach (var pid in Processes(State, State, Run))
        {
            Signals.Send(pid, Signals.SIGKILL);
        }

        MountTable.DetachBelow(State);
        MountTable.DetachBelow(Run);
        foreach (var mount in _layout.Mounts.Distinct())
        {
            DeleteCgroups($"{mount}{_settings.CgroupParent}");
        }

        foreach (var directory in (string[])[State, Run])
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static void DeleteCgroups(string directory)
    {
        if (Directory.Exists(directory))
        {
            foreach (var below in Directory.EnumerateDirectories(directory))
            {
                DeleteCgroups(below);
            }

            Assert.True(SpinWait.SpinUntil(() => TryDelete(directory), TimeSpan.FromSeconds(5)), $"{directory} cannot be removed");
        }
    }

    private static bool TryDelete(string directory)
    {
        try
        {
            Directory.Delete(directory);
            return true;
        }
        catch (IOException)
        {
            // EBUSY: a process that was killed is still on its way.
            return false;
        }
    }

    private IEnumerable<string> CgroupDirectories()
    {
        var parent = _layout.FreezerMount + _settings.CgroupParent;
        return Directory.Exists(parent) ? Directory.EnumerateDirectories(parent, "*", SearchOption.AllDirectories) : [];
    }

    private int[] Helpers() => _layout.Open($"{_settings.CgroupParent}/helpers").Processes();

    /// <summary>Processes of this host with <paramref name="text"/> in their command line, this test's own apart.</summary>
    private static int[] Processes(string text, string state, string run) =>
    [
        .. Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(name => int.TryParse(name, out _)).Select(name => int.Parse(name!, CultureInfo.InvariantCulture))
            .Where(pid => pid != Environment.ProcessId && CommandLine(pid) is var line && line.Contains(text, StringComparison.Ordinal)
                && (line.Contains(state, StringComparison.Ordinal) || line.Contains(run, StringComparison.Ordinal)) && !line.Contains(Program.Command, StringComparison.Ordinal)),
    ];

    private static string CommandLine(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline").Replace('\0', ' ');
        }
        catch (IOException)
        {
            // It has ended.
            return "";
        }
    }
}
