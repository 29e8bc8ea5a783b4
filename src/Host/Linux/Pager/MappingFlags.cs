using System.Globalization;

namespace ActorMigration.Host.Linux.Pager;

/// <summary>One mapping of a process with the letters of its VmFlags in /proc/PID/smaps.</summary>
internal readonly record struct MappingFlags(ulong Start, ulong End, bool IsLazy, bool IsLeftOutOfForks)
{
    /// <summary>All mappings, ascending. In smaps, each header line <c>start-end perms …</c> is followed, some lines on, by <c>VmFlags: rd wr … um</c>.</summary>
    internal static List<MappingFlags> Read(int pid) => Parse(File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/smaps")));

    internal static List<MappingFlags> Parse(IEnumerable<string> lines)
    {
        const string flags = "VmFlags:";
        var mappings = new List<MappingFlags>();
        (ulong Start, ulong End)? open = null;
        foreach (var line in lines)
        {
            if (line.StartsWith(flags, StringComparison.Ordinal) && open is { } mapping)
            {
                // um: userfaultfd in missing mode; dc: not copied by fork; wf: zero in the child of a fork.
                var letters = line[flags.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
                mappings.Add(new MappingFlags(mapping.Start, mapping.End, letters.Contains("um"), letters.Contains("dc") || letters.Contains("wf")));
                open = null;
            }
            else if (line.Length > 0 && char.IsAsciiHexDigitLower(line[0]) && TryParseRange(line, out var range))
            {
                open = range;
            }
        }

        return mappings;
    }

    private static bool TryParseRange(string line, out (ulong Start, ulong End) range)
    {
        range = default;
        var dash = line.IndexOf('-');
        var space = line.IndexOf(' ');
        if (dash <= 0 || space < dash
            || !ulong.TryParse(line.AsSpan(0, dash), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var start)
            || !ulong.TryParse(line.AsSpan(dash + 1, space - dash - 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var end))
        {
            return false;
        }

        range = (start, end);
        return true;
    }
}
