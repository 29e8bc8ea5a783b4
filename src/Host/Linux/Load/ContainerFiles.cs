using ActorMigration.Host.Linux.Containers;
using ActorMigration.Host.Linux.Tracking;

namespace ActorMigration.Host.Linux.Load;

/// <summary>
/// Counters of one container at one fence: from its cgroups where they count, else from its processes. Which hierarchies it is in is read once from its first process: a directory that is there and does not
/// have the process in it counts nothing, and says 0 for ever.
///
/// Disk: on v2 <c>io.stat</c>. On v1 the processes: its blkio counts what is written through the page cache for nobody, which is nearly all.
/// </summary>
internal sealed class ContainerFiles
{
    private readonly CgroupLayout _layout;
    private readonly string _path;
    private readonly CgroupProcesses _tree;
    private readonly ProcessCounters _processes = new();
    private readonly string? _cpu;
    private readonly string? _memory;
    private readonly string? _io;

    /// <param name="layout">Of this host.</param>
    /// <param name="cgroupsPath">As in the container's OCI config.</param>
    /// <param name="membership">/proc/PID/cgroup of its first process; null when it has ended.</param>
    internal ContainerFiles(CgroupLayout layout, string cgroupsPath, string? membership)
    {
        _layout = layout;
        _path = cgroupsPath;
        _tree = new CgroupProcesses(layout.FreezerMount + cgroupsPath);
        _cpu = layout.IsV2 ? Existing(layout.FreezerMount, "cpu.stat") : Counts(membership, "cpuacct") ? Existing(layout.CpuMount, "cpuacct.usage") : null;
        _memory = layout.IsV2 ? Existing(layout.FreezerMount, "memory.current") : Counts(membership, "memory") ? Existing(layout.MemoryMount, "memory.usage_in_bytes") : null;
        _io = layout.IsV2 ? Existing(layout.FreezerMount, "io.stat") : null;
    }

    /// <summary>Null when the container went away meanwhile.</summary>
    internal (double CpuSeconds, double MemoryBytes, double DiskBytes, double ResidentBytes)? Read()
    {
        if (!Directory.Exists(_layout.FreezerMount + _path))
        {
            return null;
        }

        try
        {
            var processes = _cpu is null || _memory is null || _io is null ? _processes.Look(_tree.Pids(), withCpu: _cpu is null, withMemory: _memory is null) : default;
            var cpu = _cpu is null ? processes.CpuSeconds : _layout.IsV2 ? ProcText.Field(ProcText.Read(_cpu), "usage_usec") / 1e6 : ProcText.Number(_cpu) / 1e9;
            var disk = _io is null ? processes.DiskBytes : IoBytes(ProcText.Read(_io));
            var memory = _memory is null ? (Held: processes.ResidentBytes, Resident: processes.ResidentBytes) : Memory(_memory);
            return cpu is { } seconds && disk is { } bytes && memory is { } held ? (seconds, held.Held, bytes, held.Resident) : null;
        }
        catch (IOException gone) when (gone is DirectoryNotFoundException or FileNotFoundException || gone.HResult == Interop.Errno.ENODEV)
        {
            return null;
        }
    }

    /// <summary>io.stat: one line <c>MAJOR:MINOR rbytes=N wbytes=N rios=N …</c> for each disk.</summary>
    internal static double? IoBytes(string? stat)
    {
        if (stat is null)
        {
            return null;
        }

        var sum = 0.0;
        foreach (var part in stat.Split(' ', '\n'))
        {
            if ((part.StartsWith("rbytes=", StringComparison.Ordinal) || part.StartsWith("wbytes=", StringComparison.Ordinal))
                && double.TryParse(part.AsSpan(7), System.Globalization.CultureInfo.InvariantCulture, out var bytes))
            {
                sum += bytes;
            }
        }

        return sum;
    }

    /// <summary>All that is charged less the file cache that nobody uses, which the kernel takes back first; and of it what is no file, which is what a move carries.</summary>
    private (double Held, double Resident)? Memory(string file)
    {
        var stat = ProcText.Read(Path.Combine(Path.GetDirectoryName(file)!, "memory.stat"));
        if (ProcText.Number(file) is not { } usage || stat is null)
        {
            return null;
        }

        var (idle, anonymous, shared) = _layout.IsV2 ? ("inactive_file", "anon", "shmem") : ("total_inactive_file", "total_rss", "total_shmem");
        return (Math.Max(usage - (ProcText.Field(stat, idle) ?? 0), 0), (ProcText.Field(stat, anonymous) ?? 0) + (ProcText.Field(stat, shared) ?? 0));
    }

    /// <summary>/proc/PID/cgroup: <c>ID:controller,controller:/path</c>.</summary>
    private bool Counts(string? membership, string controller)
        => membership is not null && membership.Split('\n').Select(line => line.Split(':', 3)).Any(parts => parts.Length == 3 && parts[1].Split(',').Contains(controller) && IsWithin(parts[2]));

    private bool IsWithin(string path) => path == _path || path.StartsWith(_path + "/", StringComparison.Ordinal);

    private string? Existing(string? mount, string file) => mount is not null && mount + _path + "/" + file is var path && File.Exists(path) ? path : null;
}
