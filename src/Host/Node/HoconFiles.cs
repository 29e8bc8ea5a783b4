using Akka.Configuration;

namespace ActorMigration.Host.Node;

/// <summary>
/// The configuration files in their order: those beside the program, then those of <c>--config</c>; a later file wins.
/// Akka's parser accepts a missing brace and turns <c>${X}</c> into nothing without a word, so both are refused here.
/// </summary>
public sealed class HoconFiles
{
    private HoconFiles(IReadOnlyList<HoconFile> files)
    {
        Files = files;
        Merged = files.Aggregate(Config.Empty, (earlier, file) => file.Config.WithFallback(earlier));
    }

    /// <summary>In reading order.</summary>
    public IReadOnlyList<HoconFile> Files { get; }

    /// <summary>All files as one; without Akka's own defaults.</summary>
    public Config Merged { get; }

    /// <summary>Reads the program's own files and <paramref name="extra"/>; throws <see cref="SettingsException"/>.</summary>
    public static HoconFiles Load(IEnumerable<string> extra)
    {
        var shipped = Path.Combine(AppContext.BaseDirectory, "hocon");
        if (!Directory.Exists(shipped))
        {
            throw new SettingsException($"{shipped} is missing: the program's own hocon files belong beside it; install it again.");
        }

        var paths = Directory.GetFiles(shipped, "*.conf").Order(StringComparer.Ordinal).Concat(extra);
        return new HoconFiles([.. paths.Select(path => Parse(path, ReadText(path)))]);
    }

    /// <summary>From texts, for callers that hold them already.</summary>
    public static HoconFiles FromTexts(params IEnumerable<(string Name, string Text)> texts)
        => new([.. texts.Select(text => Parse(text.Name, text.Text))]);

    private static string ReadText(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"Cannot read the configuration file {path}: {e.Message}", e);
        }
    }

    private static HoconFile Parse(string path, string text)
    {
        if (HoconText.FindDefect(text) is { } defect)
        {
            throw new SettingsException($"{path}, line {defect.Line}: {defect.Sentence}");
        }

        try
        {
            return new HoconFile(path, string.IsNullOrWhiteSpace(text) ? Config.Empty : ConfigurationFactory.ParseString(text));
        }
        // The parser throws what it happens to meet (FormatException, NullReferenceException, ConfigurationException); all mean "not HOCON".
        catch (Exception e)
        {
            throw new SettingsException($"{path} is not valid HOCON: {e.Message.Split('\n')[0].TrimEnd('\r', ' ', ':')}.", e);
        }
    }
}

/// <summary>One configuration file as read.</summary>
public sealed record HoconFile(string Path, Config Config);
