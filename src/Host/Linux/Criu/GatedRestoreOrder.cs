using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Containers;

namespace ActorMigration.Host.Linux.Criu;

/// <summary>All that a restore to the gate needs. Every path is absolute.</summary>
/// <param name="Directory">Of the attempt, on a file system where programs may be executed; the gate keeps its files in it for as long as the attempt lasts.</param>
/// <param name="Images">CRIU's images, checked (by ImageCheck), on a tmpfs.</param>
/// <param name="Spec">From which the config is generated.</param>
/// <param name="Bundle">The container's own, which outlives the attempt: the config is written there, and read by runc for as long as the container runs.</param>
/// <param name="RootFileSystem">Mounted, its writable layer filled.</param>
/// <param name="NetworkNamespace">Path of the new netns; its port is not plugged.</param>
/// <param name="LazyPages">True: a pager listens on <c>lazy-pages.socket</c> in <see cref="WorkDirectory"/> already. False: the images hold all memory.</param>
public sealed record GatedRestoreOrder(string Directory, string Images, ContainerSpec Spec, string Bundle, string RootFileSystem, string NetworkNamespace, bool LazyPages)
{
    /// <summary>CRIU's log, and the socket of the pager.</summary>
    public string WorkDirectory => Path.Combine(Directory, "work");
}
