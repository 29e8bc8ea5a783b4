using ActorMigration.Host.Linux.Containers;

namespace ActorMigration.Host.Linux.Criu;

/// <summary>Capabilities as the kernel's bits (include/uapi/linux/capability.h).</summary>
internal static class CapabilityMask
{
    private static readonly string[] Names =
    [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETUID",
        "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK",
        "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT",
    ];

    /// <summary>What <see cref="HostPolicy.Capabilities"/> grants.</summary>
    internal static readonly ulong Policy = HostPolicy.Capabilities.Aggregate(0UL, (mask, name) => mask | (1UL << Number(name)));

    private static int Number(string name)
    {
        var number = Array.IndexOf(Names, name);
        return number >= 0 ? number : throw new ArgumentException($"{name} has no known number");
    }
}
