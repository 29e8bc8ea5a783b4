using System.CommandLine;
using ActorMigration.Host.Http;

namespace ActorMigration.Host.Cli;

/// <summary><c>amig migration resolve</c>: the operator decides where no majority of the voters is left.</summary>
internal static class ResolveCommand
{
    private const string Nobody = "nobody";

    internal static Command Create(CliContext context)
    {
        var id = MigrationCommands.Reference();
        var to = new Option<string>("--to") { Description = "Who gets the container; 'nobody' when nothing of it is left on either side.", HelpName = "source|destination|nobody", Required = true };
        to.AcceptOnlyFromAmong("source", "destination", Nobody);
        var fenced = new Option<string[]>("--fenced") { Description = "A host that is switched off; once for each that does not answer.", HelpName = "HOST", DefaultValueFactory = _ => [] };
        var reason = new Option<string>("--reason") { Description = "Kept with the verdict.", HelpName = "TEXT", DefaultValueFactory = _ => "" };
        var yes = new Option<bool>("--yes") { Description = "Do not ask; for scripts that know that the hosts are off." };
        return context.Ask(
            "resolve",
            "Decide a migration whose voters can get no majority any more: the last way out.",
            async (parsed, client, cancel) =>
            {
                var (reference, side, hosts) = (parsed.GetValue(id)!, parsed.GetValue(to)!, parsed.GetValue(fenced)!);
                if (!parsed.GetValue(yes))
                {
                    Confirm(context.Terminal, reference, side, hosts);
                }

                var request = new ResolveRequest(side, hosts, Environment.UserName, parsed.GetValue(reason)!);
                var answer = await client.PostAsync(
                    $"/v1/migrations/{Uri.EscapeDataString(reference)}/resolve", request, ApiJson.Default.ResolveRequest, ApiJson.Default.ResolvedJson, cancel).ConfigureAwait(false);
                context.Print(parsed, answer, ApiJson.Default.ResolvedJson, it => context.Terminal.Out.WriteLine(
                    it.Lost
                        ? $"{it.Container} is lost; its name is host {it.Host}'s to give back. See 'amig migration show {it.Id}', then 'amig rm {it.Container}'."
                        : it.Generation > 0
                        ? $"{it.Container} is given to host {it.Host}. Hosts that come back hear it before they act; see 'amig migration show {it.Id}'."
                        : $"The voters have given {it.Container} to host {it.Host} already; see 'amig migration show {it.Id}'."));
                return ExitCode.Ok;
            },
            id, to, fenced, reason, yes);
    }

    /// <summary>What it risks, and the word that takes the risk.</summary>
    private static void Confirm(Terminal terminal, string reference, string side, string[] hosts)
    {
        if (terminal.In is null)
        {
            throw new CliException(ExitCode.Usage, "Nobody can be asked here whether the hosts are off: say --yes when it is certain.");
        }

        var what = side == Nobody ? $"that the container of migration {reference} is lost" : $"that the {side} of migration {reference} has the container";
        var off = hosts.Length == 0 ? "no host" : string.Join(", ", hosts);
        terminal.Error.WriteLine($"""
            This decides without a majority {what}.
            You say that these hosts are off: {off}.
            If one of them still runs, the container can run there a second time. If the voters among them had decided otherwise, what the
            container did since then is lost with them. What stands on one that is not off after all may be ended when it comes back.
            """);
        var word = hosts.Length == 0 ? "resolve" : $"{string.Join(' ', hosts)} off";
        terminal.Error.Write($"Type '{word}' to go on: ");
        if (terminal.In.ReadLine()?.Trim() != word)
        {
            throw new CliException(ExitCode.Failed, "Nothing was done.");
        }
    }
}
