namespace ActorMigration.Host.Linux.Containers;

/// <summary>
/// Where the kernel of this host freezes tasks: the freezer hierarchy of cgroup v1, or the one hierarchy of v2. Found once at start; runc uses
/// the same rule (v2 where /sys/fs/cgroup itself is cgroup2, else v1 even if a v2 hierarchy is mounted beside it).
/// </summary>
/// <param name="FreezerMount">Mount point whose sub-directories have a freezer.</param>
/// <param name="IsV2">True: <c>cgroup.freeze</c>; false: <c>freezer.state</c>.</param>
/// <param name="MemoryMount">Mount point whose sub-directories count memory.</param>
/// <param name="Mounts">Mount points of all hierarchies; a container of v1 has a directory in each.</param>
public sealed record CgroupLayout(string FreezerMount, bool IsV2, string MemoryMount, IReadOnlyList<string> Mounts)
{
    private const string Root = "/sys/fs/cgroup";

    /// <summary>Mount point whose sub-directories count CPU time; null where none does.</summary>
    public string? CpuMount { get; init; }

    /// <summary>Looks at this mount namespace; null when no freezer is mounted, and then no container can be moved.</summary>
    public static CgroupLayout? Find() => Find(File.ReadLines("/proc/self/mountinfo"));

    /// <summary>
    /// mountinfo: <c>36 35 98:0 /root /mount options … - type source superoptions</c>; controllers of v1 are among the super options.
    /// </summary>
    internal static CgroupLayout? Find(IEnumerable<string> mountinfo)
    {
        string? freezer = null, memory = null, cpu = null;
        var mounts = new List<string>();
        foreach (var line in mountinfo)
        {
            var parts = line.Split(" - ", 2);
            var left = parts[0].Split(' ');
            var right = parts.Length == 2 ? parts[1].Split(' ') : [];
            // A killed CRIU leaves mounts of the same hierarchies elsewhere.
            if (left.Length < 5 || right.Length < 3 || right[0] is not ("cgroup" or "cgroup2") || !(left[4] == Root || left[4].StartsWith(Root + "/", StringComparison.Ordinal)))
            {
                continue;
            }

            if (right[0] == "cgroup2" && left[4] == Root)
            {
                return new CgroupLayout(Root, IsV2: true, Root, [Root]) { CpuMount = Root };
            }

            var controllers = right[0] == "cgroup" ? right[2].Split(',') : [];
            freezer = controllers.Contains("freezer") ? left[4] : freezer;
            memory = controllers.Contains("memory") ? left[4] : memory;
            cpu = controllers.Contains("cpuacct") ? left[4] : cpu;
            mounts.Add(left[4]);
        }

        return freezer is null ? null : new CgroupLayout(freezer, IsV2: false, memory ?? freezer, mounts) { CpuMount = cpu };
    }

    /// <summary>The cgroup of a container.</summary>
    /// <param name="cgroupsPath">As in its OCI config: absolute below the mount, for example /amig/host1/redis-e1o0.</param>
    public ContainerCgroup Open(string cgroupsPath) => new(this, cgroupsPath);
}
