using System.Globalization;
using System.Text.RegularExpressions;
using Akka.Configuration;
using Akka.Configuration.Hocon;

namespace ActorMigration.Host.Node;

/// <summary>
/// Reads one section of the configuration and remembers which keys were asked for, so that a key nobody knows (a typo) is an
/// error and not a default. Values must carry their unit. Throws <see cref="SettingsException"/>.
/// </summary>
internal sealed partial class StrictSection(string name, HoconFiles files)
{
    private const string Missing = "";

    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    /// <summary>Every key asked for so far, with the section's name.</summary>
    internal IReadOnlySet<string> Known => _known;

    internal string Text(string key, string example)
    {
        var value = Find(key, example);
        if (value.IsArray() || value.IsObject())
        {
            throw Bad(key, "a list or section", example);
        }

        var text = value.GetString().Trim();
        return text.Length > 0 ? text : throw Bad(key, "an empty text", example);
    }

    internal string AbsolutePath(string key, string example)
    {
        var text = Text(key, example);
        return text.StartsWith('/') ? text : throw Bad(key, text, example);
    }

    internal IReadOnlyList<string> List(string key, string example)
    {
        var value = Find(key, example);
        if (!value.IsArray())
        {
            throw Bad(key, value.IsObject() ? "a section" : value.GetString(), example);
        }

        return [.. value.GetArray().Select(item => item.GetString().Trim())];
    }

    /// <summary>The same, for a list that may be empty: to the parser <c>[]</c> is a value without anything in it.</summary>
    internal IReadOnlyList<string> ListOrNone(string key, string example)
        => Find(key, example) is var value && !value.IsArray() && !value.IsObject() && string.IsNullOrEmpty(value.GetString()) ? [] : List(key, example);

    internal int Number(string key, int least, int most, string example)
    {
        var text = Text(key, example);
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw Bad(key, text, $"a whole number from {least} to {most}, for example {example}");
    }

    /// <summary>A number above 0, or null for "auto".</summary>
    internal double? NumberOrAuto(string key, string example)
    {
        var text = Text(key, example);
        return text == "auto" ? null
            : double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number > 0 && double.IsFinite(number) ? number
            : throw Bad(key, text, example);
    }

    /// <summary>A size above 0, or null for "auto".</summary>
    internal double? SizeOrAuto(string key, string example)
        => Text(key, example) == "auto" ? null : Size(key, example) is var size and > 0 ? size : throw Bad(key, Text(key, example), example);

    /// <summary>Percent, as a share of 1.</summary>
    internal double Share(string key, string example)
    {
        var text = Text(key, example);
        return text.EndsWith('%') && double.TryParse(text[..^1].TrimEnd(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent) && percent is >= 0 and <= 100
            ? percent / 100
            : throw Bad(key, text, $"a share from 0 % to 100 %, for example {example}");
    }

    internal bool Switch(string key) => Text(key, "on or off") switch
    {
        "on" or "true" => true,
        "off" or "false" => false,
        var other => throw Bad(key, other, "on or off"),
    };

    internal TimeSpan Time(string key, string example)
    {
        var text = Text(key, example);
        var match = TimePattern().Match(text);
        if (!match.Success || !double.TryParse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture, out var amount) || amount <= 0)
        {
            throw Bad(key, text, $"a time with its unit (ms, s, m, h), for example {example}");
        }

        return match.Groups[2].Value switch
        {
            "ms" => TimeSpan.FromMilliseconds(amount),
            "s" => TimeSpan.FromSeconds(amount),
            "m" => TimeSpan.FromMinutes(amount),
            _ => TimeSpan.FromHours(amount),
        };
    }

    internal long Size(string key, string example)
    {
        var text = Text(key, example);
        var match = SizePattern().Match(text);
        if (!match.Success || !long.TryParse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture, out var amount))
        {
            throw Bad(key, text, $"a size with its unit (B, KiB, MiB, GiB), for example {example}");
        }

        var shift = match.Groups[2].Value switch { "B" => 0, "KiB" => 10, "MiB" => 20, _ => 30 };
        return amount <= long.MaxValue >> shift ? amount << shift : throw Bad(key, text, example);
    }

    /// <summary>Call last: refuses whatever stands in the section and was never asked for.</summary>
    internal void RefuseUnknownKeys()
    {
        foreach (var file in files.Files)
        {
            if (!file.Config.IsEmpty && file.Config.HasPath(name))
            {
                RefuseUnknown(file.Path, name, file.Config.GetValue(name));
            }
        }
    }

    private void RefuseUnknown(string file, string path, HoconValue value)
    {
        if (!value.IsObject())
        {
            if (!_known.Contains(path))
            {
                var near = _known.MinBy(known => EditDistance.Between(known, path))!;
                throw new SettingsException($"{file}: the key {path} is not known; the nearest one is {near}.");
            }

            return;
        }

        foreach (var (key, child) in value.GetObject().Items)
        {
            RefuseUnknown(file, $"{path}.{key}", child);
        }
    }

    private HoconValue Find(string key, string example)
    {
        var path = $"{name}.{key}";
        _known.Add(path);
        return !files.Merged.IsEmpty && files.Merged.HasPath(path)
            ? files.Merged.GetValue(path)
            : throw new SettingsException($"The key {path} is missing: give it in a file named by --config, for example {path} = {example}.");
    }

    private SettingsException Bad(string key, string value, string wanted)
        => new($"The key {name}.{key} is {(value == Missing ? "empty" : $"'{value}'")}; it must be like {wanted}.");

    [GeneratedRegex(@"^(\d+(?:\.\d+)?)\s*(ms|s|m|h)$")]
    private static partial Regex TimePattern();

    [GeneratedRegex(@"^(\d+)\s*(B|KiB|MiB|GiB)$")]
    private static partial Regex SizePattern();
}
