using System.Collections.Immutable;

namespace ActorMigration.Actors;

/// <summary>Times over which load is averaged: a change has come to 63 % of its size in the mean after one window.</summary>
public static class LoadWindows
{
    /// <summary>What goes on now: two samples of the default interval. For people; far too short to move anything for.</summary>
    public static readonly TimeSpan TenSeconds = TimeSpan.FromSeconds(10);

    /// <summary>For the planner: longer than a burst of a request or a cron job, and still seen within two minutes when a host fills.</summary>
    public static readonly TimeSpan Minute = TimeSpan.FromSeconds(60);

    /// <summary>What lasts, for clusters that are to move seldom.</summary>
    public static readonly TimeSpan FiveMinutes = TimeSpan.FromSeconds(300);

    /// <summary>Shortest first.</summary>
    public static ImmutableArray<TimeSpan> All { get; } = [TenSeconds, Minute, FiveMinutes];
}
