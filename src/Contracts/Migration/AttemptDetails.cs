namespace ActorMigration.Contracts;

/// <summary>How an attempt stands.</summary>
public enum AttemptOutcome
{
    /// <summary>It has not ended.</summary>
    Open,

    /// <summary>The destination runs the next epoch.</summary>
    Committed,

    /// <summary>The source keeps the container.</summary>
    Aborted,

    /// <summary>The destination was to run it, and its restored tree died before it ran. It runs nowhere.</summary>
    Lost,
}

/// <summary>
/// Everything the operator reads about one attempt, while it runs and from the journal after it. Kept by both hosts; the source's has the rounds, the
/// destination's the restore.
/// </summary>
/// <param name="Attempt">The attempt.</param>
/// <param name="Container">The container.</param>
/// <param name="Fence">Epoch of the source and ordinal.</param>
/// <param name="Source">The host it leaves.</param>
/// <param name="Destination">The host it goes to.</param>
/// <param name="ReportedBy">Whose view this is.</param>
/// <param name="Phase">The phase it is in or ended in.</param>
/// <param name="Step">The step inside the phase, in the words of docs/protocol.md.</param>
/// <param name="Outcome">Open, committed, aborted or lost.</param>
/// <param name="Failure">Why it did not move the container; None while open or committed.</param>
/// <param name="Sentence">What the operator reads; empty when there is no failure.</param>
/// <param name="StartedUnixMs">Wall clock of <paramref name="ReportedBy"/>, in ms since 1970; for display only.</param>
/// <param name="Phases">Time spent in each phase.</param>
/// <param name="Rounds">Pre-copy rounds.</param>
/// <param name="FrozenPages">Pages of the last scan, under freeze.</param>
/// <param name="FrozenBytes">Bytes sent under freeze.</param>
/// <param name="StopSpans">Named parts of the stop.</param>
/// <param name="StopMs">From the order to freeze to running tasks as this host saw it; 0 before.</param>
/// <param name="DirtyPagesPerSecond">Latest estimate of the source, which tells the destination before the stop; 0 while there is none.</param>
/// <param name="PredictedStopMs">Latest estimate.</param>
/// <param name="Digest">Of all memory under the freeze, where the attempt verifies memory; else null. Of a committed attempt: equal at the gate.</param>
public sealed record AttemptDetails(
    AttemptId Attempt,
    ContainerName Container,
    Fence Fence,
    HostName Source,
    HostName Destination,
    HostName ReportedBy,
    Phase Phase,
    string Step,
    AttemptOutcome Outcome,
    MigrationFailure Failure,
    string Sentence,
    long StartedUnixMs,
    NamedSpan[] Phases,
    RoundReport[] Rounds,
    long FrozenPages,
    long FrozenBytes,
    NamedSpan[] StopSpans,
    double StopMs,
    double DirtyPagesPerSecond,
    double PredictedStopMs,
    FrozenDigest? Digest) : IWire
{
    /// <summary>True once nothing of the attempt goes on any more on the reporting host; a verdict alone is not the end.</summary>
    public bool HasEnded => Outcome != AttemptOutcome.Open && Step is ("Ended" or "JournalingEnded");
}
