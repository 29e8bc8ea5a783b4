using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>What follows a pre-copy round.</summary>
public enum Convergence
{
    /// <summary>Another round will make the stop shorter.</summary>
    AnotherRound,

    /// <summary>Stop now.</summary>
    Freeze,

    /// <summary>The target cannot be reached and the policy does not allow a longer stop.</summary>
    GiveUp,
}

/// <summary>
/// Whether another pre-copy round is worth its bytes. Pure: rounds in, decision out. Estimates are exponentially weighted averages over rounds, the newest
/// counting half, since a dirty rate changes with the workload and one round is noisy.
/// </summary>
/// <param name="Policy">Target and limits of the attempt.</param>
public sealed record ConvergencePolicy(MigrationPolicy Policy)
{
    /// <summary>Weight of the newest round.</summary>
    public const double NewestWeight = 0.5;

    /// <summary>Bytes of a page.</summary>
    public const int PageBytes = 4096;

    /// <summary>What CRIU and the verdict take of every stop, whatever the memory: skeleton dump, restore to the gate, one round of the register. In ms.</summary>
    public const double FixedStopMs = 220;

    /// <summary>Taken for the stream's rate while nothing has been sent that would tell: what a cable of 1 Gbit/s carries.</summary>
    private const double UnknownBytesPerSecond = 118e6;

    /// <summary>A round of fewer bytes is over before the stream is full: it tells how long an answer takes, not what the stream carries.</summary>
    private const long LeastTellingBytes = 1 << 20;

    /// <summary>A prediction within this factor of the best one seen is a local minimum: more rounds only add traffic.</summary>
    private const double MinimumSlack = 1.05;

    /// <summary>Rounds without a better prediction after which the minimum is believed.</summary>
    private const int RoundsWithoutGain = 3;

    /// <summary>Pages written per second; 0 before the second round.</summary>
    public double DirtyPagesPerSecond { get; private init; }

    /// <summary>Bytes per second that the stream carries.</summary>
    public double BytesPerSecond { get; private init; }

    /// <summary>Length of a stop that would begin now, in ms.</summary>
    public double PredictedStopMs { get; private init; } = double.PositiveInfinity;

    private double BestMs { get; init; } = double.PositiveInfinity;

    private int SinceBest { get; init; }

    private int Rounds { get; init; }

    /// <summary>Takes a round into account.</summary>
    public ConvergencePolicy With(RoundReport round)
    {
        var bandwidth = round.Elapsed > TimeSpan.Zero && round.Bytes >= LeastTellingBytes ? Average(BytesPerSecond, round.Bytes / round.Elapsed.TotalSeconds) : BytesPerSecond;

        // Round 0 sends everything there is: it says nothing about what is written.
        var pages = round.Pages + round.ZeroPages;
        var rate = round.Round > 0 && round.SinceLastScan > TimeSpan.Zero ? Average(DirtyPagesPerSecond, pages / round.SinceLastScan.TotalSeconds) : DirtyPagesPerSecond;

        // The last scan finds what is written from this round's scan on, that is while this round was sent.
        var lastPages = (round.Round > 0 ? rate * round.Elapsed.TotalSeconds : pages) + round.UntrackedPages;
        var predicted = FixedStopMs + (lastPages * PageBytes / (bandwidth > 0 ? bandwidth : UnknownBytesPerSecond) * 1000);
        var better = predicted < BestMs / MinimumSlack;
        return this with
        {
            DirtyPagesPerSecond = rate,
            BytesPerSecond = bandwidth,
            PredictedStopMs = predicted,
            BestMs = Math.Min(BestMs, predicted),
            SinceBest = better ? 0 : SinceBest + 1,
            Rounds = Rounds + 1,
        };
    }

    /// <summary>What to do after the rounds so far. The first round alone never freezes: its prediction knows no dirty rate.</summary>
    public Convergence Decide()
    {
        if (Rounds >= 2 && PredictedStopMs <= Policy.DowntimeTargetMs)
        {
            return Convergence.Freeze;
        }

        if (Rounds >= Policy.MaxRounds)
        {
            return Policy.Force ? Convergence.Freeze : Convergence.GiveUp;
        }

        var atMinimum = SinceBest >= RoundsWithoutGain && PredictedStopMs <= BestMs * MinimumSlack;
        return atMinimum && Policy.Force ? Convergence.Freeze : Convergence.AnotherRound;
    }

    private static double Average(double old, double newest) => old == 0 ? newest : ((1 - NewestWeight) * old) + (NewestWeight * newest);
}
