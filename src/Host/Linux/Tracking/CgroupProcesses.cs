using System.Globalization;

namespace ActorMigration.Host.Linux.Tracking;

/// <summary>The processes of a cgroup and of the cgroups that the container made below it.</summary>
/// <param name="directory">The container's directory in one hierarchy, for example /sys/fs/cgroup/freezer/amig/web.</param>
public sealed class CgroupProcesses(string directory) : IContainerProcesses
{
    public IReadOnlyList<int> Pids()
    {
        var pids = new SortedSet<int>();
        Add(directory, pids);
        return [.. pids];
    }

    private void Add(string cgroup, SortedSet<int> pids)
    {
        try
        {
            foreach (var line in File.ReadLines(cgroup + "/cgroup.procs"))
            {
                // 0 stands for a process of another pid namespace; none of those is ours.
                if (int.Parse(line, CultureInfo.InvariantCulture) is var pid and > 0)
                {
                    pids.Add(pid);
                }
            }

            foreach (var child in Directory.EnumerateDirectories(cgroup))
            {
                Add(child, pids);
            }
        }
        catch (IOException) when (cgroup != directory)
        {
            // ENOENT, ENODEV: the container removed its own child cgroup meanwhile. EOPNOTSUPP: a threaded one, whose
            // processes are listed at its domain above.
        }
    }
}
