using System.Globalization;
using ActorMigration.Host.Linux.Processes;

namespace ActorMigration.Host.Linux.Pager;

/// <summary>
/// Who the helpers of an attempt are, for a daemon that comes later: a file with the boot id and a line <c>pid start-time</c> for each. Of another boot it
/// names nobody.
/// </summary>
internal static class HelperIdentities
{
    internal static void Write(string path, params ReadOnlySpan<ProcessIdentity> helpers)
    {
        List<string> lines = [ProcessIdentity.BootId()];
        foreach (var helper in helpers)
        {
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"{helper.Pid} {helper.StartTime}"));
        }

        // Renamed into place: a reader sees all of it or nothing.
        File.WriteAllLines(path + ".new", lines);
        File.Move(path + ".new", path, overwrite: true);
    }

    /// <summary>Null when nothing was written there in this boot.</summary>
    internal static ProcessIdentity[]? Read(string path)
        => File.Exists(path) && File.ReadAllLines(path) is [var boot, .. var helpers] && boot == ProcessIdentity.BootId() ? [.. helpers.Select(Parse)] : null;

    private static ProcessIdentity Parse(string line)
    {
        var parts = line.Split(' ');
        return new ProcessIdentity(int.Parse(parts[0], CultureInfo.InvariantCulture), long.Parse(parts[1], CultureInfo.InvariantCulture));
    }
}
