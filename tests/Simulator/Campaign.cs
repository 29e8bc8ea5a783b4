using System.Diagnostics;

namespace ActorMigration.Simulator;

/// <summary>A schedule that broke an invariant, by its number in the run, and with the crash that was put into it, if one was.</summary>
internal sealed record Finding(long Schedule, Step? Trap, Violation Violation);

/// <summary>What a run has seen.</summary>
internal sealed record CampaignResult(long Schedules, long CrashSchedules, long Steps, IReadOnlyList<Finding> Findings, Coverage Coverage, TimeSpan Elapsed);

/// <summary>
/// Many schedules of one seed, side by side. The result does not depend on how many cores there are. At the end each cell at which no daemon has crashed right before, or right
/// after, gets its own schedule: the first one that reached the cell, with the crash put there.
/// </summary>
internal sealed class Campaign(Plan plan, ulong seed, long schedules)
{
    /// <summary>Schedules between two looks whether to stop.</summary>
    private const long Chunk = 1_000;

    /// <summary>A broken rule is found again and again; these are enough to read.</summary>
    private const int MostFindings = 10;

    private readonly List<Finding> _findings = [];
    private readonly Coverage _coverage = new();
    private long _steps;

    /// <summary>Told from time to time how many schedules are done.</summary>
    public Action<long>? Progress { get; init; }

    public CampaignResult Run()
    {
        var watch = Stopwatch.StartNew();
        long done = 0;
        for (; done < schedules && !IsEnough; done = Math.Min(done + Chunk, schedules))
        {
            RunAll([.. Range(done, Math.Min(done + Chunk, schedules)).Select(s => (s, (Step?)null))]);
            Progress?.Invoke(Math.Min(done + Chunk, schedules));
        }

        var crashes = IsEnough ? 0 : CrashEverywhere();
        return new CampaignResult(done, crashes, _steps, [.. _findings.OrderBy(f => f.Schedule).Take(Wanted)], _coverage, watch.Elapsed);
    }

    /// <summary>A broken protocol is done with its first violation; in the whole one all are wanted that one can read.</summary>
    private int Wanted => plan.IsBroken ? 1 : MostFindings;

    private bool IsEnough => _findings.Count >= Wanted;

    private int CrashEverywhere()
    {
        // A schedule with a crash in it goes on differently and may reach cells that no other has reached: they get theirs in the next turn.
        const int MostTurns = 8;
        var count = 0;
        for (var turn = 0; turn < MostTurns && _coverage.WithoutCrash.ToArray() is { Length: > 0 } cells; turn++)
        {
            RunAll([.. cells.Select(c => (c.Schedule, (Step?)new Step(StepKind.Trap) { Number = c.Cell, Crash = c.Point, Mask = turn + 1 }))]);
            count += cells.Length;
        }

        return count;
    }

    private void RunAll((long Schedule, Step? Trap)[] runs)
        => Parallel.For(0, runs.Length, static () => (Coverage: new Coverage(), Steps: 0L), (index, _, local) =>
        {
            var (schedule, trap) = runs[index];
            local.Coverage.Schedule = schedule;
            var world = Schedule.Run(plan, Chance.SeedOf(seed, schedule), local.Coverage, trap);
            if (world.Violation is { } violation)
            {
                lock (_findings)
                {
                    _findings.Add(new Finding(schedule, trap, violation));
                }
            }

            return (local.Coverage, local.Steps + world.Steps);
        }, Merge);

    private void Merge((Coverage Coverage, long Steps) local)
    {
        lock (_findings)
        {
            _coverage.Add(local.Coverage);
            _steps += local.Steps;
        }
    }

    private static IEnumerable<long> Range(long from, long to)
    {
        for (var schedule = from; schedule < to; schedule++)
        {
            yield return schedule;
        }
    }
}
