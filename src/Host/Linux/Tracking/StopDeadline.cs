namespace ActorMigration.Host.Linux.Tracking;

/// <summary>How long tasks may be held for an attach. Passing it lets all go; the attach is tried again in the next round.</summary>
internal readonly struct StopDeadline(TimeProvider time, TimeSpan limit)
{
    /// <summary>Seen: median 0.2 ms, at most 13 ms under load on two cores. Longer than this the container's own timeouts suffer.</summary>
    internal static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(100);

    private readonly long _began = time.GetTimestamp();

    internal bool HasPassed => Elapsed > limit;

    internal TimeSpan Elapsed => time.GetElapsedTime(_began);
}
