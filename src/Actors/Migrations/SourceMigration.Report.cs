using System.Collections.Immutable;
using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>What the operator reads of the attempt; decides nothing.</summary>
public sealed partial record SourceMigration
{
    private DateTimeOffset StartedAt { get; init; }

    private DateTimeOffset? FreezeAt { get; init; }

    private DateTimeOffset? RunningAt { get; init; }

    /// <summary>FROZEN may be on the disk.</summary>
    private bool IsFrozen { get; init; }

    private bool HasConsent { get; init; }

    private SourceState? AbortedIn { get; init; }

    /// <summary>The destination's tree died after DEST.</summary>
    private bool IsLost { get; init; }

    private RegisteredVoter[] Voters { get; init; } = [];

    private ImmutableList<RoundReport> Rounds { get; init; } = [];

    private FrozenCopy? Copy { get; init; }

    private GateReport? Gate { get; init; }

    private ImmutableSortedDictionary<Phase, double> PhaseMs { get; init; } = ImmutableSortedDictionary<Phase, double>.Empty;

    private DateTimeOffset LastStepAt { get; init; }

    private ConvergencePolicy Convergence { get => field ?? new ConvergencePolicy(Policy); init; }

    /// <summary>The attempt as it stands.</summary>
    public AttemptDetails Details() => new(
        Attempt,
        Container,
        Fence,
        Self,
        Destination,
        Self,
        (AbortedIn ?? State).Phase(),
        State.ToString(),
        IsLost ? AttemptOutcome.Lost
            : Certificate?.Value == Verdict.Dest ? AttemptOutcome.Committed
            : Certificate is not null || State >= SourceState.Aborting ? AttemptOutcome.Aborted
            : AttemptOutcome.Open,
        Certificate?.Value == Verdict.Dest && !IsLost ? MigrationFailure.None : Failure,
        Certificate?.Value == Verdict.Dest && !IsLost ? "" : Sentence,
        StartedAt.ToUnixTimeMilliseconds(),
        [.. PhaseMs.Select(p => new NamedSpan(p.Key.ToString(), p.Value))],
        [.. Rounds],
        Copy?.Pages ?? 0,
        Copy?.Bytes ?? 0,
        [.. Copy?.Spans ?? [], .. Gate?.Spans ?? []],
        FreezeAt is { } freeze && RunningAt is { } running ? (running - freeze).TotalMilliseconds : 0,
        Convergence.DirtyPagesPerSecond,
        double.IsFinite(Convergence.PredictedStopMs) ? Convergence.PredictedStopMs : 0,
        Copy?.Digest);

    private SourceMigration WithPhaseTimes(SourceState before, DateTimeOffset now)
    {
        var phase = before.Phase();
        var spent = LastStepAt == default ? 0 : (now - LastStepAt).TotalMilliseconds;
        return this with { LastStepAt = now, PhaseMs = PhaseMs.SetItem(phase, PhaseMs.GetValueOrDefault(phase) + spent) };
    }
}
