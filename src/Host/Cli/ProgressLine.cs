using System.Globalization;
using ActorMigration.Host.Http;

namespace ActorMigration.Host.Cli;

/// <summary>
/// Shows an attempt as it goes on. On a terminal the last line is overwritten; elsewhere a line is written for each step and each
/// round, and nothing is ever taken back.
/// </summary>
internal sealed class ProgressLine(Terminal terminal)
{
    private const int PageBytes = 4096;

    private string _shown = "";
    private string _phase = "";

    internal void Show(MigrationJson now)
    {
        var line = Text(now);
        if (line == _shown)
        {
            return;
        }

        if (!terminal.IsInteractive)
        {
            if (Stage(now) != _phase)
            {
                terminal.Error.WriteLine(line);
            }
        }
        else
        {
            // A finished phase keeps its line; carriage return and "erase line" (ECMA-48 EL 2) take the unfinished one back.
            terminal.Error.Write(_phase.Length > 0 && now.Phase != _phase ? "\n" : "\r\e[2K");
            terminal.Error.Write(line.Length < terminal.Width ? line : line[..(terminal.Width - 1)]);
            terminal.Error.Flush();
        }

        _shown = line;
        _phase = terminal.IsInteractive ? now.Phase : Stage(now);
    }

    internal void End()
    {
        if (terminal.IsInteractive && _shown.Length > 0)
        {
            terminal.Error.WriteLine();
        }
    }

    /// <summary>One line: phase, time in it, and what can be said about pre-copy.</summary>
    internal static string Text(MigrationJson now)
    {
        var time = now.Phases.LastOrDefault(phase => phase.Name == now.Phase) is { } span ? Quantities.Milliseconds(span.Ms) : "";
        var parts = new List<string> { $"{now.Container} {now.Source} -> {now.Destination}", $"{now.Phase,-16} {time,9}" };
        if (now.Step.Length > 0 && !now.HasEnded)
        {
            parts.Add(now.Step);
        }

        if (now.Rounds.Length > 0)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"round {now.Rounds[^1].Round}"));
            parts.Add(Quantities.Bytes(now.Rounds.Sum(round => round.Bytes)) + " sent");
            parts.Add(Quantities.Bytes(now.DirtyPagesPerSecond * PageBytes) + "/s dirtied");
        }

        if (now is { PredictedStopMs: > 0, StopMs: 0 })
        {
            parts.Add("predicted stop " + Quantities.Milliseconds(now.PredictedStopMs));
        }

        if (now.StopMs > 0)
        {
            parts.Add("stopped " + Quantities.Milliseconds(now.StopMs));
        }

        return string.Join(" | ", parts);
    }

    /// <summary>What must change for a new line where lines cannot be taken back.</summary>
    private static string Stage(MigrationJson now) => string.Create(CultureInfo.InvariantCulture, $"{now.Phase}/{now.Step}/{now.Rounds.Length}/{now.Outcome}");
}
