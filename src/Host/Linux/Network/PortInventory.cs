using ActorMigration.Contracts;

namespace ActorMigration.Host.Linux.Network;

/// <summary>
/// What ports, hold ports and namespaces there are on this host, by looking at the kernel (link aliases) and at the namespace
/// files. For prepare, which refuses or removes what an older attempt left, and for the daemon after a restart.
/// </summary>
internal static class PortInventory
{
    /// <summary>Every (container, fence) that has a link or a namespace file here, in no order.</summary>
    internal static IReadOnlySet<PortName> Find(string netnsDirectory)
    {
        var found = new HashSet<PortName>();
        using var route = RouteSocket.Open();
        foreach (var link in route.Links())
        {
            if (PortName.TryParse(link.Alias, out var name))
            {
                found.Add(name);
            }
        }
        foreach (var file in Directory.EnumerateFiles(netnsDirectory))
        {
            if (PortName.TryParseFile(Path.GetFileName(file), out var name))
            {
                found.Add(name);
            }
        }
        return found;
    }

    /// <summary>
    /// Removes everything of this container whose fence is older than <paramref name="olderThan"/> and says what that was. The caller has made sure that
    /// none of it is in use: a gated tree of an older attempt would lose its network.
    /// </summary>
    internal static IReadOnlyList<PortName> RemoveStale(string netnsDirectory, ContainerName container, Fence olderThan)
    {
        var stale = Find(netnsDirectory).Where(name => name.Container == container && name.Fence < olderThan).ToList();
        stale.ForEach(name => Remove(netnsDirectory, name));
        return stale;
    }

    /// <summary>Links first (see <see cref="ContainerPort.Remove"/>), then the namespace. What is gone already is fine.</summary>
    internal static void Remove(string netnsDirectory, PortName name)
    {
        using var route = RouteSocket.Open();
        foreach (var link in route.Links().Where(link => link.Alias == name.Alias || link.Name == name.HostEnd || link.Name == name.HoldPort))
        {
            route.Delete(link.Index, link.Name);
        }
        NetworkNamespace.Remove(Path.Combine(netnsDirectory, name.NetnsFile));
    }
}
