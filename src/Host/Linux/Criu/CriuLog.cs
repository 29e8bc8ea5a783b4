using System.Text.RegularExpressions;

namespace ActorMigration.Host.Linux.Criu;

/// <summary>Errors of a log that CRIU wrote, in its own words without file names and times; for the operator and for telling failures apart.</summary>
public static partial class CriuLog
{
    /// <summary>Lines that are reported; the first error is the cause, later ones say what it broke.</summary>
    public const int MaxErrors = 4;

    /// <summary>Logs are a few hundred KB; more is not read.</summary>
    private const int MaxLines = 1_000_000;

    /// <summary>Said in every log where root may not raise its limits, and of no consequence.</summary>
    private static readonly string[] Harmless = ["Can't setup RLIMIT_NOFILE for self", "Can't keep kdat cache"];

    /// <summary>Error lines in their order; empty when there is no log or no error.</summary>
    public static IReadOnlyList<string> Errors(string path) => File.Exists(path) ? Errors(File.ReadLines(path)) : [];

    internal static IReadOnlyList<string> Errors(IEnumerable<string> lines)
        => [.. lines.Take(MaxLines).Select(line => ErrorLine().Match(line)).Where(match => match.Success).Select(match => match.Groups[1].Value.Trim())
            .Where(text => !Array.Exists(Harmless, harmless => text.Contains(harmless, StringComparison.Ordinal)))];

    /// <summary>One line for the operator.</summary>
    public static string Summary(IReadOnlyList<string> errors) => errors.Count == 0 ? "CRIU wrote no reason into its log" : string.Join("; ", errors.Take(MaxErrors));

    // Error (criu/util.c:1239): Can't bind page server: Address already in use      (verbosity 3 and less)
    // (00.063293) Error (criu/util.c:1239): Can't bind page server: Address already in use
    // (00.012345) pie: 1: Error (criu/pie/restorer.c:123): …
    [GeneratedRegex(@"^(?:\(\d+\.\d+\)\s+)?(?:pie:\s+\d+:\s+)?Error \([^)]*\):\s*(.*)$")]
    private static partial Regex ErrorLine();
}
