using ActorMigration.Actors;
using ActorMigration.Contracts;

namespace ActorMigration.Host.Linux.Migration;

/// <summary>Opens attempts for containers that come to this host.</summary>
internal sealed class LinuxDestinationHost(LinuxNode node) : IDestinationHost
{
    public IDestinationAttempt Open(AttemptId attempt, ContainerName container, Fence fence, byte[] sourceKeyDigest)
        => new LinuxDestinationAttempt(node, attempt, container, fence, sourceKeyDigest);

    public IDestinationAttempt Adopt(AttemptId attempt, ContainerName container, Fence fence)
    {
        var adopted = new LinuxDestinationAttempt(node, attempt, container, fence, sourceKeyDigest: []);
        adopted.TakeUp();
        return adopted;
    }
}
