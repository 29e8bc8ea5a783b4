using System.CommandLine;
using System.Globalization;
using ActorMigration.Host.Http;
using Spectre.Console;

namespace ActorMigration.Host.Cli;

/// <summary><c>amig migrations</c>, <c>amig migration show</c> and <c>amig cancel</c>; <c>amig migration resolve</c> is <see cref="ResolveCommand"/>.</summary>
internal static class MigrationCommands
{
    /// <summary>Characters of an id in tables; any unique beginning is accepted back.</summary>
    private const int ShownIdLength = 8;

    internal static Command List(CliContext context)
        => context.Ask("migrations", "List migrations: open ones first, then the newest.", async (parsed, client, cancel) =>
        {
            var answer = await client.GetAsync("/v1/migrations", ApiJson.Default.MigrationsJson, cancel).ConfigureAwait(false);
            context.Print(parsed, answer, ApiJson.Default.MigrationsJson, it => context.Terminal.Write(Table(it)));
            return ExitCode.Ok;
        });

    internal static Command Migration(CliContext context)
    {
        var id = Reference();
        var show = context.Ask("show", "Show one migration: phases, rounds, the parts of the stop.", async (parsed, client, cancel) =>
        {
            var answer = await client.GetAsync($"/v1/migrations/{Uri.EscapeDataString(parsed.GetValue(id)!)}", ApiJson.Default.MigrationJson, cancel).ConfigureAwait(false);
            context.Print(parsed, answer, ApiJson.Default.MigrationJson, it =>
            {
                MigrationReport.Write(context.Terminal, it);
                if (it.Sentence.Length > 0)
                {
                    context.Terminal.Out.WriteLine();
                    context.Terminal.Out.WriteLine(it.Sentence);
                }
            });
            return ExitCode.Ok;
        }, id);
        return new Command("migration", "One migration.") { show, ResolveCommand.Create(context) };
    }

    internal static Command Cancel(CliContext context)
    {
        var id = Reference();
        return context.Ask("cancel", "Give a migration up; after the freeze the register decides.", async (parsed, client, cancel) =>
        {
            var answer = await client.PostAsync($"/v1/migrations/{Uri.EscapeDataString(parsed.GetValue(id)!)}/cancel", ApiJson.Default.MigrationIdJson, cancel).ConfigureAwait(false);
            context.Print(parsed, answer, ApiJson.Default.MigrationIdJson, it => context.Terminal.Out.WriteLine($"Migration {it.Id} is being cancelled; see 'amig migration show {it.Id}'."));
            return ExitCode.Ok;
        }, id);
    }

    internal static Table Table(MigrationsJson migrations)
    {
        var table = Terminal.Table("ID", "CONTAINER", "FROM", "TO", "PHASE", "OUTCOME", "STOP", "STARTED");
        foreach (var one in migrations.Migrations)
        {
            table.AddRow(
                Markup.Escape(one.Id[..ShownIdLength]),
                Markup.Escape(one.Container),
                Markup.Escape(one.Source),
                Markup.Escape(one.Destination),
                one.Phase,
                Outcome(one),
                one.StopMs > 0 ? Quantities.Milliseconds(one.StopMs) : "-",
                one.StartedAt.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        }

        return table;
    }

    internal static Argument<string> Reference() => new Argument<string>("ID|CONTAINER") { Description = "A unique beginning of a migration's id, or a container, for its newest migration." }.OfName();

    private static string Outcome(MigrationJson one) => one.Outcome switch
    {
        "Committed" => "[green]Committed[/]",
        "Aborted" or "Lost" => $"[red]{one.Failure}[/]",
        _ => "[yellow]Open[/]",
    };
}
