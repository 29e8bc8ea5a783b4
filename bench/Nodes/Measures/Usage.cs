using System.Diagnostics;
using System.Globalization;

namespace ActorMigration.Nodes;

/// <summary>What this process has used up to one moment, and what has gone over its loopback interface (with TCP and IP headers and bare acknowledgements; of this process alone where bench/cluster.sh has given it a network of its own).</summary>
internal sealed record Usage(TimeSpan At, TimeSpan Cpu, long WireBytes, long WirePackets)
{
    public static Usage Now(TimeProvider clock)
    {
        var lo = File.ReadLines("/proc/self/net/dev").Select(line => line.Split((char[])[' ', ':'], StringSplitOptions.RemoveEmptyEntries)).First(fields => fields[0] == "lo");
        return new Usage(
            Stopwatch.GetElapsedTime(0, clock.GetTimestamp()), Environment.CpuUsage.TotalTime, long.Parse(lo[1], CultureInfo.InvariantCulture), long.Parse(lo[2], CultureInfo.InvariantCulture));
    }

    public static double ResidentMiB()
    {
        using var self = Process.GetCurrentProcess();
        return self.WorkingSet64 / (double)(1 << 20);
    }

    public static int Threads() => Directory.GetDirectories("/proc/self/task").Length;

    /// <summary>Of one minute, of the whole machine.</summary>
    public static double LoadAverage() => double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture);

    /// <summary>Time on a processor of the calling thread.</summary>
    public static unsafe TimeSpan ThreadCpu()
    {
        var time = stackalloc long[2];
        return Interop.ClockGetTime(Interop.CLOCK_THREAD_CPUTIME_ID, time) == 0 ? TimeSpan.FromSeconds(time[0]) + TimeSpan.FromTicks(time[1] / 100) : throw new InvalidOperationException("clock_gettime(CLOCK_THREAD_CPUTIME_ID) failed.");
    }
}
