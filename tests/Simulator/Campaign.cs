using System.Diagnostics;

namespace ActorMigration.Simulator;

/// <summary>A schedule that broke an invariant, by its number in the run, with the crash that was put into it, and with the cell that it aimed at, if there was one.</summary>
internal sealed record Finding(long Schedule, Step? Trap, int Aim, Violation Violation);

/// <summary>What a run has seen.</summary>
internal sealed record CampaignResult(long Schedules, long AimedSchedules, long CrashSchedules, long Steps, IReadOnlyList<Finding> Findings, Coverage Coverage, TimeSpan Elapsed);

/// <summary>
/// Many schedules of one seed, side by side. The result does not depend on how many cores there are. Then each cell of the list in the repository that none of them has reached gets schedules that
/// aim at it. At the end each cell at which no daemon has crashed right before, or right after, gets its own schedule: the first one that reached the cell, with the crash put there.
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

    /// <summary>True when cells that are not reached are aimed at: not where a violation of a broken rule is all that is wanted, nor in a short run.</summary>
    public bool IsAiming { get; init; }

    /// <summary>Told from time to time how many schedules are done.</summary>
    public Action<long>? Progress { get; init; }

    public CampaignResult Run()
    {
        var watch = Stopwatch.StartNew();
        long done = 0;
        for (; done < schedules && !IsEnough; done = Math.Min(done + Chunk, schedules))
        {
            RunAll([.. Range(done, Math.Min(done + Chunk, schedules)).Select(s => new Drive(s))]);
            Progress?.Invoke(Math.Min(done + Chunk, schedules));
        }

        var aimed = IsAiming && !IsEnough ? AimAtMissing() : 0;
        var crashes = IsEnough ? 0 : CrashEverywhere();
        return new CampaignResult(done, aimed, crashes, _steps, [.. _findings.OrderBy(f => f.Schedule).Take(Wanted)], _coverage, watch.Elapsed);
    }

    /// <summary>A broken protocol is done with its first violation; in the whole one all are wanted that one can read.</summary>
    private int Wanted => plan.IsBroken ? 1 : MostFindings;

    private bool IsEnough => _findings.Count >= Wanted;

    /// <summary>Their numbers come after those of the others: cells and turns have numbers of their own, so that one that is reached early changes no other one's schedules.</summary>
    private int AimAtMissing()
    {
        const int AimsAtOnce = 200;
        const int MostAims = 20_000;
        var count = 0;
        for (var turn = 0; turn < MostAims / AimsAtOnce && !IsEnough && MissingCells() is { Length: > 0 } cells; turn++)
        {
            RunAll([.. cells.SelectMany(cell => Enumerable.Range(0, AimsAtOnce).Select(aim => new Drive(schedules + ((long)cell * MostAims) + (turn * AimsAtOnce) + aim, null, cell)))]);
            count += cells.Length * AimsAtOnce;
        }

        return count;
    }

    private int[] MissingCells() => [.. _coverage.Missing.Select(Cells.Find).Where(cell => cell >= 0)];

    private int CrashEverywhere()
    {
        // A schedule with a crash in it goes on differently and may reach cells that no other has reached: they get theirs in the next turn.
        const int MostTurns = 8;
        var count = 0;
        for (var turn = 0; turn < MostTurns && _coverage.WithoutCrash.ToArray() is { Length: > 0 } cells; turn++)
        {
            RunAll([.. cells.Select(c => new Drive(c.Schedule, new Step(StepKind.Trap) { Number = c.Cell, Crash = c.Point, Mask = turn + 1 }, c.Aim))]);
            count += cells.Length;
        }

        return count;
    }

    private void RunAll(Drive[] runs)
        => Parallel.For(0, runs.Length, static () => (Coverage: new Coverage(), Steps: 0L), (index, _, local) =>
        {
            var (schedule, trap, aim) = runs[index];
            (local.Coverage.Schedule, local.Coverage.Aim) = (schedule, aim);
            var world = Schedule.Run(plan, Chance.SeedOf(seed, schedule), local.Coverage, trap, aim);
            if (world.Violation is { } violation)
            {
                lock (_findings)
                {
                    _findings.Add(new Finding(schedule, trap, aim, violation));
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

    private readonly record struct Drive(long Schedule, Step? Trap = null, int Aim = Simulator.Schedule.NoAim);

    private static IEnumerable<long> Range(long from, long to)
    {
        for (var schedule = from; schedule < to; schedule++)
        {
            yield return schedule;
        }
    }
}
