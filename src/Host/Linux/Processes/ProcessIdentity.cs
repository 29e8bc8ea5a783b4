using System.Globalization;

namespace ActorMigration.Host.Linux.Processes;

/// <summary>
/// A process that is still the same one after a restart of this daemon: a pid alone is used again, pid and start time are not within
/// one boot. Journals keep it together with the boot id.
/// </summary>
/// <param name="Pid">As this daemon's pid namespace numbers it.</param>
/// <param name="StartTime">Clock ticks since boot (proc(5), field 22 of stat).</param>
public readonly record struct ProcessIdentity(int Pid, long StartTime)
{
    /// <summary>Reads it for a living process (a zombie is dead); null when there is none.</summary>
    public static ProcessIdentity? Find(int pid)
    {
        try
        {
            return Parse(File.ReadAllText($"/proc/{pid}/stat")) is { State: not ('Z' or 'X') } stat ? new ProcessIdentity(pid, stat.StartTime) : null;
        }
        catch (IOException)
        {
            // ENOENT or ESRCH: it has ended, possibly between open and read.
            return null;
        }
    }

    /// <summary>True while this very process lives.</summary>
    public bool IsAlive => Find(Pid) == this;

    /// <summary>Identifies this boot of the kernel; start times mean nothing in another one.</summary>
    public static string BootId() => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    /// <summary>
    /// stat: <c>pid (comm) state ppid …</c>; comm may hold spaces and brackets, so fields are counted from its last bracket: state
    /// is the first after it, start time the twentieth.
    /// </summary>
    internal static (char State, long StartTime)? Parse(string stat)
    {
        var end = stat.LastIndexOf(')');
        if (end < 0 || end + 2 >= stat.Length)
        {
            return null;
        }

        var fields = stat[(end + 2)..].Split(' ');
        return fields.Length > 19 && long.TryParse(fields[19], NumberStyles.None, CultureInfo.InvariantCulture, out var start) ? (fields[0][0], start) : null;
    }
}
