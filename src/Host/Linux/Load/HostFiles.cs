using System.Globalization;
using ActorMigration.Actors;

namespace ActorMigration.Host.Linux.Load;

/// <summary>Parsers of what /proc says of the whole host. Pure.</summary>
internal static class HostFiles
{
    /// <summary>Clock ticks per second in /proc (USER_HZ): 100 on every architecture that .NET runs on, whatever the kernel's own HZ.</summary>
    internal const double TicksPerSecond = 100;

    /// <summary>Bytes of a sector in /proc/diskstats, whatever the disk's own sectors are (Documentation/admin-guide/iostats.rst).</summary>
    private const double SectorBytes = 512;

    /// <summary>
    /// /proc/stat: <c>cpu user nice system idle iowait irq softirq steal guest guest_nice</c>, then one line <c>cpuN</c> for each core that is on line. Busy is what is neither idle, nor waiting for a
    /// disk, nor taken by a hypervisor; guests are in user already.
    /// </summary>
    internal static (double Cores, double BusySeconds) Cpu(string stat)
    {
        var (cores, ticks) = (0, 0.0);
        foreach (var line in ProcText.Lines(stat))
        {
            if (!line.StartsWith("cpu", StringComparison.Ordinal))
            {
                break;
            }

            if (line[3] != ' ')
            {
                cores++;
                continue;
            }

            var fields = line.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries);
            ticks = new[] { 1, 2, 3, 6, 7 }.Where(i => i < fields.Length).Sum(i => double.Parse(fields[i], CultureInfo.InvariantCulture));
        }

        return (cores, ticks / TicksPerSecond);
    }

    /// <summary>/proc/meminfo, in kB: what is used is what the kernel could not give to a new program without swapping.</summary>
    internal static (double Total, double Used) Memory(string meminfo)
    {
        var total = (ProcText.Field(meminfo, "MemTotal") ?? 0) * 1024;
        return (total, Math.Max(total - ((ProcText.Field(meminfo, "MemAvailable") ?? 0) * 1024), 0));
    }

    /// <summary>
    /// /proc/diskstats: <c>major minor name reads merged sectors ms writes merged sectors ms …</c>, over the disks that <paramref name="isDisk"/> knows. Partitions, loop devices and device mappers would
    /// count the same bytes again.
    /// </summary>
    internal static double DiskBytes(string diskstats, Predicate<string> isDisk)
    {
        var sectors = 0.0;
        foreach (var line in ProcText.Lines(diskstats))
        {
            var fields = line.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length > 9 && isDisk(fields[2]))
            {
                sectors += double.Parse(fields[5], CultureInfo.InvariantCulture) + double.Parse(fields[9], CultureInfo.InvariantCulture);
            }
        }

        return sectors * SectorBytes;
    }

    /// <summary>/proc/net/dev: two lines of heads, then <c>name: bytes packets errs drop fifo frame compressed multicast bytes …</c>, received before sent. Bytes both ways, by interface.</summary>
    internal static Dictionary<string, double> NetworkBytes(string dev)
    {
        var bytes = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var line in ProcText.Lines(dev))
        {
            var colon = line.IndexOf(':');
            var fields = colon < 0 ? [] : line[(colon + 1)..].ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length > 8)
            {
                bytes[line[..colon].Trim().ToString()] = double.Parse(fields[0], CultureInfo.InvariantCulture) + double.Parse(fields[8], CultureInfo.InvariantCulture);
            }
        }

        return bytes;
    }

    /// <summary>/proc/pressure/X: <c>some avg10=0.00 avg60=0.00 avg300=0.00 total=MICROSECONDS</c>, and the same with "full". Null where the kernel does not count it.</summary>
    internal static StallTime? Stall(string? pressure)
    {
        double? Total(string word)
        {
            foreach (var line in ProcText.Lines(pressure))
            {
                var at = line.IndexOf("total=", StringComparison.Ordinal);
                if (line.StartsWith(word, StringComparison.Ordinal) && at > 0)
                {
                    return double.Parse(line[(at + 6)..], CultureInfo.InvariantCulture) / 1e6;
                }
            }

            return null;
        }

        return Total("some") is { } some ? new StallTime(some, Total("full") ?? 0) : null;
    }
}
