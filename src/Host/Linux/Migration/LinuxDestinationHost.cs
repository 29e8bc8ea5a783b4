using ActorMigration.Actors;
using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Criu;

namespace ActorMigration.Host.Linux.Migration;

/// <summary>Opens attempts for containers that come to this host.</summary>
internal sealed class LinuxDestinationHost(LinuxNode node) : IDestinationHost
{
    public IDestinationAttempt Open(AttemptId attempt, ContainerName container, Fence fence, byte[] sourceKeyDigest)
        => new LinuxDestinationAttempt(node, attempt, container, fence, sourceKeyDigest);

    public IDestinationAttempt Adopt(AttemptId attempt, ContainerName container, Fence fence)
    {
        var adopted = new LinuxDestinationAttempt(node, attempt, container, fence, sourceKeyDigest: []);
        try
        {
            adopted.TakeUp();
            return adopted;
        }
        catch (Exception failure) when (failure is IOException or System.Text.Json.JsonException)
        {
            // The daemon goes on without this attempt and tries again: other containers need it.
            throw AttemptErrors.Name($"taking up attempt {attempt} of container {container}", failure);
        }
    }

    public bool TreeWaits(ContainerName container, Fence fence)
        => GatedRestore.WaitsWhole(LinuxDestinationAttempt.GateDirectoryOf(node, container, fence), node.Container(container, fence), node.Layout);

    // What is frozen and not whole never ran and never will: its gate is broken, or it has been killed and dies as soon as it is thawed.
    public bool TreeStands(ContainerName container, Fence fence)
        => TreeWaits(container, fence) || (node.Container(container, fence).Cgroup is { Exists: true, IsFrozen: false } cgroup && cgroup.Processes().Length > 0);
}
