namespace ActorMigration.Host.Linux.Containers;

/// <summary>
/// What this host grants every container, whatever its spec says. The other half of <see cref="OciConfig"/>; equal on all hosts of a cluster,
/// since a container takes its capabilities, mounts and limits along.
/// </summary>
/// <param name="CgroupParent">Absolute below the cgroup mounts, for example /amig/host1; one per node.</param>
public sealed record HostPolicy(string CgroupParent)
{
    /// <summary>
    /// Open files of a process. Fixed rather than this host's limit: CRIU cannot give a process more at the destination than that host's hard
    /// limit allows. <see cref="Doctor.HostDoctor"/> refuses a host below it.
    /// </summary>
    public const int OpenFiles = 16_384;

    /// <summary>Bytes of /dev/shm: what Docker gives. It crosses in the stop, so it is no place for much.</summary>
    public const long ShmBytes = 64L << 20;

    /// <summary>
    /// Capabilities of user 0: Docker's default list without NET_RAW (ARP and MAC spoofing on the flat segment), MKNOD and SETFCAP (device
    /// nodes and file capabilities in the writable layer, which is carried) and AUDIT_WRITE.
    /// </summary>
    public static readonly IReadOnlyList<string> Capabilities =
    [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL",
        "CAP_NET_BIND_SERVICE", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT",
    ];

    /// <summary>Files that /dev/null covers. Files only: a covered directory would be one more tmpfs, about 6 ms of every stop.</summary>
    public static readonly IReadOnlyList<string> MaskedFiles =
    [
        "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/sched_debug", "/proc/timer_list", "/proc/timer_stats",
    ];

    /// <summary>Trees that are read-only.</summary>
    public static readonly IReadOnlyList<string> ReadonlyPaths =
    [
        "/proc/acpi", "/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/scsi", "/proc/sys", "/proc/sysrq-trigger",
    ];

    /// <summary>
    /// System calls that answer ENOSYS: programs ask for them, and fall back when they are not there. io_uring cannot be dumped by
    /// CRIU, so a container that never gets it stays movable.
    /// </summary>
    public static readonly IReadOnlyList<string> AbsentCalls = ["io_uring_setup", "io_uring_enter", "io_uring_register"];

    /// <summary>System calls that answer EPERM: kernel surface that no service needs and that namespaces do not cover.</summary>
    public static readonly IReadOnlyList<string> ForbiddenCalls =
    [
        "add_key", "bpf", "delete_module", "finit_module", "init_module", "kexec_file_load", "kexec_load", "keyctl",
        "open_by_handle_at", "perf_event_open", "request_key", "userfaultfd",
    ];
}
