namespace ActorMigration.Host.Linux.Network;

/// <summary>An interface of the calling thread's namespace and its settings under /proc/sys/net.</summary>
internal static class HostInterface
{
    internal static int Index(string name)
    {
        var index = Interop.Netlink.IfNameToIndex(name);
        return index != 0 ? (int)index : throw LinuxException.FromLastError("if_nametoindex", name);
    }

    /// <summary>
    /// The second lock of an unplugged port: while it is in no bridge, what it sends reaches the host's IP stack, which must neither answer nor
    /// forward it. (arp_ignore 8: answer no ARP here. No IPv6 at all.) In a bridge the IP stack does not see its frames.
    /// </summary>
    internal static void MakeDeafToIp(string name)
    {
        Set($"ipv4/conf/{name}/arp_ignore", "8");
        Set($"ipv4/conf/{name}/forwarding", "0");
        Set($"ipv4/conf/{name}/rp_filter", "1");
        DisableIpv6(name);
    }

    internal static void DisableIpv6(string name)
    {
        if (Directory.Exists("/proc/sys/net/ipv6"))   // a kernel without IPv6 has nothing to switch off
        {
            Set($"ipv6/conf/{name}/disable_ipv6", "1");
        }
    }

    internal static void Set(string key, string value) => File.WriteAllText($"/proc/sys/net/{key}", value);
}
