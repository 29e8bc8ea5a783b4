using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using ActorMigration.Contracts;
using ActorMigration.Host.Cli;
using ActorMigration.Host.Http;
using ActorMigration.Host.Node;
using ActorMigration.Host.Tests.Http;
using ActorMigration.Host.Tests.Node;

namespace ActorMigration.Host.Tests.Cli;

/// <summary>docs/operating.md is held against the program, so that it cannot rot.</summary>
public sealed partial class OperatingDocSpec
{
    private static readonly string Text = File.ReadAllText(Path.Combine(Root(), "docs", "operating.md"));

    [Fact]
    public void Every_failure_stands_there_with_its_exit_code()
    {
        string[] names = [.. Enum.GetNames<MigrationFailure>(), .. Enum.GetNames<RequestFailure>()];

        Assert.Equal(names.Order(StringComparer.Ordinal), Rows("## Failures").Select(row => row[0]).Order(StringComparer.Ordinal));
        Assert.All(Rows("## Failures"), row => Assert.Equal((int)ExitCodes.Of(row[0]), int.Parse(row[1], CultureInfo.InvariantCulture)));
    }

    [Fact]
    public void Every_exit_code_stands_there_with_its_name()
        => Assert.Equal(
            Enum.GetValues<ExitCode>().Select(code => $"{(int)code} {code}"),
            Rows("## Exit codes").Select(row => $"{row[0]} {row[1]}"));

    [Fact]
    public void Every_configuration_key_stands_there_with_its_default()
    {
        var files = NodeSettingsSpec.With(NodeSettingsSpec.Own);
        NodeSettingsReader.Read(files, out var keys);
        var rows = Rows("## Configuration keys").ToDictionary(row => row[0].Trim('`'), row => row[1]);
        var required = new[] { "amig.host", "amig.address", "amig.seeds", "amig.voters", "amig.network.bridge", "amig.network.uplink" };

        Assert.Equal(keys.Except(required).Order(StringComparer.Ordinal), rows.Keys.Order(StringComparer.Ordinal));
        Assert.All(required, key => Assert.Contains($"`{key}`", Text, StringComparison.Ordinal));
        // The parser gives nothing for an empty list.
        Assert.All(rows, row => Assert.Equal(files.Merged.GetString(row.Key) is { Length: > 0 } text ? text : "[]", row.Value));
    }

    [Fact]
    public void Every_command_that_is_not_hidden_stands_there()
    {
        var root = AmigCommandLine.Build(new CliContext(new Terminal(TextWriter.Null, TextWriter.Null, false, 80, false), TimeProvider.System));

        Assert.All(root.Subcommands.Where(command => !command.Hidden), command => Assert.Contains($"`amig {command.Name}", Text, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("migrate --help")]
    public async Task Help_is_no_error(string line)
    {
        var run = await CliRun.OfAsync(line.Split(' '));

        Assert.Equal((ExitCode.Ok, ""), (run.Code, run.Error));
        Assert.Contains("Usage:", run.Out, StringComparison.Ordinal);
    }

    /// <summary>Cells of the table rows under a heading, without the head.</summary>
    private static IEnumerable<string[]> Rows(string heading)
    {
        var section = Text[Text.IndexOf(heading, StringComparison.Ordinal)..];
        section = NextHeading().Split(section[heading.Length..])[0];
        return section.Split('\n').Where(line => line.StartsWith('|')).Skip(2).Select(line => line.Trim('|').Split('|').Select(cell => cell.Trim()).ToArray());
    }

    private static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", ".."));

    [GeneratedRegex("^## ", RegexOptions.Multiline)]
    private static partial Regex NextHeading();
}
