using System.Diagnostics.CodeAnalysis;
using ActorMigration.Contracts;

namespace ActorMigration.Host.Linux.Network;

/// <summary>
/// Which fence last had a say about each container's address on this host. A command of an attempt that is over (cut off, healed
/// later) carries an older fence and is refused, so that it cannot pull the address away from a newer one. Thread-safe. After a
/// restart the daemon fills it from its journal and from the aliases of the ports it finds.
/// </summary>
public sealed class ClaimLedger
{
    private readonly Dictionary<ContainerName, Fence> _highest = [];
    private readonly Lock _lock = new();

    /// <summary>True when no newer fence has acted for this container here; then <paramref name="fence"/> is the newest. Repeating the same fence is fine.</summary>
    public bool TryAct(ContainerName container, Fence fence)
    {
        lock (_lock)
        {
            if (_highest.TryGetValue(container, out var highest) && fence < highest)
            {
                return false;
            }
            _highest[container] = fence;
            return true;
        }
    }

    /// <summary>As <see cref="TryAct"/>, with the refusal as an exception for the operator.</summary>
    public void Demand(ContainerName container, Fence fence, string what)
    {
        if (!TryAct(container, fence))
        {
            ThrowStale(container, fence, what);
        }
    }

    [DoesNotReturn]
    private void ThrowStale(ContainerName container, Fence fence, string what)
    {
        lock (_lock)
        {
            throw new StaleFenceException($"{what} for container {container} at fence {fence} is refused: this host has already acted for fence {_highest[container]}.");
        }
    }
}
