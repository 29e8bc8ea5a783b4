namespace ActorMigration.Contracts;

/// <summary>Why a container is to be moved.</summary>
public enum MoveReason
{
    /// <summary>The cluster is used more evenly with it.</summary>
    Balance,

    /// <summary>Its host is drained.</summary>
    Drain,

    /// <summary>Its host is not trusted, and is to be emptied for that.</summary>
    Trust,
}

/// <summary>A move of a decision.</summary>
/// <param name="Id">HOST-ROUND.NUMBER: what <c>amig explain</c> takes.</param>
/// <param name="Reason">Why.</param>
/// <param name="Move">What, from where, to where, at which price.</param>
/// <param name="Fence">Of the container as it was planned for: its host refuses an order for another.</param>
/// <param name="Sentence">The numbers, for people.</param>
public sealed record DecidedMove(string Id, MoveReason Reason, PlannedMove Move, Fence Fence, string Sentence);

/// <summary>A container that a drained host cannot get rid of.</summary>
/// <param name="Container">The container.</param>
/// <param name="Host">Where it is.</param>
/// <param name="IsForGood">Nothing that happens to other hosts lets it leave: it, or what belongs together with it, is pinned.</param>
/// <param name="Sentence">Why.</param>
public sealed record StuckContainer(ContainerName Container, HostName Host, bool IsForGood, string Sentence);

/// <summary>What the balancer made of one look at all hosts.</summary>
/// <param name="By">The host that decided.</param>
/// <param name="Round">Its rounds are counted from the start of its daemon.</param>
/// <param name="AtUnixMs">When.</param>
/// <param name="Mode">The mode of then.</param>
/// <param name="Imbalance">As things were.</param>
/// <param name="Moves">In the order in which they are made.</param>
/// <param name="AreOrdered">True when they are made now; false when they are only said.</param>
/// <param name="Stuck">What a drained host keeps.</param>
/// <param name="Sentence">Why these and no more.</param>
public sealed record BalanceDecision(HostName By, long Round, long AtUnixMs, BalanceMode Mode, double Imbalance, DecidedMove[] Moves, bool AreOrdered, StuckContainer[] Stuck, string Sentence);
