using System.Collections.Immutable;
using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>Which containers were moved, or could not be, and when: a container is left alone for longer each time. Failures count like moves, so that one that cannot be moved does not come first for ever. Pure.</summary>
/// <param name="Last">By container: when its last attempt ended (Unix ms), and how many there were in a row.</param>
public sealed record MoveHistory(ImmutableDictionary<ContainerName, (long AtUnixMs, int InARow)> Last)
{
    /// <summary>Doublings after which the longest cooldown is reached in any case.</summary>
    private const int MostDoublings = 30;

    public static MoveHistory Empty { get; } = new(ImmutableDictionary<ContainerName, (long, int)>.Empty);

    /// <summary>An attempt has ended, well or not.</summary>
    public MoveHistory Ended(ContainerName container, long atUnixMs, BalancePolicy policy)
    {
        var row = Last.TryGetValue(container, out var last) && atUnixMs - last.AtUnixMs < policy.LongestCooldown.TotalMilliseconds ? last.InARow + 1 : 1;
        return new MoveHistory(Last.SetItem(container, (atUnixMs, row)));
    }

    /// <summary>True while a container is to be left alone. A clock that went back makes nothing of this longer than the longest cooldown.</summary>
    public bool IsCooling(ContainerName container, long atUnixMs, BalancePolicy policy)
        => Last.TryGetValue(container, out var last) && Math.Abs(atUnixMs - last.AtUnixMs) < CooldownMs(last.InARow, policy);

    private static double CooldownMs(int inARow, BalancePolicy policy)
        => Math.Min(policy.LongestCooldown.TotalMilliseconds, policy.Cooldown.TotalMilliseconds * Math.Pow(2, Math.Min(inARow - 1, MostDoublings)));
}
