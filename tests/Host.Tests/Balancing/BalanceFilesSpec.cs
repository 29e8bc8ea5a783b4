using ActorMigration.Actors;
using ActorMigration.Contracts;
using ActorMigration.Host.Balancing;
using ActorMigration.Host.Cli;
using ActorMigration.Host.Tests.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace ActorMigration.Host.Tests.Balancing;

/// <summary>What a host keeps of balancing on its disk, and the replay of it.</summary>
public sealed class BalanceFilesSpec : IDisposable
{
    private static readonly HostName Self = new("h1");

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("amig-balance-");

    private string Log => Path.Combine(_directory.FullName, "balance.log");

    public void Dispose() => _directory.Delete(recursive: true);

    private BalanceFiles Open() => BalanceFiles.Open(_directory.FullName, NullLogger.Instance);

    [Fact]
    public void The_mode_is_there_after_a_restart()
    {
        Assert.Equal(BalanceModeSet.None, Open().Mode);
        var mode = new BalanceModeSet(BalanceMode.Auto, 3, Self, 7);
        Open().Keep(mode);

        Assert.Equal(mode, Open().Mode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("""{"Mode":"Full","Version":3,"SetOn":{"Value":"h1"},"AtUnixMs":7}""")]
    public void A_mode_that_cannot_be_read_counts_as_none(string content)
    {
        File.WriteAllText(Path.Combine(_directory.FullName, "balance.json"), content);

        Assert.Equal(BalanceModeSet.None, Open().Mode);
    }

    [Fact]
    public void What_cannot_be_written_is_said_and_nothing_has_changed_and_a_log_that_cannot_be_is_done_without()
    {
        var mode = new BalanceModeSet(BalanceMode.Recommend, 3, Self, 7);
        var files = Open();
        files.Keep(mode);
        var drain = new DrainFile(_directory.FullName);
        _directory.Delete(recursive: true);
        File.WriteAllText(_directory.FullName, "no directory any more");
        try
        {
            Assert.Contains("cannot be written", Assert.Throws<AttemptException>(() => files.Keep(mode with { Mode = BalanceMode.Auto, Version = 4 })).Message, StringComparison.Ordinal);
            Assert.Equal(mode, files.Mode);
            Assert.Throws<AttemptException>(() => drain.Set(DrainCause.Operator));
            Assert.Equal(DrainCause.None, drain.Cause);
            Decide(files);
        }
        finally
        {
            File.Delete(_directory.FullName);
            _directory.Create();
        }
    }

    [Theory]
    [InlineData(DrainCause.Operator)]
    [InlineData(DrainCause.Shutdown)]
    public void A_drained_host_is_drained_after_a_restart(DrainCause cause)
    {
        new DrainFile(_directory.FullName).Set(cause);
        Assert.Equal(cause, new DrainFile(_directory.FullName).Cause);
        new DrainFile(_directory.FullName).Set(DrainCause.None);
        Assert.Equal(DrainCause.None, new DrainFile(_directory.FullName).Cause);
        File.WriteAllText(Path.Combine(_directory.FullName, "drained"), "7");
        Assert.Equal(DrainCause.Operator, new DrainFile(_directory.FullName).Cause);
    }

    [Fact]
    public async Task A_log_is_replayed_to_the_same_decisions_and_a_torn_line_is_left_out()
    {
        var ordered = Decide(Open());
        Assert.True(ordered > 0);
        File.AppendAllText(Log, "{\"Memory\":{\"Rou");
        Decide(Open());

        var run = await CliRun.OfAsync("balance", "replay", Log);

        Assert.Equal(ExitCode.Ok, run.Code);
        Assert.EndsWith("6 decisions, 0 of them otherwise now; 1 lines that are none, as a crash leaves them.\n", run.Out, StringComparison.Ordinal);
        Assert.Contains("h1-3.1", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_decision_that_would_be_another_one_now_is_shown_beside_what_was_decided()
    {
        Decide(Open());
        File.WriteAllText(Log, File.ReadAllText(Log).Replace("\"HoldRounds\":3", "\"HoldRounds\":9", StringComparison.Ordinal));

        var run = await CliRun.OfAsync("balance", "replay", Log);

        Assert.Equal(ExitCode.Failed, run.Code);
        Assert.Contains("OTHERWISE now", run.Out, StringComparison.Ordinal);
        Assert.EndsWith("3 decisions, 3 of them otherwise now.\n", run.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no json\nneither\n", "none of its 2 lines is a decision")]
    [InlineData(null, "cannot be replayed")]
    public async Task A_log_that_is_none_is_one_sentence(string? content, string sentence)
    {
        if (content is not null)
        {
            File.WriteAllText(Log, content);
        }

        var run = await CliRun.OfAsync("balance", "replay", Log);

        Assert.Equal(ExitCode.Failed, run.Code);
        Assert.Contains(sentence, run.Error, StringComparison.Ordinal);
        Assert.Equal(1, run.Error.Count(c => c == '\n'));
    }

    /// <summary>Three looks at an uneven cluster, written as the actor writes them; returns how many moves were ordered.</summary>
    private static int Decide(BalanceFiles files)
    {
        ContainerLoad Container(int number) => new(new ContainerName($"c{number}"), new Fence(1, 0), new Resources(0.7, 1.23456789e9, 0, 0), 1e9, 1e6, ContainerPlacement.Anywhere with { Labels = ["ssd"] });
        HostLoad Host(string name, params ContainerLoad[] containers) => new(new HostName(name), new Resources(8, 32e9, 1e9, 1e9), default, 0.1, HostStanding.Accepts, ["ssd"], containers);
        var (memory, ordered) = (BalanceMemory.Empty, 0);
        for (var round = 0; round < BalancePolicy.Default.HoldRounds; round++)
        {
            var snapshot = new LoadSnapshot(1_800_000_000_000 + (round * 30_000), [Host("h1", [.. Enumerable.Range(0, 8).Select(Container)]), Host("h2"), Host("h3")]);
            var (next, decision) = BalanceRounds.See(memory, Self, snapshot, BalancePolicy.Default, BalanceMode.Auto);
            files.Append(new BalanceRecord(memory, Self, snapshot, BalancePolicy.Default, BalanceMode.Auto, decision));
            (memory, ordered) = (next, ordered + (decision.AreOrdered ? decision.Moves.Length : 0));
        }

        return ordered;
    }
}
