using System.Globalization;
using ActorMigration.Actors;
using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Containers;
using ActorMigration.Host.Linux.Criu;
using ActorMigration.Host.Linux.Processes;
using ActorMigration.Host.Linux.Tracking;

namespace ActorMigration.Host.Linux.Doctor;

/// <summary>
/// Finds what this host can do by doing it, on things of its own that it takes away again. For the daemon's doctor actor and for <c>amig doctor --local</c>; needs
/// root, takes about a second. A probe that throws is a finding, never an error of the doctor.
/// </summary>
public sealed class HostDoctor(string runcProgram, string? criuProgram, bool tracking, TimeProvider time) : IHostExamination
{
    private readonly ProbeTree _tree = new(time);

    /// <summary>All probes, in the order in which a reader would mend them.</summary>
    public async Task<IReadOnlyList<DoctorFinding>> ExamineAsync(CancellationToken cancel = default)
    {
        var findings = new List<DoctorFinding>
        {
            Probe("kernel", Kernel),
            Probe("limits", Limits),
            Probe("run-tmpfs", RunTmpfs),
            await ProbeAsync("freezer", () => _tree.FreezerAsync(cancel)).ConfigureAwait(false),
            Probe("overlayfs", ProbeTree.Overlay),
            await ProbeAsync("netns", () => _tree.NetworkNamespaceAsync(cancel)).ConfigureAwait(false),
            await ProbeAsync("runc", () => RuncAsync(cancel)).ConfigureAwait(false),
        };

        CriuTool? criu = null;
        findings.Add(await ProbeAsync("criu", async () =>
        {
            criu = await CriuTool.FindAsync(criuProgram, time, cancel).ConfigureAwait(false);
            await criu.CheckAsync(time, cancel).ConfigureAwait(false);
            return Ok($"{criu.Program} is version {criu.Version} and its check of the kernel passes");
        }).ConfigureAwait(false));
        findings.Add(criu is null
            ? new DoctorFinding("dump-restore", DoctorVerdict.Missing, "nothing was dumped, since there is no criu")
            : await ProbeAsync("dump-restore", () => _tree.DumpAndRestoreAsync(criu, cancel)).ConfigureAwait(false));
        findings.Add(Probe("tracking", () => Tracking(tracking)));
        findings.Add(Probe("skeleton", Skeleton));
        return findings;
    }

    internal static (DoctorVerdict Verdict, string Sentence) Ok(string sentence) => (DoctorVerdict.Ok, sentence);

    private static (DoctorVerdict Verdict, string Sentence) Kernel()
    {
        var version = Environment.OSVersion.Version;
        // Its interface: only kernels with CHECKPOINT_RESTORE have it.
        if (!Directory.Exists("/proc/self/map_files") || !File.Exists("/proc/sys/kernel/ns_last_pid"))
        {
            return (DoctorVerdict.Missing, $"Linux {version.ToString(3)} is built without CONFIG_CHECKPOINT_RESTORE (no /proc/sys/kernel/ns_last_pid); CRIU cannot work on it");
        }

        return Ok($"Linux {version.ToString(3)} with CHECKPOINT_RESTORE");
    }

    private static (DoctorVerdict Verdict, string Sentence) Limits()
    {
        // "Max open files            20000                20000                files"
        var line = File.ReadLines("/proc/self/limits").First(text => text.StartsWith("Max open files", StringComparison.Ordinal));
        var hard = line["Max open files".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        var enough = hard == "unlimited" || long.Parse(hard, CultureInfo.InvariantCulture) >= HostPolicy.OpenFiles;
        return enough
            ? Ok($"{hard} open files are allowed; containers get {HostPolicy.OpenFiles}")
            : (DoctorVerdict.Missing, $"the hard limit of open files is {hard}; containers have {HostPolicy.OpenFiles}: raise LimitNOFILE of the service");
    }

    private static (DoctorVerdict Verdict, string Sentence) RunTmpfs()
        => CriuTool.KeepsFeatureCache
            ? Ok("/run is a tmpfs, so CRIU keeps what it finds out about the kernel")
            : (DoctorVerdict.Degraded, "/run is not a tmpfs: CRIU probes the kernel anew each time, which makes every stop about 100 ms longer; mount a tmpfs there, or start the node in a mount namespace that has one");

    private async Task<(DoctorVerdict Verdict, string Sentence)> RuncAsync(CancellationToken cancel)
    {
        var result = await ToolProcess.RunAsync(new ToolCommand(runcProgram, "--version") { Environment = RuncTool.CleanEnvironment }, time, cancel).ConfigureAwait(false);
        return Ok(result.Output.Split('\n')[0]);
    }

    private static (DoctorVerdict Verdict, string Sentence) Tracking(bool wanted)
    {
        try
        {
            var probed = TrackingSupport.Probe();
            return (wanted ? probed : probed.SwitchedOff()).WhyNot is { } reason
                ? (DoctorVerdict.Degraded, $"{reason}: memory is copied in one piece while the container is frozen")
                : Ok("written pages of running programs can be tracked, so memory is copied before the stop");
        }
        catch (LinuxException failure)
        {
            return (DoctorVerdict.Degraded, $"tracking of written pages could not be tried: {failure.Message}");
        }
    }

    private static (DoctorVerdict Verdict, string Sentence) Skeleton()
        => SkeletonPages.Library is { } library
            ? Ok($"{Path.GetFileName(library)} keeps private pages away from CRIU, so a dump does not grow with memory")
            : (DoctorVerdict.Degraded, "built without a C compiler: a stop takes about 130 ms longer per GiB; build again with gcc");

    private static DoctorFinding Probe(string name, Func<(DoctorVerdict Verdict, string Sentence)> probe)
    {
        try
        {
            var (verdict, sentence) = probe();
            return new DoctorFinding(name, verdict, sentence);
        }
        catch (Exception e) when (IsFinding(e))
        {
            return new DoctorFinding(name, DoctorVerdict.Missing, e.Message);
        }
    }

    private static async Task<DoctorFinding> ProbeAsync(string name, Func<Task<(DoctorVerdict Verdict, string Sentence)>> probe)
    {
        try
        {
            var (verdict, sentence) = await probe().ConfigureAwait(false);
            return new DoctorFinding(name, verdict, sentence);
        }
        catch (Exception e) when (IsFinding(e))
        {
            return new DoctorFinding(name, DoctorVerdict.Missing, e.Message);
        }
    }

    /// <summary>What the system refuses; a cancellation and a defect of ours go up.</summary>
    private static bool IsFinding(Exception e) => e is IOException or UnauthorizedAccessException or NotSupportedException;
}
