using System.Text.Json.Serialization;
using ActorMigration.Contracts;

namespace ActorMigration.Host.Http;

/// <summary>Body of POST /v1/migrations. Zero <paramref name="TargetDowntimeMs"/> takes the host's default.</summary>
public sealed record MigrateRequest(string Container, string To, int TargetDowntimeMs, bool Force, bool Verify);

/// <summary>Answer of POST /v1/migrations and of POST /v1/migrations/{id}/cancel.</summary>
public sealed record MigrationIdJson(string Id);

/// <summary>Body of POST /v1/migrations/{id}/resolve: who is to have the container ("source" or "destination", or "nobody" when nothing of it is left), and which hosts are off.</summary>
public sealed record ResolveRequest(string To, string[] Fenced, string Operator, string Reason);

/// <summary>Its answer: the verdict that stands now.</summary>
public sealed record ResolvedJson(string Id, string Container, string Host, int Generation, bool Lost);

/// <summary>A named stretch of time.</summary>
public sealed record SpanJson(string Name, double Ms)
{
    internal static SpanJson[] From(NamedSpan[] spans) => [.. spans.Select(span => new SpanJson(span.Name, span.Milliseconds))];
}

/// <summary>All memory under the freeze, compared at the gate.</summary>
public sealed record MemoryDigestJson(string Sha256, long Pages);

/// <summary>A pre-copy round.</summary>
public sealed record RoundJson(int Round, long Pages, long ZeroPages, long Bytes, long FileBytes, double ElapsedMs);

/// <summary>An attempt as scripts see it, at one moment. Fields as in <see cref="AttemptDetails"/>.</summary>
public sealed record MigrationJson(
    string Id,
    string Container,
    long Epoch,
    int Ordinal,
    string Source,
    string Destination,
    string ReportedBy,
    string Phase,
    string Step,
    string Outcome,
    string Failure,
    string Sentence,
    DateTimeOffset StartedAt,
    SpanJson[] Phases,
    RoundJson[] Rounds,
    long FrozenPages,
    long FrozenBytes,
    SpanJson[] StopSpans,
    double StopMs,
    double DirtyPagesPerSecond,
    double PredictedStopMs,
    MemoryDigestJson? MemoryDigest)
{
    /// <summary>True once <see cref="Outcome"/> can no longer change.</summary>
    [JsonIgnore]
    public bool HasEnded => Outcome != nameof(AttemptOutcome.Open);

    public static MigrationJson From(AttemptDetails details) => new(
        details.Attempt.ToString(),
        details.Container.Value,
        details.Fence.Epoch,
        details.Fence.Ordinal,
        details.Source.Value,
        details.Destination.Value,
        details.ReportedBy.Value,
        details.Phase.ToString(),
        details.Step,
        details.Outcome.ToString(),
        details.Failure.ToString(),
        details.Sentence,
        DateTimeOffset.FromUnixTimeMilliseconds(details.StartedUnixMs),
        SpanJson.From(details.Phases),
        [.. details.Rounds.Select(round => new RoundJson(round.Round, round.Pages, round.ZeroPages, round.Bytes, round.FileBytes, round.Elapsed.TotalMilliseconds))],
        details.FrozenPages,
        details.FrozenBytes,
        SpanJson.From(details.StopSpans),
        details.StopMs,
        details.DirtyPagesPerSecond,
        details.PredictedStopMs,
        details.Digest is { } digest ? new MemoryDigestJson(digest.Sha256, digest.Pages) : null);
}

/// <summary>Answer of GET /v1/migrations.</summary>
public sealed record MigrationsJson(MigrationJson[] Migrations);
