using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;

namespace ActorMigration.Simulator;

/// <summary>
/// The simulator of the hand-over, run by <c>tests/sim.sh</c>: many schedules of one seed, or one again with all its steps. The last line of a run is one JSON object.
/// Exit code 0: as it should be, which for a mutant and for the naive protocol means that a violation was found; 1: otherwise; 2: a wrong command line.
/// </summary>
internal static class Program
{
    private const int AsItShouldBe = 0;
    private const int NotAsItShouldBe = 1;
    private const int WrongCommandLine = 2;
    private const long ProgressEvery = 100_000;

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private static readonly Option<long> Schedules = new("--schedules") { Description = "How many schedules.", DefaultValueFactory = _ => 20_000 };
    private static readonly Option<ulong?> Seed = new("--seed") { Description = "Seed of the run; without it a fresh one is drawn and printed." };
    private static readonly Option<string?> Replay = new("--replay") { Description = "A script's file, or SEED:NUMBER of one schedule of a run: prints every step of it." };
    private static readonly Option<Mutant> Broken = new("--mutant") { Description = "Break one rule on purpose; a violation has to be found.", DefaultValueFactory = _ => Mutant.None };
    private static readonly Option<bool> Naive = new("--naive") { Description = "The acknowledge-based protocol; its double run has to be found." };
    private static readonly Option<bool> Plain = new("--plain") { Description = "No schedules that aim at cells which the others have not reached." };
    private static readonly Option<FileInfo?> CoverageFile = new("--coverage") { Description = "Where the table of cells goes, as markdown." };
    private static readonly Option<DirectoryInfo?> ScriptDirectory = new("--scripts") { Description = "Where scripts of violations go; without it the directory for temporary files." };

    private static int Main(string[] args)
    {
        var root = new RootCommand("Drives the production state machines of the hand-over through schedules with faults.")
        {
            Schedules, Seed, Replay, Broken, Naive, Plain, CoverageFile, ScriptDirectory,
        };
        root.SetAction(Run);
        var parsed = root.Parse(args);
        return parsed.Errors.Count > 0 ? WrongUse(string.Join(' ', parsed.Errors.Select(e => e.Message))) : parsed.Invoke();
    }

    private static int WrongUse(string sentence)
    {
        Console.Error.WriteLine($"sim: {sentence}");
        return WrongCommandLine;
    }

    private static int Run(ParseResult parsed)
    {
        var plan = new Plan(parsed.GetValue(Naive), parsed.GetValue(Broken));
        if (parsed.GetValue(Replay) is { } replay)
        {
            return ReplayOne(plan, replay);
        }

        var seed = parsed.GetValue(Seed) ?? BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        Console.WriteLine($"seed {seed}");
        var result = new Campaign(plan, seed, parsed.GetValue(Schedules)) { Progress = Tell, IsAiming = !plan.IsBroken && !parsed.GetValue(Plain) }.Run();
        foreach (var finding in result.Findings)
        {
            Report(plan, seed, finding, parsed.GetValue(ScriptDirectory)?.FullName ?? Path.GetTempPath());
        }

        PrintCoverage(result, parsed.GetValue(CoverageFile));
        Console.WriteLine(JsonSerializer.Serialize(
            new
            {
                result.Schedules,
                Seed = seed,
                Protocol = plan.IsNaive ? "naive" : "register",
                Mutant = plan.Mutant.ToString(),
                Violations = result.Findings.Count,
                FirstViolation = result.Findings.Count > 0 ? result.Findings[0].Schedule : (long?)null,
                result.AimedSchedules,
                result.CrashSchedules,
                result.Steps,
                Cells = result.Coverage.Names.Count(),
                CellsWithoutCrash = result.Coverage.WithoutCrash.Count(),
                ReachableCells = Coverage.ReachableCells,
                ReachableCellsMissed = result.Coverage.Missing.Count,
                Seconds = Math.Round(result.Elapsed.TotalSeconds, 1),
            },
            Json));
        return result.Findings.Count > 0 == plan.IsBroken ? AsItShouldBe : NotAsItShouldBe;
    }

    private static void Tell(long done)
    {
        if (done % ProgressEvery == 0)
        {
            Console.Error.WriteLine($"sim: {done} schedules are done.");
        }
    }

    private static void Report(Plan plan, ulong seed, Finding finding, string directory)
    {
        var script = Shrinker.Shrink(Schedule.Record(plan, Chance.SeedOf(seed, finding.Schedule), finding.Trap, finding.Aim));
        Directory.CreateDirectory(directory);
        var path = Path.Combine(directory, $"sim-{seed}-{finding.Schedule}.script");
        File.WriteAllText(path, script.ToString());
        Console.WriteLine($"violation in schedule {finding.Schedule}: {finding.Violation}");
        Console.WriteLine($"  in {script.Lines.Count} steps: tests/sim.sh --replay {path}");
        if (finding.Trap is null && finding.Aim == Schedule.NoAim)
        {
            Console.WriteLine($"  as it was: tests/sim.sh --replay {seed}:{finding.Schedule}{(plan.IsNaive ? " --naive" : "")}{(plan.Mutant == Mutant.None ? "" : $" --mutant {plan.Mutant}")}");
        }
    }

    private static void PrintCoverage(CampaignResult result, FileInfo? file)
    {
        foreach (var name in result.Coverage.Missing)
        {
            Console.WriteLine($"reachable cell not reached: {name}");
        }

        foreach (var name in result.Coverage.New)
        {
            Console.WriteLine($"cell reached that is not in the list: {name}");
        }

        foreach (var (cell, point, _, _) in result.Coverage.WithoutCrash)
        {
            Console.WriteLine($"no crash {point} cell: {Cells.Name(cell)}");
        }

        if (file is not null)
        {
            File.WriteAllText(file.FullName, result.Coverage.ToMarkdown());
        }
    }

    private static int ReplayOne(Plan plan, string replay)
    {
        Script script;
        if (File.Exists(replay))
        {
            script = Script.Read(File.ReadAllText(replay));
        }
        else if (replay.Split(':') is [var run, var number]
                 && ulong.TryParse(run, NumberStyles.None, CultureInfo.InvariantCulture, out var seed)
                 && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var schedule))
        {
            script = Schedule.Record(plan, Chance.SeedOf(seed, schedule));
        }
        else
        {
            return WrongUse($"'{replay}' is neither a file nor SEED:NUMBER.");
        }

        Console.Write(script);
        var world = script.Replay(Console.WriteLine);
        Console.WriteLine(world.Violation is { } violation ? $"violation: {violation}" : "no violation");
        return world.Violation is not null == (script.IsNaive || script.Mutant != Mutant.None) ? AsItShouldBe : NotAsItShouldBe;
    }
}
