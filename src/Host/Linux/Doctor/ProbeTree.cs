using System.Globalization;
using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Containers;
using ActorMigration.Host.Linux.Criu;
using ActorMigration.Host.Linux.Processes;

namespace ActorMigration.Host.Linux.Doctor;

/// <summary>Probes that make something: each makes it under a random name and takes it away, whatever happens between.</summary>
internal sealed class ProbeTree(TimeProvider time)
{
    /// <summary>In a directory of this mount namespace: CRIU dumps no process whose working directory, like perhaps our own, lies outside of it.</summary>
    private static readonly ToolCommand Sleep = new("sleep", "60") { WorkingDirectory = "/" };

    /// <summary>Freezes and thaws a child of ours in a cgroup of its own.</summary>
    internal async Task<(DoctorVerdict Verdict, string Sentence)> FreezerAsync(CancellationToken cancel)
    {
        if (CgroupLayout.Find() is not { } layout)
        {
            return (DoctorVerdict.Missing, "no cgroup freezer is mounted below /sys/fs/cgroup; a container could not be stopped without racing it");
        }

        var cgroup = layout.Open($"/amig-doctor-{Guid.NewGuid():N}");
        Directory.CreateDirectory(cgroup.Directory);
        var child = ToolProcess.StartDetached(Sleep);
        try
        {
            await File.WriteAllTextAsync(Path.Combine(cgroup.Directory, "cgroup.procs"), child.Identity.Pid.ToString(CultureInfo.InvariantCulture), cancel).ConfigureAwait(false);
            var start = time.GetTimestamp();
            await cgroup.FreezeAsync(time).ConfigureAwait(false);
            var took = time.GetElapsedTime(start);
            cgroup.Thaw();
            return HostDoctor.Ok($"cgroup {(layout.IsV2 ? "v2" : "v1")} at {layout.FreezerMount} froze a process in {took.TotalMilliseconds:0.0} ms");
        }
        finally
        {
            child.KillTree();
            await child.Exited.ConfigureAwait(false);
            await cgroup.WaitEmptyAsync(time).ConfigureAwait(false);
            Directory.Delete(cgroup.Directory);
        }
    }

    /// <summary>Mounts an overlay and writes through it.</summary>
    internal static (DoctorVerdict Verdict, string Sentence) Overlay()
    {
        var root = Directory.CreateTempSubdirectory("amig-doctor-").FullName;
        var mountPoint = Path.Combine(root, "merged");
        try
        {
            foreach (var part in (string[])["lower", "upper", "work", "merged"])
            {
                Directory.CreateDirectory(Path.Combine(root, part));
            }

            File.WriteAllText(Path.Combine(root, "lower", "file"), "below");
            if (Interop.Tmpfs.Mount("overlay", mountPoint, "overlay", 0, $"lowerdir={root}/lower,upperdir={root}/upper,workdir={root}/work") != 0)
            {
                throw LinuxException.FromLastError("mount overlay", mountPoint);
            }

            File.AppendAllText(Path.Combine(mountPoint, "file"), ", above");
            return File.ReadAllText(Path.Combine(root, "upper", "file")) == "below, above"
                ? HostDoctor.Ok("overlayfs mounts and copies up")
                : (DoctorVerdict.Missing, "overlayfs mounts, but a changed file does not appear in its upper layer");
        }
        finally
        {
            MountTable.DetachBelow(root);
            Directory.Delete(root, recursive: true);
        }
    }

    /// <summary>Makes a network namespace and looks into it.</summary>
    internal async Task<(DoctorVerdict Verdict, string Sentence)> NetworkNamespaceAsync(CancellationToken cancel)
    {
        var result = await ToolProcess.RunAsync(
            new ToolCommand("unshare", "--net", "cat", "/proc/net/dev") { Environment = RuncTool.CleanEnvironment }, time, cancel).ConfigureAwait(false);
        return result.Output.Contains("lo:", StringComparison.Ordinal)
            ? HostDoctor.Ok("a network namespace could be made")
            : (DoctorVerdict.Missing, "a new network namespace has no loopback device");
    }

    /// <summary>CRIU on a process without a container: dumps it, which ends it, restores it, and finds it alive again.</summary>
    internal async Task<(DoctorVerdict Verdict, string Sentence)> DumpAndRestoreAsync(CriuTool criu, CancellationToken cancel)
    {
        var images = Directory.CreateTempSubdirectory("amig-doctor-").FullName;
        var child = ToolProcess.StartDetached(Sleep);
        var pid = child.Identity.Pid;
        ProcessIdentity? restored = null;
        try
        {
            var start = time.GetTimestamp();
            await CallAsync(criu, images, "dump.log", ["dump", "--tree", pid.ToString(CultureInfo.InvariantCulture)], cancel).ConfigureAwait(false);
            await child.Exited.ConfigureAwait(false);
            await CallAsync(criu, images, "restore.log", ["restore", "--restore-detached"], cancel).ConfigureAwait(false);
            var took = time.GetElapsedTime(start);
            restored = ProcessIdentity.Find(pid);
            return restored is not null
                ? HostDoctor.Ok($"a process was dumped and restored in {took.TotalMilliseconds:0} ms")
                : (DoctorVerdict.Missing, $"CRIU restored a process without an error, but there is no pid {pid}");
        }
        finally
        {
            child.KillTree();
            if (restored is { IsAlive: true })
            {
                Signals.Send(pid, Signals.SIGKILL);
            }

            Directory.Delete(images, recursive: true);
        }
    }

    private async Task CallAsync(CriuTool criu, string images, string log, string[] arguments, CancellationToken cancel)
    {
        // No deadline: a criu that is killed leaves its victim broken, and this one has 60 s to live anyway.
        var command = new ToolCommand(criu.Program, [.. arguments, "--images-dir", images, "--log-file", log, "-v2"])
        { Environment = RuncTool.CleanEnvironment, Deadline = Timeout.InfiniteTimeSpan };
        var result = await ToolProcess.TryRunAsync(command, time, cancel).ConfigureAwait(false);
        if (result.ExitCode != 0)
        {
            throw new ToolFailedException(command, result.ExitCode, CriuLog.Summary(CriuLog.Errors(Path.Combine(images, log))));
        }
    }
}
