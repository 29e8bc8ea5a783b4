using System.Globalization;

namespace ActorMigration.Host.Linux.Load;

/// <summary>
/// Counters of one container as the sum over its processes: for what the kernel does not count by cgroup. A process that ends hands its counters to the parent that waits for it, so that the sum stays; between its end and
/// the wait it is nobody's. Not thread-safe; one for each container and fence.
/// </summary>
internal sealed class ProcessCounters
{
    private readonly SteadySum _cpu = new();
    private readonly SteadySum _disk = new();

    /// <summary>Looks at all processes.</summary>
    /// <param name="pids">Of the container, now.</param>
    /// <param name="withCpu">False where a cgroup counts it.</param>
    /// <param name="withMemory">The same.</param>
    /// <returns>Core seconds, bytes read and written, and what they hold in memory now; 0 for what was not to be looked at.</returns>
    internal (double CpuSeconds, double DiskBytes, double ResidentBytes) Look(IEnumerable<int> pids, bool withCpu, bool withMemory)
    {
        var (cpu, disk, resident) = (0.0, 0.0, 0.0);
        foreach (var pid in pids)
        {
            disk += DiskBytes(ProcText.Read($"/proc/{pid}/io"));
            cpu += withCpu ? CpuSeconds(ProcText.Read($"/proc/{pid}/stat")) : 0;
            resident += withMemory ? ResidentBytes(ProcText.Read($"/proc/{pid}/status")) : 0;
        }

        return (_cpu.After(cpu), _disk.After(disk), resident);
    }

    /// <summary>proc(5): utime, stime, and those of children that were waited for are fields 14 to 17, the twelfth and those that follow after the name's last bracket.</summary>
    internal static double CpuSeconds(string? stat)
    {
        const int First = 11, Fields = 4;
        var end = stat?.LastIndexOf(')') ?? -1;
        return end < 0 ? 0 : stat![(end + 2)..].Split(' ').Skip(First).Take(Fields).Sum(field => double.Parse(field, CultureInfo.InvariantCulture)) / HostFiles.TicksPerSecond;
    }

    /// <summary>
    /// /proc/PID/io: what went to or came from a disk, counted when it was asked for, children that were waited for included (kernel/exit.c, wait_task_zombie). What was written and thrown away before it got to the disk
    /// (<c>cancelled_write_bytes</c>) stays counted: taking it off would make the counter go back.
    /// </summary>
    internal static double DiskBytes(string? io) => (ProcText.Field(io, "read_bytes") ?? 0) + (ProcText.Field(io, "write_bytes") ?? 0);

    /// <summary>/proc/PID/status, in kB: private memory and shared memory, which is what a move carries. Shared memory of several processes counts for each.</summary>
    internal static double ResidentBytes(string? status) => ((ProcText.Field(status, "RssAnon") ?? 0) + (ProcText.Field(status, "RssShmem") ?? 0)) * 1024;
}
