namespace ActorMigration.Actors;

/// <summary>
/// The time of day as it would be if nobody set the clock since this was made: the age of evidence must not shrink because a clock is set back while an attempt runs. Made by
/// each attempt, so that a clock that was set is right again for the next.
/// </summary>
/// <param name="clock">The host's clock.</param>
internal sealed class SteadyClock(TimeProvider clock) : TimeProvider
{
    private readonly DateTimeOffset _madeAt = clock.GetUtcNow();
    private readonly long _timestamp = clock.GetTimestamp();

    public override long TimestampFrequency => clock.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => clock.LocalTimeZone;

    public override DateTimeOffset GetUtcNow() => _madeAt + clock.GetElapsedTime(_timestamp);

    public override long GetTimestamp() => clock.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => clock.CreateTimer(callback, state, dueTime, period);
}
