using System.Globalization;
using ActorMigration.Actors;
using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Containers;
using ActorMigration.Host.Linux.Network;
using ActorMigration.Host.Linux.Processes;

namespace ActorMigration.Host.Linux.Load;

/// <summary>
/// Load of this host from /proc, /sys and the cgroups of its containers. Reads text files only: nothing is stopped, traced or armed. Where the host is one network namespace of several on a kernel (the lab), CPU, memory and
/// disks are the kernel's, and only the network is the host's own.
/// </summary>
internal sealed class LinuxLoadSource : ILoadSource
{
    private const string BlockDevices = "/sys/block";

    private readonly CgroupLayout _layout;
    private readonly string _uplink;
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly string _bootId = ProcessIdentity.BootId();
    private readonly RecordCache _records;
    private readonly Lock _oneAtATime = new();
    private readonly Dictionary<string, bool> _disks = new(StringComparer.Ordinal);
    private Dictionary<(ContainerName Name, Fence Fence), ContainerFiles> _containers = [];

    /// <param name="layout">Cgroups of this host.</param>
    /// <param name="stateDirectory">Where the records of its containers are.</param>
    /// <param name="uplink">Interface that leads to the other hosts.</param>
    /// <param name="time">Clock of the samples.</param>
    internal LinuxLoadSource(CgroupLayout layout, string stateDirectory, string uplink, TimeProvider time)
    {
        _layout = layout;
        _uplink = uplink;
        _time = time;
        _start = time.GetTimestamp();
        _records = new RecordCache(stateDirectory);
    }

    public Task<LoadSample> SampleAsync(CancellationToken cancel)
    {
        // The actor asks once at a time; one that was restarted waits here for the sample of the one before it.
        lock (_oneAtATime)
        {
            cancel.ThrowIfCancellationRequested();
            return Task.FromResult(Sample());
        }
    }

    private LoadSample Sample()
    {
        var at = _time.GetElapsedTime(_start);
        var (cores, busy) = HostFiles.Cpu(Demand("/proc/stat"));
        var (total, used) = HostFiles.Memory(Demand("/proc/meminfo"));
        var network = HostFiles.NetworkBytes(Demand("/proc/net/dev"));
        var disk = HostFiles.DiskBytes(Demand("/proc/diskstats"), IsDisk);
        var uplink = network.TryGetValue(_uplink, out var bytes) ? bytes : throw new LinuxException("read", $"/proc/net/dev: it has no interface {_uplink} (amig.network.uplink)", Interop.Errno.ENODEV);
        var pressure = new PressureCounters(HostFiles.Stall(ProcText.Read("/proc/pressure/cpu")), HostFiles.Stall(ProcText.Read("/proc/pressure/memory")), HostFiles.Stall(ProcText.Read("/proc/pressure/io")));
        var host = new HostCounters(cores, busy, total, used, disk, uplink, LinkSpeed(), pressure is { Cpu: null, Memory: null, Io: null } ? null : pressure);
        return new LoadSample(at, host, Containers(network));
    }

    private ContainerCounters[] Containers(Dictionary<string, double> network)
    {
        var counters = new List<ContainerCounters>();
        var files = new Dictionary<(ContainerName, Fence), ContainerFiles>();
        foreach (var record in _records.Read())
        {
            // A gated tree is not yet this host's; one whose first process has ended uses nothing any more.
            if (record.State == ContainerState.Gated || record.BootId != _bootId || record.Init is not { IsAlive: true } init)
            {
                continue;
            }

            var key = (record.Spec.Name, record.Fence);
            var container = _containers.TryGetValue(key, out var known) ? known : new ContainerFiles(_layout, record.CgroupsPath, ProcText.Read($"/proc/{init.Pid}/cgroup"));
            files[key] = container;
            if (container.Read() is { } read)
            {
                counters.Add(new ContainerCounters(
                    record.Spec.Name, record.Fence, record.Spec.Placement, read.CpuSeconds, read.MemoryBytes, read.DiskBytes,
                    network.GetValueOrDefault(new PortName(record.Spec.Name, record.Fence).HostEnd), read.ResidentBytes, WrittenBytes: null));
            }
        }

        _containers = files;
        return [.. counters];
    }

    /// <summary>
    /// A disk has hardware behind it. An md or dm device, a loop device and a zram have none, and are made of those that have or of memory.
    /// </summary>
    private bool IsDisk(string name)
    {
        if (!_disks.TryGetValue(name, out var isDisk))
        {
            _disks[name] = isDisk = Path.Exists($"{BlockDevices}/{name.Replace('/', '!')}/device");
        }

        return isDisk;
    }

    /// <summary>
    /// In Mbit/s, and one way: a link is full when either way is. Reading fails (EINVAL) where the link is down or its driver does not know, and a virtual one says -1. In a network namespace whose /sys is another's, the interface is not there.
    /// </summary>
    private double? LinkSpeed()
    {
        const double BytesPerMegabit = 1e6 / 8;
        try
        {
            return int.TryParse(File.ReadAllText($"/sys/class/net/{_uplink}/speed"), NumberStyles.AllowTrailingWhite | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var megabits) && megabits > 0
                ? megabits * BytesPerMegabit
                : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static string Demand(string path) => ProcText.Read(path) ?? throw new LinuxException("read", path, Interop.Errno.ENOENT);
}
