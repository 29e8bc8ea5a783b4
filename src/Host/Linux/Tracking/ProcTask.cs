using System.Globalization;

namespace ActorMigration.Host.Linux.Tracking;

/// <summary>What /proc says about one task (a process by its leader, or a thread).</summary>
/// <param name="State">Letter of the state: R, S, D, T, t, Z, X.</param>
/// <param name="StartTime">Clock ticks after boot; with the pid it names one process for ever.</param>
internal readonly record struct ProcTask(char State, ulong StartTime)
{
    /// <summary>A task that ended has no memory and no descriptors.</summary>
    internal bool IsDead => State is 'Z' or 'X';

    /// <summary>Null when there is no such task any more.</summary>
    internal static ProcTask? Read(string directory)
    {
        string stat;
        try
        {
            stat = File.ReadAllText(directory + "/stat");
        }
        catch (IOException)
        {
            // ENOENT or ESRCH: the task ended between the listing and this line.
            return null;
        }

        // pid (comm) state ppid … ; the comm is the process's choice and may hold anything, so count from its last ')'.
        // Fields behind it: state is 0, starttime is 19.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return new ProcTask(fields[0][0], ulong.Parse(fields[19], CultureInfo.InvariantCulture));
    }

    /// <summary>The value of one line of /proc/…/status, for example <c>TracerPid</c>; null when the task or the line is gone.</summary>
    internal static string? Field(string directory, string name)
    {
        try
        {
            foreach (var line in File.ReadLines(directory + "/status"))
            {
                if (line.StartsWith(name, StringComparison.Ordinal) && line.Length > name.Length && line[name.Length] == ':')
                {
                    return line[(name.Length + 1)..].Trim();
                }
            }
        }
        catch (IOException)
        {
            // ENOENT or ESRCH: the task ended.
        }

        return null;
    }

    /// <summary>Last number of NSpid: the pid by which the process knows itself and CRIU names it. Null when it is gone.</summary>
    internal static int? PidInContainer(int pid)
        => Field($"/proc/{pid}", "NSpid")?.Split('\t') is { Length: > 0 } pids
            ? int.Parse(pids[^1], CultureInfo.InvariantCulture)
            : null;

    /// <summary>Threads of a process, ascending; empty when it is gone.</summary>
    internal static int[] Threads(int pid)
    {
        try
        {
            return [.. Directory.EnumerateDirectories($"/proc/{pid}/task").Select(path => int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture)).Order()];
        }
        catch (IOException)
        {
            return [];
        }
    }

    /// <summary>A thread through which the memory can be reached: the leader, or another one when the leader has ended. Null when none lives.</summary>
    internal static int? LiveThread(int pid)
    {
        if (Read($"/proc/{pid}") is { IsDead: false })
        {
            return pid;
        }

        foreach (var tid in Threads(pid))
        {
            if (Read($"/proc/{pid}/task/{tid}") is { IsDead: false })
            {
                return tid;
            }
        }

        return null;
    }

    /// <summary>Program name for a message to the operator.</summary>
    internal static string Program(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/comm").TrimEnd('\n');
        }
        catch (IOException)
        {
            return "(ended)";
        }
    }
}
