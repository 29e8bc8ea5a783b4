using ActorMigration.Actors;
using ActorMigration.Contracts;
using ActorMigration.Host.Http;

namespace ActorMigration.Host.Node;

internal sealed class AbsentLinux : ISourceHost, IDestinationHost, IContainerRuntime, IImageCatalog
{
    private static AttemptException NotAvailable() => new(MigrationFailure.Internal, "This build has no Linux side.");

    ISourceAttempt ISourceHost.Open(AttemptId attempt, ContainerName container, Fence fence) => throw NotAvailable();

    ISourceAttempt ISourceHost.Adopt(AttemptId attempt, ContainerName container, Fence fence) => throw NotAvailable();

    IDestinationAttempt IDestinationHost.Open(AttemptId attempt, ContainerName container, Fence fence, byte[] sourceKeyDigest) => throw NotAvailable();

    IDestinationAttempt IDestinationHost.Adopt(AttemptId attempt, ContainerName container, Fence fence) => throw NotAvailable();

    public Task<ContainerStatus> RunAsync(ContainerSpec spec, Fence fence, CancellationToken cancel) => throw NotAvailable();

    public Task RemoveAsync(ContainerName name, TimeSpan grace, CancellationToken cancel) => throw NotAvailable();

    public Task<ContainerStatus[]> ListAsync(CancellationToken cancel) => Task.FromResult<ContainerStatus[]>([]);

    public string? Resolve(string nameOrDigest) => null;
}
