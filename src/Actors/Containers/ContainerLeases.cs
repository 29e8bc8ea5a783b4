using System.Collections.Concurrent;
using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>
/// Who of this host is busy with a container: an attempt, from before it looks at the container until its end, or whoever freezes it or lets it go because of trust. Two of them at once would take each other's freeze for their own. Thread-safe; empty after a
/// start, when the attempts of the journal take theirs again.
/// </summary>
public sealed class ContainerLeases
{
    private readonly ConcurrentDictionary<ContainerName, object> _holders = new();

    /// <summary>True when <paramref name="holder"/> has it now, or had it before.</summary>
    public bool TryTake(ContainerName container, object holder) => _holders.GetOrAdd(container, holder).Equals(holder);

    /// <summary>Nothing happens when somebody else has it.</summary>
    public void Return(ContainerName container, object holder) => _holders.TryRemove(KeyValuePair.Create(container, holder));
}
