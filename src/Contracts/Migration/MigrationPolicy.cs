namespace ActorMigration.Contracts;

/// <summary>When the source may stop the container, and what it does when pre-copy does not converge.</summary>
/// <param name="DowntimeTargetMs">Freeze as soon as the predicted stop is at or below this.</param>
/// <param name="MaxRounds">Most pre-copy rounds, the first full one included.</param>
/// <param name="Force">At the end of the rounds freeze anyway (true) or give the attempt up (false).</param>
/// <param name="EvidenceMaxAgeMs">Oldest evidence of the destination with which a hand-over token is still signed.</param>
/// <param name="StopDeadlineMs">From the freeze; when it passes without a verdict the source proposes SOURCE. It decides nothing by itself.</param>
/// <param name="VerifyMemory">Take a digest of all memory under the freeze and compare it at the gate; DEST is proposed only for equal memory. Lengthens the stop by a second or two per GiB.</param>
public sealed record MigrationPolicy(int DowntimeTargetMs, int MaxRounds, bool Force, int EvidenceMaxAgeMs, int StopDeadlineMs, bool VerifyMemory)
{
    /// <summary>The values of a plain <c>amig migrate</c>: a stop that TCP clients do not notice as a failure, and a round count after which more rounds have never helped.</summary>
    public static MigrationPolicy Default { get; } = new(DowntimeTargetMs: 300, MaxRounds: 30, Force: false, EvidenceMaxAgeMs: 30_000, StopDeadlineMs: 60_000, VerifyMemory: false);
}
