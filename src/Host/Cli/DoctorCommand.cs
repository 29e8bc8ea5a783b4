using System.CommandLine;
using ActorMigration.Contracts;
using ActorMigration.Host.Http;
using ActorMigration.Host.Linux.Doctor;
using Spectre.Console;

namespace ActorMigration.Host.Cli;

/// <summary>
/// <c>amig doctor</c>: what hosts can do, found by doing it. Asks the daemon, which examines all members; without one, or when told so, it examines this host
/// itself, which needs root and leaves the TPM out.
/// </summary>
internal static class DoctorCommand
{
    internal static Command Create(CliContext context)
    {
        var host = new Option<string?>("--host") { Description = "Examine this member only.", HelpName = "HOST" };
        var local = new Option<bool>("--local") { Description = "Examine this host without asking its daemon (as root)." };
        var criu = new Option<string?>("--criu") { Description = "CRIU to examine, which implies --local; found as the daemon finds it if not given.", HelpName = "PATH" };
        var runc = new Option<string?>("--runc") { Description = "runc to examine, which implies --local.", HelpName = "PATH" };
        var command = new Command("doctor", "Examine what the hosts' kernel, runc, CRIU and TPM can do, by doing it.") { host, local, criu, runc };
        bool IsLocal(System.CommandLine.Parsing.CommandResult result) => result.GetValue(local) || result.GetValue(criu) is not null || result.GetValue(runc) is not null;
        command.Validators.Add(result =>
        {
            if (result.GetValue(host) is not null && IsLocal(result))
            {
                result.AddError("--host asks the daemon; --local, --criu and --runc examine this host without it.");
            }
        });
        command.SetAction(async (parsed, cancel) =>
        {
            var asked = IsLocal(parsed.CommandResult) ? null : await AskAsync(context, parsed, parsed.GetValue(host), cancel).ConfigureAwait(false);
            var answer = asked ?? await ExamineAsync(
                new HostDoctor(parsed.GetValue(runc) ?? "runc", parsed.GetValue(criu), tracking: true, context.Time),
                IsLocal(parsed.CommandResult) ? "only the daemon uses it" : $"no daemon answers on {parsed.GetValue(context.Socket)}, and only the daemon uses it",
                cancel).ConfigureAwait(false);
            context.Print(parsed, answer, ApiJson.Default.DoctorJson, it => context.Terminal.Write(Table(it)));
            return (int)(answer.Findings.Any(one => one.Verdict == nameof(DoctorVerdict.Missing)) ? ExitCode.Failed : ExitCode.Ok);
        });
        return command;
    }

    /// <summary>Null when there is no daemon to ask and all hosts were meant, so that this one is all that can be had.</summary>
    private static async Task<DoctorJson?> AskAsync(CliContext context, ParseResult parsed, string? host, CancellationToken cancel)
    {
        using var client = context.Open(parsed);
        try
        {
            return await client.GetAsync(host is null ? "/v1/doctor" : $"/v1/doctor?host={Uri.EscapeDataString(host)}", ApiJson.Default.DoctorJson, cancel).ConfigureAwait(false);
        }
        catch (CliException none) when (none.Code == ExitCode.NoDaemon && host is null)
        {
            return null;
        }
    }

    private static async Task<DoctorJson> ExamineAsync(HostDoctor doctor, string whyNoTpm, CancellationToken cancel)
    {
        var tpm = new DoctorFinding("tpm", DoctorVerdict.Degraded, $"not examined: {whyNoTpm}");
        return new DoctorJson([.. (await doctor.ExamineAsync(cancel).ConfigureAwait(false)).Append(tpm).Select(one => DoctorFindingJson.From(Environment.MachineName, one))]);
    }

    internal static Table Table(DoctorJson answer)
    {
        var table = Terminal.Table("HOST", "PROBE", "RESULT", "FINDING");
        // Sentences are long: they are folded within their column, so that the others stay readable.
        table.Columns[^1].NoWrap = false;
        foreach (var one in answer.Findings)
        {
            var colour = one.Verdict == nameof(DoctorVerdict.Ok) ? "green" : one.Verdict == nameof(DoctorVerdict.Degraded) ? "yellow" : "red";
            table.AddRow(Markup.Escape(one.Host), Markup.Escape(one.Probe), $"[{colour}]{one.Verdict}[/]", Markup.Escape(one.Finding));
        }

        return table;
    }
}
