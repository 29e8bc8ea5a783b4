namespace ActorMigration.Actors;

/// <summary>How long voters are waited for; hocon section <c>amig.voter</c>. None of these decides anything: silence is never an answer.</summary>
/// <param name="Reply">For one reply: a TLS connection and an fsync on a loaded disk.</param>
/// <param name="FirstBackOff">After the first failed ballot; doubles.</param>
/// <param name="LongestBackOff">Where doubling ends.</param>
public sealed record VoterTimes(TimeSpan Reply, TimeSpan FirstBackOff, TimeSpan LongestBackOff)
{
    /// <summary>What hocon/30-amig.conf says as well.</summary>
    public static VoterTimes Default { get; } = new(
        Reply: TimeSpan.FromSeconds(2), FirstBackOff: TimeSpan.FromMilliseconds(50), LongestBackOff: TimeSpan.FromSeconds(5));

    /// <summary>Back-off after so many failed ballots, at a point of the jitter from 0 to 1; half of it is fixed, so that two proposers part soon.</summary>
    public TimeSpan BackOff(int failures, double jitter)
    {
        const int MostDoublings = 16;
        var doubled = FirstBackOff * Math.Pow(2, Math.Min(failures - 1, MostDoublings));
        return (doubled < LongestBackOff ? doubled : LongestBackOff) * (0.5 + (jitter / 2));
    }
}
