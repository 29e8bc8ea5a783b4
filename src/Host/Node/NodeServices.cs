using ActorMigration.Actors;
using ActorMigration.Actors.Trust;
using ActorMigration.Host.Http;
using ActorMigration.Host.Trust;
using ActorMigration.Host.Trust.Tpm;
using Akka.Actor;
using Microsoft.Extensions.Logging;

namespace ActorMigration.Host.Node;

/// <summary>The composition root: builds the Linux side of every port and passes it to the actors under /user/node. All of them are listed here.</summary>
internal sealed class NodeServices : IAsyncDisposable
{
    private NodeServices(ICanTell console, IImageCatalog images)
    {
        Console = console;
        Images = images;
    }

    internal ICanTell Console { get; }

    internal IImageCatalog Images { get; }

    internal static Task<NodeServices> StartAsync(
        NodeSettings settings, ActorSystem system, NodeLifecycle lifecycle, IPeers peers, TrustState trust, TimeProvider time, ILoggerFactory logs)
    {
        _ = (peers, time, logs);
        var supervisor = system.ActorOf(NodeSupervisor.Props(
            node => node.ActorOf(TpmActor.Props(() => new Tpm2Chip(settings.Tpm), settings.TpmLimits, trust.Identity), "tpm"),
            lifecycle.Fail), NodeSupervisor.Name);
        return Task.FromResult(new NodeServices(system.ActorSelection(supervisor.Path / "console"), new NoImages()));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private sealed class NoImages : IImageCatalog
    {
        public string? Resolve(string nameOrDigest) => null;
    }
}
