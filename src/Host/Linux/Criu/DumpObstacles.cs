using System.Globalization;
using ActorMigration.Host.Linux.Containers;

namespace ActorMigration.Host.Linux.Criu;

/// <summary>One thing in a running container that CRIU cannot dump.</summary>
/// <param name="Obstacle">Kind.</param>
/// <param name="Sentence">Which process has it, for the operator.</param>
public sealed record FoundObstacle(DumpObstacle Obstacle, string Sentence);

/// <summary>
/// Looks through /proc for what CRIU would refuse, while the container runs: in prepare, so that no client pays for a refusal. What it finds may be gone at the
/// freeze, and something else may have come: CRIU has the last word. Unix sockets with a peer outside are not looked for: a container here
/// has neither a bind mount nor a netns in common with anyone, so it cannot have got one.
/// </summary>
public static class DumpObstacles
{
    /// <summary>Findings named; the rest would say the same again.</summary>
    public const int MaxFindings = 16;

    /// <summary>Obstacles in all processes of the container; empty when none is seen.</summary>
    public static IReadOnlyList<FoundObstacle> Find(RuncContainer container)
    {
        var pids = container.Cgroup.Processes();
        var findings = new List<FoundObstacle>();
        foreach (var pid in pids)
        {
            try
            {
                findings.AddRange(InProcess(pid, pids));
            }
            catch (IOException) when (!Directory.Exists($"/proc/{pid}"))
            {
                // It has ended meanwhile, with all that it had.
            }
        }

        return [.. findings.Take(MaxFindings)];
    }

    /// <summary>Empty for a task that is just ending: it has no mounts any more (EINVAL), though its directory is still there.</summary>
    private static string[] Mounts(int pid)
    {
        try
        {
            return File.ReadAllLines($"/proc/{pid}/mountinfo");
        }
        catch (IOException e) when (e.HResult == Interop.Errno.EINVAL)
        {
            return [];
        }
    }

    /// <summary>Obstacles in one process; <paramref name="all"/> are those of its container.</summary>
    internal static IEnumerable<FoundObstacle> InProcess(int pid, int[] all)
    {
        var status = File.ReadLines($"/proc/{pid}/status").Select(line => line.Split(':', 2)).Where(parts => parts.Length == 2).ToDictionary(parts => parts[0], parts => parts[1].Trim());
        var who = $"process {pid} ({status["Name"]})";
        if (status["TracerPid"] != "0")
        {
            yield return new FoundObstacle(DumpObstacle.TracedTask, $"{who} is traced by process {status["TracerPid"]}; detach the debugger");
        }

        // The first process of a pid namespace is 1 there; any other whose parent is not in the container was put there by runc exec or nsenter.
        var isInit = status["NSpid"].Split('\t')[^1] == "1";
        if (!isInit && !all.Contains(int.Parse(status["PPid"], CultureInfo.InvariantCulture)) && Directory.Exists($"/proc/{pid}/fd"))
        {
            yield return new FoundObstacle(DumpObstacle.ForeignSession, $"{who} was started from outside the container (exec); end it");
        }

        foreach (var line in Mounts(pid).Where(line => line.Contains(" - fuse", StringComparison.Ordinal)))
        {
            yield return new FoundObstacle(DumpObstacle.Mount, $"{who} has a FUSE file system at {line.Split(' ')[4]}");
        }

        foreach (var finding in Descriptors(pid, who))
        {
            yield return finding;
        }

        if (isInit)
        {
            foreach (var finding in WaitingConnections(pid))
            {
                yield return finding;
            }
        }
    }

    private static IEnumerable<FoundObstacle> Descriptors(int pid, string who)
    {
        var mounts = Mounts(pid).Select(line => line.Split(' ')[0]).ToHashSet();
        foreach (var path in Directory.EnumerateFileSystemEntries($"/proc/{pid}/fd"))
        {
            var fd = Path.GetFileName(path);
            var target = new FileInfo(path).LinkTarget;
            switch (target)
            {
                case null:
                    continue;
                case "anon_inode:[io_uring]":
                    yield return new FoundObstacle(DumpObstacle.IoUring, $"{who} has an io_uring instance (descriptor {fd}), which CRIU cannot dump");
                    break;
                case "anon_inode:[userfaultfd]":
                    yield return new FoundObstacle(DumpObstacle.Userfaultfd, $"{who} has a userfaultfd (descriptor {fd}), which CRIU cannot dump");
                    break;
                case "anon_inode:inotify" or "anon_inode:[fanotify]" when Info(pid, fd).Any(line => line.StartsWith("inotify ", StringComparison.Ordinal) || line.StartsWith("fanotify ", StringComparison.Ordinal)):
                    yield return new FoundObstacle(DumpObstacle.FileWatch, $"{who} watches files (descriptor {fd}, {target["anon_inode:".Length..].Trim('[', ']')}), which CRIU cannot dump on overlayfs");
                    break;
                default:
                    if (target[0] == '/' && !IsAnonymous(target) && MountOf(pid, fd) is { } mount && !mounts.Contains(mount))
                    {
                        yield return new FoundObstacle(DumpObstacle.ExternalFile, $"{who} has {target} open (descriptor {fd}), which is not in the container");
                    }

                    break;
            }
        }
    }

    /// <summary>Files of the kernel's own tmpfs, which have no place in any mount table.</summary>
    private static bool IsAnonymous(string target)
        => target.StartsWith("/memfd:", StringComparison.Ordinal) || target.StartsWith("/SYSV", StringComparison.Ordinal)
            || target is "/dev/zero (deleted)" || target.StartsWith("/anon_hugepage", StringComparison.Ordinal);

    private static string? MountOf(int pid, string fd)
        => Info(pid, fd).FirstOrDefault(line => line.StartsWith("mnt_id:", StringComparison.Ordinal))?["mnt_id:".Length..].Trim();

    private static string[] Info(int pid, string fd)
    {
        try
        {
            return File.ReadAllLines($"/proc/{pid}/fdinfo/{fd}");
        }
        catch (FileNotFoundException)
        {
            // Closed meanwhile.
            return [];
        }
    }

    /// <summary>
    /// /proc/net/tcp: <c>sl local_address rem_address st tx_queue:rx_queue …</c>; of a listening socket (st 0A) rx_queue counts the connections that wait for accept.
    /// </summary>
    private static IEnumerable<FoundObstacle> WaitingConnections(int pid)
    {
        foreach (var file in (string[])["tcp", "tcp6"])
        {
            var path = $"/proc/{pid}/net/{file}";
            foreach (var fields in File.Exists(path) ? File.ReadLines(path).Skip(1).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)) : [])
            {
                if (fields.Length > 4 && fields[3] == "0A" && !fields[4].EndsWith(":00000000", StringComparison.Ordinal))
                {
                    var port = int.Parse(fields[1].Split(':')[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                    var count = int.Parse(fields[4].Split(':')[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                    yield return new FoundObstacle(DumpObstacle.InFlightConnection, $"{count} connections to port {port} wait to be accepted; CRIU cannot dump them");
                }
            }
        }
    }
}
