namespace ActorMigration.Actors;

/// <summary>From counters to rates. Pure.</summary>
internal static class CounterRates
{
    /// <summary>
    /// Nothing that is counted here comes near: a million cores, or an exabyte per second. Above it a counter is broken, and what comes of it would drown the sums of a whole cluster.
    /// </summary>
    internal const double Highest = 1e18;

    /// <summary>Per second; null when the counter has begun anew or is no number, so that nobody knows.</summary>
    internal static double? Between(double earlier, double later, TimeSpan time)
        => double.IsFinite(earlier) && double.IsFinite(later) && earlier >= 0 && later >= earlier ? Math.Min((later - earlier) / time.TotalSeconds, Highest) : null;

    /// <summary>What is no amount counts as none.</summary>
    internal static double Amount(double value) => double.IsFinite(value) && value > 0 ? Math.Min(value, Highest) : 0;
}
