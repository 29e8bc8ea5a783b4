using System.Globalization;
using static ActorMigration.Host.Linux.Interop.LazyFault;

namespace ActorMigration.Host.Linux.Pager;

/// <summary>
/// <c>amig pager WORK STORE IMAGES CGROUP</c>, a hidden command that only <see cref="PagerClient"/> calls. Started before the
/// freeze, so that the runtime's start is not in the stop. It depends on no daemon: nothing is inherited and nobody is asked.
/// </summary>
internal static class PagerProcess
{
    /// <summary>Exit code 0: complete, or nobody is left.</summary>
    internal static int Run(string work, string store, string images, string cgroup, TimeProvider time)
    {
        Protect(cgroup);
        Directory.SetCurrentDirectory(work);
        // Before anything is opened, while this process is small; from here on the twin has every descriptor as well.
        using var twin = TableTwin.Start();
        twin.Announce();
        PagerWarmUp.Run(store);
        using var log = EventLog.Create();
        using var engine = new FillEngine(store, images, log, afterAnother: false);
        using var keeper = new KeeperLink();
        keeper.Hello(Environment.ProcessId, twin.Pid, (int)log.File.DangerousGetHandle());
        using var restore = new RestoreSocket();
        using (var server = new PagerServer(engine, keeper, restore, time))
        {
            server.Run();
        }

        // The last holder closes last: first the twin's table, then ours.
        twin.Dispose();
        return 0;
    }

    /// <summary>What both helpers do first: out of the daemon's and the container's cgroup, last in line for the OOM killer, no core dumps.</summary>
    internal static void Protect(string cgroup)
    {
        if (cgroup.Length > 0)
        {
            File.WriteAllText(Path.Combine(cgroup, "cgroup.procs"), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        }

        if (Prctl(PR_SET_DUMPABLE, 0) != 0)
        {
            throw LinuxException.FromLastError("prctl(PR_SET_DUMPABLE)", "this process");
        }

        try
        {
            File.WriteAllText("/proc/self/oom_score_adj", "-1000");
        }
        catch (UnauthorizedAccessException)
        {
            // Without CAP_SYS_RESOURCE the helper is as exposed as any process; the keeper and the twin are there for its death.
        }
    }
}
