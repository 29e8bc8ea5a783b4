using System.CommandLine;
using ActorMigration.Host.Http;
using Spectre.Console;

namespace ActorMigration.Host.Cli;

/// <summary><c>amig hosts</c>.</summary>
internal static class HostCommands
{
    internal static Command Hosts(CliContext context)
        => context.Ask("hosts", "List the hosts of the cluster as this one sees them.", async (parsed, client, cancel) =>
        {
            var answer = await client.GetAsync("/v1/hosts", ApiJson.Default.HostsJson, cancel).ConfigureAwait(false);
            context.Print(parsed, answer, ApiJson.Default.HostsJson, it => context.Terminal.Write(Table(it)));
            foreach (var one in answer.Hosts.Where(host => host.Against is { Length: > 0 }))
            {
                context.Terminal.Error.WriteLine($"amig: {one.Against}.");
            }

            return ExitCode.Ok;
        });

    internal static Table Table(HostsJson hosts)
    {
        var table = Terminal.Table("HOST", "ADDRESS", "STATUS", "REACHABLE", "VOTER", "TRUST");
        foreach (var one in hosts.Hosts)
        {
            table.AddRow(
                Markup.Escape(one.Host + (one.IsSelf ? " (this)" : "")),
                Markup.Escape(one.Address),
                one.Status == "Up" ? "[green]Up[/]" : $"[yellow]{Markup.Escape(one.Status)}[/]",
                one.Reachable ? "yes" : "[red]no[/]",
                one.Votes ? "yes" : "no",
                one.Trust switch
                {
                    "proved" => "[green]proved[/]",
                    "rejected" => "[red]rejected[/]",
                    "unproved" => "[yellow]unproved[/]",
                    _ => Markup.Escape(one.Trust),
                });
        }

        return table;
    }
}
