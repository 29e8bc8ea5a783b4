using ActorMigration.Actors;
using ActorMigration.Host.Http;
using Akka.Actor;
using Microsoft.Extensions.Logging;

namespace ActorMigration.Host.Node;

/// <summary>The composition root: builds the Linux side of every port and passes it to the actors under /user/node.</summary>
internal sealed class NodeServices : IAsyncDisposable
{
    private NodeServices(ICanTell console, IImageCatalog images)
    {
        Console = console;
        Images = images;
    }

    internal ICanTell Console { get; }

    internal IImageCatalog Images { get; }

    internal static Task<NodeServices> StartAsync(NodeSettings settings, ActorSystem system, IPeers peers, NodeIdentity identity, TimeProvider time, ILoggerFactory logs)
    {
        _ = (settings, peers, identity, time, logs);
        return Task.FromResult(new NodeServices(system.ActorSelection("/user/node/console"), new NoImages()));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private sealed class NoImages : IImageCatalog
    {
        public string? Resolve(string nameOrDigest) => null;
    }
}
