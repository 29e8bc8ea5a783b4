using ActorMigration.Contracts;

namespace ActorMigration.Host.Http;

/// <summary>Body of POST /v1/migrations. Zero <paramref name="TargetDowntimeMs"/> takes the host's default.</summary>
public sealed record MigrateRequest(string Container, string To, double TargetDowntimeMs, bool Force);

/// <summary>A named part of a phase.</summary>
public sealed record SpanJson(string Name, double Ms);

/// <summary>Time in one phase.</summary>
public sealed record PhaseJson(string Phase, double Ms, SpanJson[] Spans);

/// <summary>A pre-copy round.</summary>
public sealed record RoundJson(int Round, long Pages, long ZeroPages, long Bytes, long FileBytes, double ElapsedMs);

/// <summary>An attempt as scripts see it, at one moment.</summary>
public sealed record MigrationJson(
    string Id,
    string Container,
    long Epoch,
    int Ordinal,
    string Source,
    string Destination,
    string Phase,
    string Outcome,
    string Failure,
    string Sentence,
    DateTimeOffset BegunAt,
    PhaseJson[] Phases,
    RoundJson[] Rounds,
    double DirtyPagesPerSecond,
    double PredictedStopMs,
    double StopMs,
    long BytesUnderFreeze)
{
    /// <summary>True once <see cref="Outcome"/> can no longer change.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool HasEnded => Outcome != nameof(MigrationOutcome.InProgress);

    public static MigrationJson From(MigrationView view) => new(
        view.Attempt.ToString(),
        view.Container.Value,
        view.Fence.Epoch,
        view.Fence.Ordinal,
        view.Source.Value,
        view.Destination.Value,
        view.Phase.ToString(),
        view.Outcome.ToString(),
        view.Failure.ToString(),
        view.Sentence,
        view.BegunAt,
        [.. view.Times.Select(time => new PhaseJson(time.Phase.ToString(), time.Milliseconds, [.. time.Spans.Select(span => new SpanJson(span.Name, span.Milliseconds))]))],
        [.. view.Rounds.Select(round => new RoundJson(round.Round, round.Pages, round.ZeroPages, round.Bytes, round.FileBytes, round.Elapsed.TotalMilliseconds))],
        view.DirtyPagesPerSecond,
        view.PredictedStop.TotalMilliseconds,
        view.StopMilliseconds,
        view.BytesUnderFreeze);
}

/// <summary>Answer of GET /v1/migrations.</summary>
public sealed record MigrationsJson(MigrationJson[] Migrations);
