using ActorMigration.Contracts;

namespace ActorMigration.Host.Http;

/// <summary>Body of POST /v1/balance/mode.</summary>
/// <param name="Mode">off, recommend or auto.</param>
internal sealed record BalanceModeRequest(string Mode);

/// <summary>Body of POST /v1/balance/apply.</summary>
/// <param name="Round">Of the plan that was read; 0 for the last one.</param>
internal sealed record BalanceApplyRequest(long Round);

/// <summary>Body of POST /v1/hosts/HOST/drain and /undrain.</summary>
/// <param name="ForShutdown">Only for as long as the host is down.</param>
internal sealed record DrainRequest(bool ForShutdown);

/// <summary>One move of a plan.</summary>
/// <param name="Id">For GET /v1/balance/moves/ID.</param>
/// <param name="Reason">Balance or Drain.</param>
/// <param name="Container">What.</param>
/// <param name="From">Host it leaves.</param>
/// <param name="To">Host it goes to.</param>
/// <param name="Before">Imbalance before it; 0 for a drain.</param>
/// <param name="After">And after.</param>
/// <param name="StopMs">Predicted stop.</param>
/// <param name="Bytes">Predicted traffic.</param>
/// <param name="Seconds">Predicted time from the order to the end.</param>
/// <param name="Sentence">All of that for people.</param>
internal sealed record PlannedMoveJson(string Id, string Reason, string Container, string From, string To, double Before, double After, double StopMs, double Bytes, double Seconds, string Sentence)
{
    internal static PlannedMoveJson Of(DecidedMove one) => new(
        one.Id, one.Reason.ToString(), one.Move.Container.Value, one.Move.From.Value, one.Move.To.Value, one.Move.Before, one.Move.After, one.Move.Cost.StopSeconds * 1000, one.Move.Cost.Bytes, one.Move.Cost.Seconds, one.Sentence);
}

/// <summary>A container that a drained host keeps.</summary>
/// <param name="Container">The container.</param>
/// <param name="Host">Where it is.</param>
/// <param name="ForGood">Nothing that happens to other hosts lets it leave.</param>
/// <param name="Sentence">Why.</param>
internal sealed record StuckContainerJson(string Container, string Host, bool ForGood, string Sentence);

/// <summary>What one look of the balancer has shown.</summary>
/// <param name="By">The host that balances.</param>
/// <param name="Round">Number of the look.</param>
/// <param name="At">When.</param>
/// <param name="Mode">off, recommend or auto.</param>
/// <param name="Imbalance">As things were.</param>
/// <param name="Ordered">True when the moves are made.</param>
/// <param name="Sentence">Why these and no more.</param>
/// <param name="Moves">In their order.</param>
/// <param name="Stuck">What drained hosts keep.</param>
internal sealed record BalanceDecisionJson(string By, long Round, DateTimeOffset At, string Mode, double Imbalance, bool Ordered, string Sentence, PlannedMoveJson[] Moves, StuckContainerJson[] Stuck)
{
    internal static BalanceDecisionJson From(BalanceDecision one) => new(
        one.By.Value, one.Round, DateTimeOffset.FromUnixTimeMilliseconds(one.AtUnixMs), BalanceModes.Name(one.Mode), one.Imbalance, one.AreOrdered, one.Sentence,
        [.. one.Moves.Select(PlannedMoveJson.Of)], [.. one.Stuck.Select(s => new StuckContainerJson(s.Container.Value, s.Host.Value, s.IsForGood, s.Sentence))]);
}

/// <summary>How far a move is.</summary>
/// <param name="Move">The move.</param>
/// <param name="Migration">Id of its attempt; null before it has one.</param>
/// <param name="Outcome">Open, Committed, Aborted or Lost.</param>
/// <param name="EndedAt">Null while open.</param>
/// <param name="Sentence">Why it did not move the container.</param>
internal sealed record BalanceMoveJson(PlannedMoveJson Move, string? Migration, string Outcome, DateTimeOffset? EndedAt, string Sentence)
{
    internal static BalanceMoveJson From(MoveStanding one) => new(
        PlannedMoveJson.Of(one.Move), one.Attempt?.ToString(), one.Outcome.ToString(), one.EndedUnixMs > 0 ? DateTimeOffset.FromUnixTimeMilliseconds(one.EndedUnixMs) : null, one.Sentence);
}

/// <summary>Answer of GET /v1/balance/moves/ID.</summary>
internal sealed record BalanceMoveExplainedJson(BalanceMoveJson Move, BalanceDecisionJson Decision)
{
    internal static BalanceMoveExplainedJson From(MoveExplained one) => new(BalanceMoveJson.From(one.Standing), BalanceDecisionJson.From(one.Decision));
}

/// <summary>A host as the balancer saw it last: shares of what it has, 0 to 1 and more.</summary>
internal sealed record BalanceHostJson(string Host, string Standing, double Cpu, double Memory, double Disk, double Network, double Pressure, int Containers)
{
    internal static BalanceHostJson From(HostSeen one)
    {
        double Share(int kind) => one.Used[kind] / one.Capacity[kind];
        return new(one.Host.Value, one.Standing.ToString(), Share(0), Share(1), Share(2), Share(3), one.Pressure, one.Containers);
    }
}

/// <summary>Answer of GET /v1/balance.</summary>
/// <param name="By">The host that balances.</param>
/// <param name="Mode">off, recommend or auto.</param>
/// <param name="ModeSetOn">Where the mode was said; empty when it never was.</param>
/// <param name="IntervalMs">Between two looks.</param>
/// <param name="Threshold">Imbalance from which on anything is moved.</param>
/// <param name="HoldRounds">Looks in a row that have to find it above.</param>
/// <param name="Last">The last look.</param>
/// <param name="Hosts">As seen in it.</param>
/// <param name="Moves">Those under way, then the last ones that ended.</param>
internal sealed record BalanceStatusJson(string By, string Mode, string ModeSetOn, int IntervalMs, double Threshold, int HoldRounds, BalanceDecisionJson? Last, BalanceHostJson[] Hosts, BalanceMoveJson[] Moves)
{
    internal static BalanceStatusJson From(BalanceStatus one) => new(
        one.By.Value, BalanceModes.Name(one.Mode.Mode), one.Mode.Version == 0 ? "" : one.Mode.SetOn.Value, one.IntervalMs, one.Policy.Threshold, one.Policy.HoldRounds, one.Last is null ? null : BalanceDecisionJson.From(one.Last),
        [.. one.Hosts.Select(BalanceHostJson.From)], [.. one.Moves.Select(BalanceMoveJson.From)]);
}

/// <summary>Answer of POST /v1/hosts/HOST/drain and /undrain.</summary>
/// <param name="Host">The host.</param>
/// <param name="Drains">True while it takes no containers.</param>
/// <param name="Changed">False when it was so before.</param>
internal sealed record HostDrainedJson(string Host, bool Drains, bool Changed);

/// <summary>The words of the modes, in API and CLI.</summary>
internal static class BalanceModes
{
    internal static readonly string[] Names = [.. Enum.GetValues<BalanceMode>().Select(Name)];

    internal static string Name(BalanceMode mode) => mode.ToString().ToLowerInvariant();

    internal static BalanceMode? Parse(string? name) => Array.IndexOf(Names, name) is var index and >= 0 ? (BalanceMode)index : null;
}
