using ActorMigration.Contracts;
using ActorMigration.Contracts.Memory;

namespace ActorMigration.Actors;

/// <summary>How much memory a container is taken to write, where nobody has looked. See docs/decisions/2026-11-26-dirty-rate-sampling.md. Pure.</summary>
public static class DirtyRate
{
    /// <summary>
    /// Share of its resident memory that a container of which nothing is known is taken to write each second. High on purpose: it makes a move look dearer than it mostly is, so that what is not known
    /// moves later than what is, and it is corrected by the first move. A stream of 1 Gbit/s still carries the rounds of 2 GiB at this rate.
    /// </summary>
    public const double ShareOfResidentPerSecond = 0.05;

    /// <summary>
    /// Most that a core can write while it is tracked: the first write to a page after each round costs 0.87 µs, whatever else the program does, which is 4.7 GB/s. A container that does not compute does not write.
    /// </summary>
    public const double BytesPerCoreSecond = PageSize.Bytes / 0.87e-6;

    /// <summary>Bytes per second, finite and not negative.</summary>
    /// <param name="seen">What was seen to be written; null when nobody looked.</param>
    /// <param name="measured">What its last move measured; null when it is not known here.</param>
    /// <param name="resident">Bytes that it holds.</param>
    /// <param name="cpu">Cores that it uses; null when that is not known.</param>
    public static double Of(double? seen, double? measured, double resident, double? cpu)
    {
        if (seen is { } now)
        {
            return CounterRates.Amount(now);
        }

        var bound = cpu is { } cores ? CounterRates.Amount(cores * BytesPerCoreSecond) : CounterRates.Highest;
        // A rate that a move measured is of its own day; one that its CPU time forbids is not believed.
        return Math.Min(measured is { } then ? CounterRates.Amount(then) : CounterRates.Amount(resident) * ShareOfResidentPerSecond, bound);
    }

    /// <summary>
    /// Bytes per second that the newest attempt measured which this host was the source of, ended either way, or by which the container came here; null when there is none. The first round has nothing to compare with, so only attempts with a
    /// second one count: a destination is told 0 without one.
    /// </summary>
    public static double? MeasuredBy(JournalState journal, ContainerName container)
        => journal.History.FindLast(attempt => attempt.Container == container && (attempt.ReportedBy == attempt.Source ? attempt.Rounds.Length > 1 : attempt is { Outcome: AttemptOutcome.Committed, DirtyPagesPerSecond: > 0 }))
            ?.DirtyPagesPerSecond * PageSize.Bytes;
}
