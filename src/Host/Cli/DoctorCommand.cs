using System.CommandLine;
using ActorMigration.Host.Http;
using ActorMigration.Host.Linux.Doctor;
using ActorMigration.Host.Linux.Tracking;
using Spectre.Console;

namespace ActorMigration.Host.Cli;

/// <summary><c>amig doctor</c>: what this host can do, found by doing it. Needs root and no daemon.</summary>
internal static class DoctorCommand
{
    internal static Command Create(CliContext context)
    {
        var criu = new Option<string?>("--criu") { Description = "CRIU to examine; found as the daemon finds it if not given.", HelpName = "PATH" };
        var runc = new Option<string>("--runc") { Description = "runc to examine.", HelpName = "PATH", DefaultValueFactory = _ => "runc" };
        var command = new Command("doctor", "Examine what this host's kernel, runc and CRIU can do, by doing it (as root).") { criu, runc };
        command.SetAction(async (parsed, cancel) =>
        {
            var findings = (await new HostDoctor(parsed.GetValue(runc)!, parsed.GetValue(criu), context.Time).ExamineAsync(cancel).ConfigureAwait(false)).Append(Tracking()).ToArray();
            var answer = new DoctorJson([.. findings.Select(one => new DoctorFindingJson(one.Name, one.Verdict.ToString(), one.Sentence))]);
            context.Print(parsed, answer, ApiJson.Default.DoctorJson, it => context.Terminal.Write(Table(it)));
            return (int)(findings.Any(one => one.Verdict == DoctorVerdict.Missing) ? ExitCode.Failed : ExitCode.Ok);
        });
        return command;
    }

    private static DoctorFinding Tracking()
    {
        try
        {
            return TrackingSupport.Probe() is { WhyNot: { } reason }
                ? new DoctorFinding("tracking", DoctorVerdict.Degraded, $"{reason}: memory is copied in one piece while the container is frozen")
                : new DoctorFinding("tracking", DoctorVerdict.Ok, "written pages of running programs can be tracked, so memory is copied before the stop");
        }
        catch (Linux.LinuxException failure)
        {
            return new DoctorFinding("tracking", DoctorVerdict.Degraded, $"tracking of written pages could not be tried: {failure.Message}");
        }
    }

    private static Table Table(DoctorJson answer)
    {
        var table = Terminal.Table("PROBE", "RESULT", "FINDING");
        foreach (var one in answer.Findings)
        {
            var colour = one.Verdict == nameof(DoctorVerdict.Ok) ? "green" : one.Verdict == nameof(DoctorVerdict.Degraded) ? "yellow" : "red";
            table.AddRow(Markup.Escape(one.Probe), $"[{colour}]{one.Verdict}[/]", Markup.Escape(one.Finding));
        }

        return table;
    }
}
