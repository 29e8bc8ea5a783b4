using System.Globalization;
using ActorMigration.Contracts;
using ActorMigration.Host.Http;
using Spectre.Console;

namespace ActorMigration.Host.Cli;

/// <summary>Prints one attempt in full: how it ended, the six phases in ms, the rounds, the parts of the stop.</summary>
internal static class MigrationReport
{
    internal static void Write(Terminal terminal, MigrationJson it)
    {
        terminal.Out.WriteLine(Headline(it));
        terminal.Write(Phases(it));
        if (it.Rounds.Length > 0)
        {
            terminal.Out.WriteLine();
            terminal.Write(Rounds(it));
        }

        if (it.MemoryDigest is { } digest)
        {
            terminal.Out.WriteLine();
            terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"memory: {digest.Pages} pages under the freeze, sha256 {digest.Sha256}{(it.Outcome == nameof(AttemptOutcome.Committed) ? "; equal at the gate" : "")}"));
        }

        if (it.StopSpans.Length > 0)
        {
            terminal.Out.WriteLine();
            terminal.Write(StopSpans(it));
        }
    }

    internal static string Headline(MigrationJson it)
    {
        var how = it.Outcome switch
        {
            nameof(AttemptOutcome.Committed) => $"runs on {it.Destination} (stopped for {Quantities.Milliseconds(it.StopMs)})",
            nameof(AttemptOutcome.Lost) => $"runs nowhere: {it.Failure}; its files are on {it.Destination}",
            nameof(AttemptOutcome.Aborted) => $"stays on {it.Source}: {it.Failure}",
            _ => $"is in {it.Phase}",
        };
        return string.Create(CultureInfo.InvariantCulture, $"{it.Container} {it.Source} -> {it.Destination} {how}; migration {it.Id}, epoch {it.Epoch}.{it.Ordinal}");
    }

    private static Table Phases(MigrationJson it)
    {
        var table = Terminal.Table("PHASE", "MS");
        foreach (var phase in it.Phases)
        {
            table.AddRow(Markup.Escape(phase.Name), Ms(phase.Ms));
        }

        return RightAlign(table, from: 1);
    }

    private static Table Rounds(MigrationJson it)
    {
        var table = Terminal.Table("ROUND", "PAGES", "ZERO", "BYTES", "FILES", "MS");
        foreach (var round in it.Rounds)
        {
            table.AddRow(Count(round.Round), Count(round.Pages), Count(round.ZeroPages), Quantities.Bytes(round.Bytes), Quantities.Bytes(round.FileBytes), Ms(round.ElapsedMs));
        }

        if (it.FrozenPages > 0 || it.FrozenBytes > 0)
        {
            table.AddRow("frozen", Count(it.FrozenPages), "", Quantities.Bytes(it.FrozenBytes), "", "");
        }

        return RightAlign(table, from: 1);
    }

    private static Table StopSpans(MigrationJson it)
    {
        var table = Terminal.Table("STOP", "MS");
        foreach (var span in it.StopSpans)
        {
            table.AddRow(Markup.Escape(span.Name), Ms(span.Ms));
        }

        return RightAlign(table, from: 1);
    }

    private static Table RightAlign(Table table, int from)
    {
        foreach (var column in table.Columns.Skip(from))
        {
            column.Alignment = Justify.Right;
        }

        return table;
    }

    private static string Count(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Ms(double ms) => ms.ToString("0.0", CultureInfo.InvariantCulture);
}
