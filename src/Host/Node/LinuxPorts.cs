using ActorMigration.Actors;
using ActorMigration.Host.Http;
using Microsoft.Extensions.Logging;

namespace ActorMigration.Host.Node;

/// <summary>The Linux side of a node's ports, built once at start: the one place where it is made. Everything above knows interfaces only.</summary>
internal sealed class LinuxPorts : IAsyncDisposable
{
    private readonly AbsentLinux _absent = new();

    internal ISourceHost SourceHost => _absent;

    internal IDestinationHost DestinationHost => _absent;

    internal IContainerRuntime Runtime => _absent;

    internal IImageCatalog Images => _absent;

    internal static Task<LinuxPorts> OpenAsync(NodeSettings settings, TimeProvider time, ILoggerFactory logs, CancellationToken cancel)
    {
        _ = (settings, time, logs, cancel);
        return Task.FromResult(new LinuxPorts());
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
