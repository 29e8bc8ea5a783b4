namespace ActorMigration.Actors;

/// <summary>How long an attempt waits; hocon section <c>amig.migration</c>. None of these decides anything after the freeze.</summary>
/// <param name="Resend">Between repetitions of a message that was not answered.</param>
/// <param name="Patience">Silence of the other side after which an attempt is given up before the freeze, including a slow TPM.</param>
/// <param name="PreparePatience">The same while the destination fetches and builds.</param>
/// <param name="HandOverPatience">How long a destination that agreed to the stop waits for the hand-over before it gives the attempt up: longer than the source's stop deadline.</param>
/// <param name="Retry">Between repetitions of a call that failed after the verdict.</param>
public sealed record AttemptTimes(TimeSpan Resend, TimeSpan Patience, TimeSpan PreparePatience, TimeSpan HandOverPatience, TimeSpan Retry)
{
    /// <summary>What hocon/30-amig.conf says as well.</summary>
    public static AttemptTimes Default { get; } = new(
        Resend: TimeSpan.FromSeconds(1),
        Patience: TimeSpan.FromSeconds(30),
        PreparePatience: TimeSpan.FromMinutes(10),
        HandOverPatience: TimeSpan.FromMinutes(5),
        Retry: TimeSpan.FromSeconds(2));
}
