using System.CommandLine;
using ActorMigration.Host.Http;
using Spectre.Console;

namespace ActorMigration.Host.Cli;

/// <summary><c>amig voters</c>.</summary>
internal static class VoterCommands
{
    internal static Command Voters(CliContext context)
        => context.Ask("voters", "List the voters that decide who runs a container, and whether they can.", async (parsed, client, cancel) =>
        {
            var answer = await client.GetAsync("/v1/voters", ApiJson.Default.VotersJson, cancel).ConfigureAwait(false);
            context.Print(parsed, answer, ApiJson.Default.VotersJson, it => context.Terminal.Write(Table(it)));
            return ExitCode.Ok;
        });

    internal static Table Table(VotersJson voters)
    {
        var table = Terminal.Table("VOTER", "STATE", "CONTAINERS", "SET", "INCARNATION");
        foreach (var one in voters.Voters)
        {
            table.AddRow(
                Markup.Escape(one.Host),
                one.State switch
                {
                    VoterJson.Votes => "[green]votes[/]",
                    VoterJson.Silent => "[red]silent[/]",
                    var waiting => $"[yellow]{Markup.Escape(waiting)}[/]",
                },
                one.State == VoterJson.Silent ? "" : one.Containers.ToString(System.Globalization.CultureInfo.InvariantCulture),
                one.State == VoterJson.Silent ? "" : one.Set.ToString(System.Globalization.CultureInfo.InvariantCulture),
                Markup.Escape(one.Incarnation));
        }

        return table;
    }
}
