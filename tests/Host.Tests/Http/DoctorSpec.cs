using System.Text.Json;
using ActorMigration.Contracts;
using ActorMigration.Host.Cli;

namespace ActorMigration.Host.Tests.Http;

/// <summary><c>amig doctor</c> from the command line over the socket to the console actor and back.</summary>
public sealed class DoctorSpec
{
    private static readonly HostExamined H1 = new(new HostName("h1"), [
        new DoctorFinding("kernel", DoctorVerdict.Ok, "Linux 6.18.0 with CHECKPOINT_RESTORE"),
        new DoctorFinding("skeleton", DoctorVerdict.Degraded, "built without a [C] compiler"),
    ]);

    private static readonly HostExamined H2 = new(new HostName("h2"), [new DoctorFinding("tpm", DoctorVerdict.Ok, "quoted")]);

    private static readonly HostExamined H3 = new(new HostName("h3"), H2.Findings);

    [Fact]
    public async Task All_hosts_stand_in_one_table_also_an_unreachable_member_and_a_voter_that_is_no_member()
    {
        await using var api = await TestApi.StartAsync(command => command is ExamineHosts { Only: null } ? new HostsExamined([H1]) : null);

        var run = await api.RunAsync("doctor");

        Assert.Equal((ExitCode.Failed, ""), (run.Code, run.Error));
        Assert.Equal(
            """
            HOST  PROBE     RESULT    FINDING
            h1    kernel    Ok        Linux 6.18.0 with CHECKPOINT_RESTORE
            h1    skeleton  Degraded  built without a [C] compiler
            h2    answer    Missing   is not a reachable member of the cluster: start its daemon, or look at its network
            h3    answer    Missing   is not a reachable member of the cluster: start its daemon, or look at its network
            """,
            string.Join('\n', run.Out.TrimEnd('\n').Split('\n').Select(line => line.TrimEnd())));
    }

    [Fact]
    public async Task A_long_finding_is_folded_within_its_column()
    {
        var longOne = new DoctorFinding("criu", DoctorVerdict.Ok, string.Join(' ', Enumerable.Repeat("word", 60)));
        await using var api = await TestApi.StartAsync(_ => new HostsExamined([new HostExamined(new HostName("h1"), [longOne])]));

        var lines = (await api.RunAsync("doctor", "--host", "h1")).Out.TrimEnd('\n').Split('\n');

        Assert.Equal(60, lines.Sum(line => line.Split("word").Length - 1));
        Assert.All(lines[2..], line => Assert.StartsWith("                     word", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task With_degraded_findings_only_the_exit_code_is_0_and_json_names_the_hosts()
    {
        await using var api = await TestApi.StartAsync(_ => new HostsExamined([H1, H2, H3]));

        var run = await api.RunAsync("doctor", "--json");

        Assert.Equal(ExitCode.Ok, run.Code);
        using var json = JsonDocument.Parse(run.Out);
        Assert.Equal(
            ["h1 kernel Ok", "h1 skeleton Degraded", "h2 tpm Ok", "h3 tpm Ok"],
            json.RootElement.GetProperty("findings").EnumerateArray().Select(one => $"{one.GetProperty("host")} {one.GetProperty("probe")} {one.GetProperty("verdict")}"));
    }

    [Fact]
    public async Task One_host_is_asked_for_by_its_name()
    {
        ExamineHosts? seen = null;
        await using var api = await TestApi.StartAsync(command =>
        {
            seen = command as ExamineHosts;
            return new HostsExamined([H1]);
        });

        var run = await api.RunAsync("doctor", "--host", "h1");

        Assert.Equal(ExitCode.Ok, run.Code);
        Assert.Equal(new ExamineHosts(new HostName("h1")), seen);
        Assert.DoesNotContain("h2", run.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("h9", "amig: host h9 is not a reachable member\n")]
    [InlineData("No&Name", "amig: There is no host 'No&Name'; 'amig hosts' lists those there are.\n")]
    public async Task An_unknown_host_is_one_sentence_and_not_found(string host, string sentence)
    {
        await using var api = await TestApi.StartAsync(_ => new CommandRefused(MigrationFailure.UnknownHost, "host h9 is not a reachable member"));

        var run = await api.RunAsync("doctor", "--host", host);

        Assert.Equal((ExitCode.NotFound, "", sentence), (run.Code, run.Out, run.Error));
    }

    [Fact]
    public async Task One_host_without_a_daemon_to_ask_is_an_error()
        => Assert.Equal(ExitCode.NoDaemon, (await CliRun.OfAsync("--socket", "/nonexistent/api.sock", "doctor", "--host", "h1")).Code);
}
