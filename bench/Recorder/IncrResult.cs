namespace ActorMigration.Recorder;

/// <summary>What <see cref="IncrRecording"/> saw; printed as one JSON object in snake_case.</summary>
/// <param name="Replies">Replies received.</param>
/// <param name="First">First number.</param>
/// <param name="Last">Last number.</param>
/// <param name="Lost">Numbers skipped.</param>
/// <param name="Repeated">Numbers given out twice.</param>
/// <param name="GapMsMax">Longest pause between two replies, ms.</param>
/// <param name="Seconds">Length of the recording, s.</param>
/// <param name="Broken">Why the connection ended before it was told to; null if it never did.</param>
/// <param name="Gaps">Noteworthy pauses in order.</param>
public sealed record IncrResult(
    long Replies,
    long First,
    long Last,
    long Lost,
    long Repeated,
    double GapMsMax,
    double Seconds,
    string? Broken,
    IReadOnlyList<ReplyGap> Gaps);
