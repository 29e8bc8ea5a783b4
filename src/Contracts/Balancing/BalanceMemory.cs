namespace ActorMigration.Contracts;

/// <summary>When a container was moved, or could not be, for the last time.</summary>
/// <param name="Container">The container.</param>
/// <param name="AtUnixMs">When that ended.</param>
/// <param name="InARow">How often within the longest cooldown.</param>
/// <param name="Failures">How often in a row it could not be; 0 after one that was made.</param>
/// <param name="FailedTo">Where it could not be moved the last time; null after one that was made.</param>
public sealed record PastMove(ContainerName Container, long AtUnixMs, int InARow, int Failures, HostName? FailedTo);

/// <summary>A move that was ordered, and is under way or not seen to be made yet.</summary>
/// <param name="Move">The move.</param>
/// <param name="SinceUnixMs">When it was ordered.</param>
/// <param name="MadeUnixMs">When it was made; 0 while it is under way. The hosts tell their loads some seconds late, so that its container may still be listed where it was.</param>
/// <param name="Load">Of its container when it was ordered; null where that is not known.</param>
public sealed record OrderedMove(DecidedMove Move, long SinceUnixMs, long MadeUnixMs, ContainerLoad? Load);

/// <summary>Where a container was seen last.</summary>
public sealed record LastSeen(ContainerName Container, HostName Host, long AtUnixMs);

/// <summary>All that the balancer remembers from round to round; with a snapshot, a policy and a mode it gives the decision, so that a log of these four can be replayed.</summary>
/// <param name="Round">Rounds so far.</param>
/// <param name="RoundsAbove">How many of the last ones in a row were above the threshold.</param>
/// <param name="IsSettling">Something was ordered for balance, and the goal is not reached yet.</param>
/// <param name="RoundsBelow">How many of the last ones in a row were below the goal: while containers move, the others use less than later, and one look is not believed.</param>
/// <param name="Past">What was moved.</param>
/// <param name="Places">Where everything was seen last, in name order.</param>
/// <param name="UnderWay">Ordered and not ended, or not seen to be made yet.</param>
public sealed record BalanceMemory(long Round, int RoundsAbove, bool IsSettling, int RoundsBelow, PastMove[] Past, LastSeen[] Places, OrderedMove[] UnderWay)
{
    public static BalanceMemory Empty { get; } = new(0, 0, false, 0, [], [], []);
}
