namespace ActorMigration.Actors.Tests.Balancing;

/// <summary>A clock that goes on only by hand. Its timestamps are ticks.</summary>
internal sealed class HandClock : TimeProvider
{
    /// <summary>Time since the test began.</summary>
    public TimeSpan Now { get; set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Now.Ticks;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch + Now;
}
