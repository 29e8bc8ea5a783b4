using System.CommandLine;
using System.Security.Cryptography;
using System.Text.Json;

namespace ActorMigration.Nodes;

/// <summary>
/// Many nodes in one process, run by <c>bench/cluster.sh</c>, once for each size: a line of JSON on stdout. Exit code 0: it ran to its end; 1: the cluster did not form, and the line says how far it came; 2: a wrong command line.
/// </summary>
internal static class Program
{
    /// <summary>Not <see cref="Console.Out"/>, which is where Akka writes what no bridge takes: that goes to stderr here.</summary>
    private static readonly StreamWriter Results = new(Console.OpenStandardOutput()) { AutoFlush = true };

    private const int RanToItsEnd = 0;
    private const int DidNotForm = 1;
    private const int WrongCommandLine = 2;
    private const int FewestHosts = 3;

    private static readonly Option<ulong?> Seed = new("--seed") { Description = "Seed of the loads; without it a fresh one is drawn." };
    private static readonly Option<int> Hosts = new("--hosts") { Description = "How many nodes.", DefaultValueFactory = _ => 3 };
    private static readonly Option<int> Containers = new("--containers") { Description = "Containers on each host.", DefaultValueFactory = _ => 24 };
    private static readonly Option<int> LookCount = new("--looks") { Description = "How many looks are measured.", DefaultValueFactory = _ => 10 };
    private static readonly Option<int> Patience = new("--patience") { Description = "Seconds: longest wait for the cluster to form, and for a takeover.", DefaultValueFactory = _ => 180 };
    private static readonly Option<int> Window = new("--window") { Description = "Seconds for which traffic without looks is counted.", DefaultValueFactory = _ => 30 };
    private static readonly Option<int> Moving = new("--moving") { Description = "Seconds for which containers are moved.", DefaultValueFactory = _ => 30 };
    private static readonly Option<string> Commit = new("--commit") { Description = "What was built, for the results.", DefaultValueFactory = _ => "unknown" };

    private static int Main(string[] args)
    {
        Console.SetOut(Console.Error);
        var root = new RootCommand("A cluster of many nodes in one process, with simulated loads and migrations.") { Seed, Hosts, Containers, LookCount, Patience, Window, Moving, Commit };
        root.SetAction((parsed, _) => RunAsync(parsed));
        var parsed = root.Parse(args);
        return parsed.Errors.Count > 0 ? WrongUse(string.Join(' ', parsed.Errors.Select(e => e.Message))) : parsed.InvokeAsync().GetAwaiter().GetResult();
    }

    private static int WrongUse(string sentence)
    {
        Console.Error.WriteLine($"cluster: {sentence}");
        return WrongCommandLine;
    }

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        TimeSpan Seconds(Option<int> option) => TimeSpan.FromSeconds(parsed.GetValue(option));
        var shape = new Shape(
            parsed.GetValue(Seed) ?? BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))), parsed.GetValue(Hosts), parsed.GetValue(Containers), parsed.GetValue(LookCount), Seconds(Patience), Seconds(Window), Seconds(Moving));
        if (shape.Hosts < FewestHosts || shape.Containers < 1 || shape.Looks < 1)
        {
            return WrongUse($"there have to be {FewestHosts} hosts, a container on each, and a look.");
        }

        // Each daemon has a pool of its own with a thread for each core at least; with one such pool for all, nodes wait for each other's threads to be made, one in half a second.
        ThreadPool.SetMinThreads(Environment.ProcessorCount * shape.Hosts, Environment.ProcessorCount * shape.Hosts);
        var directory = Directory.CreateTempSubdirectory("amig-cluster-");
        try
        {
            var cluster = new NodesInProcess(shape, directory.FullName);
            await using var ending = cluster.ConfigureAwait(false);
            var run = new Run(shape, cluster);
            var isFormed = await run.MeasureAsync().ConfigureAwait(false);
            Results.WriteLine(JsonSerializer.Serialize(new Dictionary<string, object?>
            {
                ["bench"] = "cluster",
                ["commit"] = parsed.GetValue(Commit),
                ["seed"] = shape.Seed,
                ["hosts"] = shape.Hosts,
                ["containers_per_host"] = shape.Containers,
            }.Concat(run.Results).ToDictionary()));
            return isFormed ? RanToItsEnd : DidNotForm;
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }
}
