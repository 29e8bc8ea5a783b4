using Spectre.Console;

namespace ActorMigration.Host.Cli;

/// <summary>Where a command writes: results to <see cref="Out"/>, progress and errors to <see cref="Error"/>. Tests give their own writers and a fixed width.</summary>
/// <param name="Out">Standard output.</param>
/// <param name="Error">Standard error.</param>
/// <param name="IsInteractive">True when <paramref name="Error"/> is a terminal, which may be overwritten line by line.</param>
/// <param name="Width">Columns of tables.</param>
/// <param name="Colours">True when <paramref name="Out"/> is a terminal that takes colours.</param>
/// <param name="In">What a person types; null when nobody can.</param>
public sealed record Terminal(TextWriter Out, TextWriter Error, bool IsInteractive, int Width, bool Colours, TextReader? In = null)
{
    /// <summary>Columns when the output is not a terminal: wide enough that no table of ours folds.</summary>
    private const int PipeWidth = 200;

    public static Terminal OfProcess()
    {
        var piped = Console.IsOutputRedirected;
        var colours = !piped && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        return new Terminal(Console.Out, Console.Error, !Console.IsErrorRedirected, piped ? PipeWidth : Math.Max(40, Console.WindowWidth), colours, Console.IsInputRedirected || Console.IsErrorRedirected ? null : Console.In);
    }

    /// <summary>Writes a table without borders that the shell could trip over.</summary>
    public void Write(Table table)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = Colours ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = Colours ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(Out),
        });
        console.Profile.Width = Width;
        console.Write(table);
    }

    /// <summary>A table in the one style that all commands share.</summary>
    public static Table Table(params string[] headings)
    {
        var table = new Table { Border = TableBorder.None, UseSafeBorder = true };
        foreach (var heading in headings)
        {
            table.AddColumn(new TableColumn(Markup.Escape(heading)) { NoWrap = true, Padding = new Padding(0, 0, 2, 0) });
        }

        return table;
    }
}
