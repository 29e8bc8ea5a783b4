using System.CommandLine;
using System.Security.Cryptography;
using System.Text.Json;
using ActorMigration.Contracts;

namespace ActorMigration.BalanceSimulator;

/// <summary>
/// The simulator of balancing, run by <c>bench/balance.sh</c>: one trace of one seed, a line of JSON for each strategy.
/// Exit code 0: it ran to its end; 1: a strategy ordered what may not be; 2: a wrong command line.
/// </summary>
internal static class Program
{
    private const int RanToItsEnd = 0;
    private const int NotAllowed = 1;
    private const int WrongCommandLine = 2;

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private static readonly Option<ulong?> Seed = new("--seed") { Description = "Seed of the trace; without it a fresh one is drawn and told on stderr." };
    private static readonly Option<int> Hosts = new("--hosts") { Description = "How many hosts.", DefaultValueFactory = _ => 10 };
    private static readonly Option<int> Containers = new("--containers") { Description = "How many containers.", DefaultValueFactory = _ => 200 };
    private static readonly Option<double> Hours = new("--hours") { Description = "Simulated hours.", DefaultValueFactory = _ => 24 };
    private static readonly Option<string[]> Names = new("--strategy") { Description = $"One of {string.Join(", ", Campaign.Strategies)}; may be repeated. Without it all." };
    private static readonly Option<double> Threshold = new("--threshold") { Description = "The policy's threshold.", DefaultValueFactory = _ => BalancePolicy.Default.Threshold };
    private static readonly Option<double> Margin = new("--margin") { Description = "The policy's margin.", DefaultValueFactory = _ => BalancePolicy.Default.Margin };
    private static readonly Option<double> Worth = new("--worth") { Description = "The policy's worth of an imbalance of 1, in seconds.", DefaultValueFactory = _ => BalancePolicy.Default.WorthSeconds };
    private static readonly Option<FileInfo?> Svg = new("--svg") { Description = "Where a drawing of the imbalance over time goes." };
    private static readonly Option<string> Commit = new("--commit") { Description = "What was built, for the results.", DefaultValueFactory = _ => "unknown" };

    private static int Main(string[] args)
    {
        var root = new RootCommand("Drives the production planner and others through a trace of load.") { Seed, Hosts, Containers, Hours, Names, Threshold, Margin, Worth, Svg, Commit };
        root.SetAction(Run);
        var parsed = root.Parse(args);
        return parsed.Errors.Count > 0 ? WrongUse(string.Join(' ', parsed.Errors.Select(e => e.Message))) : parsed.Invoke();
    }

    private static int WrongUse(string sentence)
    {
        Console.Error.WriteLine($"balance: {sentence}");
        return WrongCommandLine;
    }

    private static int Run(ParseResult parsed)
    {
        var names = parsed.GetValue(Names) is { Length: > 0 } asked ? asked : Campaign.Strategies;
        if (names.FirstOrDefault(n => !Campaign.Strategies.Contains(n)) is { } unknown)
        {
            return WrongUse($"there is no strategy '{unknown}', but {string.Join(", ", Campaign.Strategies)}.");
        }

        var shape = new TraceShape(
            parsed.GetValue(Seed) ?? BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))), parsed.GetValue(Hosts), parsed.GetValue(Containers), parsed.GetValue(Hours));
        if (shape.Hosts < 2 || shape.Containers < 1 || !(shape.Hours > 0) || shape.Rounds < 1)
        {
            return WrongUse("there have to be two hosts, a container and a round of 30 s.");
        }

        if (parsed.GetValue(Seed) is null)
        {
            Console.Error.WriteLine($"balance: seed {shape.Seed}");
        }

        var policy = BalancePolicy.Default with { Threshold = parsed.GetValue(Threshold), Margin = parsed.GetValue(Margin), WorthSeconds = parsed.GetValue(Worth) };
        IReadOnlyList<Outcome> outcomes;
        try
        {
            outcomes = Campaign.Run(shape, names, policy, Limits.For(shape.Hosts));
        }
        catch (InvalidOperationException e)
        {
            Console.Error.WriteLine($"balance: {e.Message}");
            return NotAllowed;
        }

        foreach (var outcome in outcomes)
        {
            Console.WriteLine(JsonSerializer.Serialize(Line(shape, outcome, parsed.GetValue(Commit)!), Json));
        }

        if (parsed.GetValue(Svg) is { } file)
        {
            File.WriteAllText(file.FullName, Chart.Of(shape, [.. outcomes.Select(o => (o.Strategy, (IReadOnlyList<double>)o.Measured.Imbalances))]));
        }

        return RanToItsEnd;
    }

    private static object Line(TraceShape shape, Outcome outcome, string commit) => new
    {
        Bench = "balance",
        Commit = commit,
        shape.Seed,
        shape.Hosts,
        shape.Containers,
        shape.Hours,
        outcome.Strategy,
        ImbalanceMean = Math.Round(outcome.Measured.MeanImbalance, 5),
        ImbalanceP95 = Math.Round(outcome.Measured.HighImbalance, 5),
        OverloadedShare = Math.Round(outcome.Measured.OverloadedShare, 6),
        outcome.Cluster.Moves,
        outcome.Cluster.Failed,
        outcome.Cluster.PingPongs,
        StopSeconds = Math.Round(outcome.Cluster.StopSeconds, 1),
        GigaBytes = Math.Round(outcome.Cluster.Bytes / 1e9, 1),
        RegretHours = Math.Round(outcome.Regret, 4),
        PlannerMsMean = Math.Round(outcome.Measured.Calls.Average(c => c.Wall) * 1000, 3),
        PlannerMsMax = Math.Round(outcome.Measured.Calls.Max(c => c.Wall) * 1000, 3),
        PlannerCpuMsMean = Math.Round(outcome.Measured.Calls.Average(c => c.Cpu) * 1000, 3),
        PlannerCpuMsMax = Math.Round(outcome.Measured.Calls.Max(c => c.Cpu) * 1000, 3),
    };
}
