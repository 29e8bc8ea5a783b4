using System.Text.Json;
using ActorMigration.Contracts;
using ActorMigration.Host.Cli;

namespace ActorMigration.Host.Tests.Http;

/// <summary><c>amig load</c> from the command line over the socket to the console actor and back.</summary>
public sealed class LoadSpec
{
    private static readonly HostLoad H1 = new(
        new HostName("h1"), new Resources(4, 16L << 30, 200 << 20, 125e6), new Resources(0.5, 1L << 30, 1 << 20, 0), 0.123, HostStanding.Accepts, ["ssd"],
        [
            new ContainerLoad(new ContainerName("redis"), new Fence(3, 1), new Resources(0.25, 512 << 20, 3 << 19, 2048), 400 << 20, 20 << 20, ContainerPlacement.Anywhere),
            new ContainerLoad(new ContainerName("web"), new Fence(1, 0), new Resources(1.5, 64 << 20, 0, 0), 0, 0, ContainerPlacement.Anywhere),
        ]);

    private static readonly HostLoad H2 = H1 with { Host = new HostName("h2"), Standing = HostStanding.Draining, Containers = [] };

    private static readonly LoadUnknown H3 = new(new HostName("h3"), "the load of host h3 is not known: it has not been measured yet");

    [Fact]
    public async Task All_hosts_stand_in_one_table_and_those_of_which_nothing_is_known_on_stderr()
    {
        await using var api = await TestApi.StartAsync(command => command is ListLoads ? new LoadsListed([H1, H2], [H3]) : null);

        var run = await api.RunAsync("load");

        Assert.Equal((ExitCode.Ok, "amig: the load of host h3 is not known: it has not been measured yet.\n"), (run.Code, run.Error));
        Assert.Equal(
            """
            HOST  STANDING  CPU     MEMORY            DISK       NETWORK    PRESSURE  CONTAINERS
            h1    Accepts   2.25/4  1.6 GiB/16.0 GiB  2.5 MiB/s  2.0 KiB/s  12 %      2
            h2    Draining  0.5/4   1.0 GiB/16.0 GiB  1.0 MiB/s  0 B/s      12 %      0
            """,
            Lines(run.Out));
    }

    [Fact]
    public async Task The_containers_of_one_host_stand_in_a_table_of_their_own()
    {
        await using var api = await TestApi.StartAsync(_ => new LoadsListed([H1, H2], [H3]));

        var run = await api.RunAsync("load", "h1");

        Assert.Equal((ExitCode.Ok, ""), (run.Code, run.Error));
        Assert.Equal(
            """
            CONTAINER  CPU   MEMORY    DIRTY       DISK       NETWORK
            redis      0.25  512 MiB   20.0 MiB/s  1.5 MiB/s  2.0 KiB/s
            web        1.5   64.0 MiB  0 B/s       0 B/s      0 B/s
            """,
            Lines(run.Out));
    }

    [Fact]
    public async Task Json_has_all_numbers_in_the_units_of_their_names()
    {
        await using var api = await TestApi.StartAsync(_ => new LoadsListed([H1], [H3]));

        using var json = JsonDocument.Parse((await api.RunAsync("load", "--json")).Out);

        var host = Assert.Single(json.RootElement.GetProperty("hosts").EnumerateArray());
        Assert.Equal(("h1", 0.123, 4.0), (host.GetProperty("host").GetString(), host.GetProperty("pressure").GetDouble(), host.GetProperty("capacity").GetProperty("cpuCores").GetDouble()));
        Assert.Equal(2.25, host.GetProperty("used").GetProperty("cpuCores").GetDouble());
        Assert.Equal(0.5, host.GetProperty("own").GetProperty("cpuCores").GetDouble());
        Assert.Equal(3, host.GetProperty("containers")[0].GetProperty("epoch").GetInt64());
        Assert.Equal(20 << 20, host.GetProperty("containers")[0].GetProperty("dirtyBytesPerSecond").GetDouble());
        Assert.Equal("h3", Assert.Single(json.RootElement.GetProperty("unknown").EnumerateArray()).GetProperty("host").GetString());
    }

    [Fact]
    public async Task Json_of_one_host_is_that_host()
    {
        await using var api = await TestApi.StartAsync(_ => new LoadsListed([H1, H2], []));

        using var json = JsonDocument.Parse((await api.RunAsync("load", "h2", "--json")).Out);

        Assert.Equal("h2", json.RootElement.GetProperty("host").GetString());
    }

    [Theory]
    [InlineData("h3", ExitCode.Failed, "amig: the load of host h3 is not known: it has not been measured yet.\n")]
    [InlineData("h9", ExitCode.NotFound, "amig: Host h9 is not a reachable member of the cluster; 'amig hosts' lists those there are.\n")]
    public async Task A_host_without_numbers_is_one_sentence(string host, ExitCode code, string sentence)
    {
        await using var api = await TestApi.StartAsync(_ => new LoadsListed([H1], [H3]));

        Assert.Equal(new CliRun(code, "", sentence), await api.RunAsync("load", host));
    }

    private static string Lines(string output) => string.Join('\n', output.TrimEnd('\n').Split('\n').Select(line => line.TrimEnd()));
}
