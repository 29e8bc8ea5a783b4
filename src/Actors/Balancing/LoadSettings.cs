namespace ActorMigration.Actors;

/// <summary>How a host measures itself: keys of <c>amig.load</c>, and <c>amig.labels</c>.</summary>
/// <param name="Interval">Between two samples.</param>
/// <param name="Window">Over which the planner's numbers are averaged; one of <see cref="LoadWindows.All"/>.</param>
/// <param name="ForgetAfter">Without a sample for so long the host knows nothing of itself.</param>
/// <param name="DiskBytesPerSecond">What the disks can do.</param>
/// <param name="NetworkBytesPerSecond">What the uplink can do where it does not say.</param>
/// <param name="Labels">What this host has.</param>
public sealed record LoadSettings(TimeSpan Interval, TimeSpan Window, TimeSpan ForgetAfter, double DiskBytesPerSecond, double NetworkBytesPerSecond, string[] Labels)
{
    /// <summary>Cores that containers may use; null for all that there are, less what the host uses itself.</summary>
    public double? Cores { get; init; }

    /// <summary>Bytes of memory that containers may use; null for all that there is, less what the host uses itself.</summary>
    public double? MemoryBytes { get; init; }
}
