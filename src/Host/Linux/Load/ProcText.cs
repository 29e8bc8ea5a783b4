using System.Globalization;
using System.Text;

namespace ActorMigration.Host.Linux.Load;

/// <summary>Files below /proc and /sys/fs/cgroup whose owner may go away while they are read.</summary>
internal static class ProcText
{
    /// <summary>The whole file; null when what it is about is not there, or goes while it is read (ENOENT, ENODEV, ESRCH; EOPNOTSUPP: PSI is compiled in and off).</summary>
    internal static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException gone) when (gone is FileNotFoundException or DirectoryNotFoundException || gone.HResult is Interop.Errno.ENODEV or Interop.Errno.ESRCH or Interop.Errno.EOPNOTSUPP)
        {
            return null;
        }
    }

    /// <summary>A file that holds one number.</summary>
    internal static double? Number(string path)
        => double.TryParse(Read(path), NumberStyles.AllowTrailingWhite | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>First number after <paramref name="key"/> in a text of lines "KEY NUMBER …", with or without a colon; null when no line begins with it.</summary>
    internal static double? Field(string? text, string key)
    {
        foreach (var line in Lines(text))
        {
            if (line.StartsWith(key, StringComparison.Ordinal) && line[key.Length..].TrimStart(": \t") is var rest && rest.Length < line.Length - key.Length)
            {
                var end = rest.IndexOfAny(' ', '\t');
                return double.TryParse(end < 0 ? rest : rest[..end], CultureInfo.InvariantCulture, out var number) ? number : null;
            }
        }

        return null;
    }

    internal static SpanLineEnumerator Lines(string? text) => text.AsSpan().EnumerateLines();
}
