using System.Net.Sockets;
using System.Text.Json;
using ActorMigration.Contracts;
using ActorMigration.Host.Cli;
using ActorMigration.Host.Http;
using ActorMigration.Host.Node;

namespace ActorMigration.Host.Tests.Http;

/// <summary>From the command line over the socket to the console actor and back.</summary>
public sealed class ApiSpec
{
    private static readonly string[] Run = ["run", "--image", "redis", "--name", "cache", "--ip", "10.0.0.9/24", "--", "redis-server"];

    private static readonly ClusterContainers Cluster = new(
    [
        new HostContainers(new HostName("h2"), true, [new ContainerStatus(new ContainerName("web"), new Fence(3, 1), ContainerState.Running, 77, "sha256:0123456789abcdef0123", "10.0.0.8", 3 << 20)]),
        new HostContainers(new HostName("h1"), true, [new ContainerStatus(new ContainerName("redis"), new Fence(7, 2), ContainerState.Frozen, 42, "sha256:00", "10.0.0.7", 1 << 30)]),
        new HostContainers(new HostName("h3"), false, []),
    ]);

    [Fact]
    public async Task Ps_lists_the_containers_of_all_hosts_and_says_which_host_was_silent()
    {
        await using var api = await TestApi.StartAsync(command => command is ListContainers ? Cluster : null);

        var run = await api.RunAsync("ps");

        Assert.Equal(ExitCode.Ok, run.Code);
        Assert.Equal(
            """
            NAME   HOST  STATE    ADDRESS   PID  MEMORY   EPOCH  IMAGE
            redis  h1    Frozen   10.0.0.7  42   1.0 GiB  7      sha256:00
            web    h2    Running  10.0.0.8  77   3.0 MiB  3      sha256:0123456789ab
            """,
            Trimmed(run.Out));
        Assert.Equal("amig: h3 did not answer: what is there is not known.\n", run.Error);
    }

    [Fact]
    public async Task Ps_this_host_lists_only_this_host_and_json_is_json()
    {
        await using var api = await TestApi.StartAsync(_ => Cluster);

        var run = await api.RunAsync("ps", "--this-host", "--json");

        using var json = JsonDocument.Parse(run.Out);
        Assert.Equal("redis", Assert.Single(json.RootElement.GetProperty("containers").EnumerateArray()).GetProperty("name").GetString());
    }

    [Fact]
    public async Task Run_sends_a_complete_spec_with_the_image_by_digest_and_a_mac_from_the_name()
    {
        RunContainer? seen = null;
        await using var api = await TestApi.StartAsync(command =>
        {
            seen = command as RunContainer ?? seen;
            return command is ListContainers
                ? Cluster
                : new ContainerStarted(new HostName("h1"), new ContainerStatus(new ContainerName("cache"), new Fence(1, 0), ContainerState.Running, 9, "sha256:aa", "10.0.0.9", 0));
        });

        var run = await api.RunAsync([.. Run[..^2], "--memory", "512m", "--cpus", "1.5", "--env", "A=b c", "--env", "D=", "--user", "999:998", "--", "redis-server", "--port", "6379", "@x"]);

        Assert.Equal((ExitCode.Ok, ""), (run.Code, run.Error));
        Assert.Equal("cache runs on h1 at 10.0.0.9 (pid 9, epoch 1).\n", run.Out);
        Assert.Equal(["redis-server", "--port", "6379", "@x"], seen!.Spec.Args);
        Assert.Equal(["A=b c", "D="], seen.Spec.Env);
        Assert.Equal("sha256:" + new string('a', 64), seen.Spec.Image);
        Assert.Equal(new ContainerLimits(512L << 20, 1500, 0), seen.Spec.Limits);
        Assert.Equal((999, 998), (seen.Spec.Uid, seen.Spec.Gid));
        Assert.Equal(new ContainerNetwork("10.0.0.9", 24, RunRequestCheck.MacOf(new ContainerName("cache")), "", 1500), seen.Spec.Network);
        Assert.Equal(new HostName("h1"), seen.Host);
    }

    [Fact]
    public async Task Run_says_where_the_container_may_be()
    {
        RunContainer? seen = null;
        await using var api = await TestApi.StartAsync(command =>
        {
            seen = command as RunContainer ?? seen;
            return command is ListContainers ? Cluster : new ContainerStarted(new HostName("h1"), Cluster.Hosts[1].Containers[0]);
        });

        var run = await api.RunAsync([.. Run[..^2], "--pin", "--require-label", "ssd", "--require-label", "rack-2", "--apart-from", "web", "--together-with", "cache", .. Run[^2..]]);

        Assert.Equal((ExitCode.Ok, ""), (run.Code, run.Error));
        var placement = seen!.Spec.Placement;
        Assert.Equal((true, "web", "cache"), (placement.Pinned, placement.ApartFrom, placement.TogetherWith));
        Assert.Equal(["ssd", "rack-2"], placement.Labels);

        await api.RunAsync(Run);
        Assert.Equal((false, 0, "", ""), (seen.Spec.Placement.Pinned, seen.Spec.Placement.Labels.Length, seen.Spec.Placement.ApartFrom, seen.Spec.Placement.TogetherWith));
    }

    [Theory]
    [InlineData("""{"requiredLabels":["SSD"]}""", "'SSD' is no label: one has 1 to 32 characters")]
    [InlineData("""{"requiredLabels":[null]}""", "An entry of a list is null.")]
    [InlineData("""{"apartFrom":"a b"}""", "'a b' is no group to be apart from")]
    [InlineData("""{"togetherWith":"../x"}""", "'../x' is no group to be together with")]
    [InlineData("""{"togetherWith":"web","apartFrom":"web"}""", "A container cannot be apart from and together with the group web.")]
    [InlineData("""{"requiredLabels":["a","a","a","a","a","a","a","a","a","a","a","a","a","a","a","a","a"]}""", "A container asks for 16 labels at most.")]
    public void A_placement_that_cannot_be_is_refused_with_one_sentence(string extra, string sentence)
    {
        const string Plain = """{"name":"a","image":"i","args":["x"],"env":[],"workingDirectory":"/","uid":0,"gid":0,"address":"10.0.0.9","prefixLength":24,"mac":"","gateway":"","mtu":1500,"memoryBytes":0,"cpuMillis":0,"pids":0,"tmpfs":[],"stopSignal":15}""";
        var plain = JsonSerializer.Deserialize(Plain, ApiJson.Default.RunRequest)!;
        Assert.Equal(ContainerPlacement.Anywhere.Pinned, RunRequestCheck.ToSpec(plain, "sha256:aa").Placement.Pinned);

        var request = JsonSerializer.Deserialize($"{Plain[..^1]},{extra[1..]}", ApiJson.Default.RunRequest)!;

        Assert.Contains(sentence, Assert.Throws<ApiException>(() => RunRequestCheck.ToSpec(request, "sha256:aa")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_does_not_say_that_a_program_runs_which_has_ended_already()
    {
        await using var api = await TestApi.StartAsync(command => command is ListContainers
            ? Cluster
            : new ContainerStarted(new HostName("h1"), new ContainerStatus(new ContainerName("cache"), new Fence(1, 0), ContainerState.Exited, 0, "sha256:aa", "10.0.0.9", 0)));

        var run = await api.RunAsync(Run);

        Assert.Equal((ExitCode.Ok, "cache was started on h1 and has ended already (epoch 1): 'amig rm cache' removes it.\n"), (run.Code, run.Out));
    }

    [Theory]
    [InlineData("--name", "redis", ExitCode.Conflict, "A container named redis is on h1 already.")]
    [InlineData("--ip", "10.0.0.8/24", ExitCode.Conflict, "The address 10.0.0.8 belongs to web on h2.")]
    [InlineData("--ip", "10.0.0.2/24", ExitCode.Conflict, "The address 10.0.0.2 belongs to the host h2.")]
    [InlineData("--ip", "0.0.0.0/24", ExitCode.Usage, "0.0.0.0/24 cannot be the address of a container")]
    [InlineData("--ip", "127.0.0.1/8", ExitCode.Usage, "127.0.0.1/8 cannot be")]
    [InlineData("--ip", "224.0.0.1/24", ExitCode.Usage, "224.0.0.1/24 cannot be")]
    [InlineData("--ip", "10.0.0.0/24", ExitCode.Usage, "10.0.0.0/24 cannot be")]
    [InlineData("--ip", "10.0.0.255/24", ExitCode.Usage, "10.0.0.255/24 cannot be")]
    [InlineData("--gateway", "10.0.0.9", ExitCode.Usage, "The gateway 10.0.0.9 is not another address in the network of 10.0.0.9/24.")]
    [InlineData("--gateway", "10.0.1.1", ExitCode.Usage, "The gateway 10.0.1.1 is not another address")]
    [InlineData("--image", "nosuch", ExitCode.NotFound, "The image 'nosuch' is not on h1")]
    [InlineData("--mac", "01:00:00:00:00:00", ExitCode.Usage, "The MAC '01:00:00:00:00:00' must be")]
    [InlineData("--gateway", "gw", ExitCode.Usage, "The gateway 'gw' is not an IPv4 address.")]
    [InlineData("--require-label", "SSD", ExitCode.Usage, "--require-label 'SSD' is not a label: a label has 1 to 32 characters")]
    [InlineData("--apart-from", "a/b", ExitCode.Usage, "--apart-from 'a/b' is not a group: a group has 1 to 32 characters")]
    [InlineData("--together-with", "a b", ExitCode.Usage, "--together-with 'a b' is not a group")]
    [InlineData("--workdir", "/a/../b", ExitCode.Usage, "The working directory '/a/../b'")]
    public async Task Run_is_refused_before_anything_is_started(string option, string value, ExitCode code, string sentence)
    {
        var started = false;
        await using var api = await TestApi.StartAsync(command =>
        {
            started |= command is RunContainer;
            return Cluster;
        });
        var at = Array.IndexOf(Run, option);
        string[] args = at < 0 ? [.. Run[..^2], option, value, .. Run[^2..]] : [.. Run[..(at + 1)], value, .. Run[(at + 2)..]];

        var run = await api.RunAsync(args);

        Assert.Equal(code, run.Code);
        Assert.Contains(sentence, run.Error, StringComparison.Ordinal);
        Assert.False(started);
    }

    [Fact]
    public async Task Rm_gives_the_configured_grace_and_with_force_none()
    {
        var graces = new List<int>();
        await using var api = await TestApi.StartAsync(command =>
        {
            graces.Add(((RemoveContainer)command).GraceMs);
            return new ContainerRemoved(((RemoveContainer)command).Container);
        });

        Assert.Equal("redis is removed.\n", (await api.RunAsync("rm", "redis")).Out);
        Assert.Equal(ExitCode.Ok, (await api.RunAsync("rm", "redis", "--force")).Code);
        Assert.Equal([10_000, 0], graces);
    }

    [Fact]
    public async Task A_refusal_of_the_console_is_one_sentence_and_its_exit_code()
    {
        await using var api = await TestApi.StartAsync(_ => new CommandRefused(MigrationFailure.NoMajority, "Only 1 of 3 voters answers."));

        var run = await api.RunAsync("migrate", "redis", "--to", "h2");

        Assert.Equal((ExitCode.NoMajority, "", "amig: Only 1 of 3 voters answers.\n"), (run.Code, run.Out, run.Error));
    }

    [Fact]
    public async Task A_silent_console_is_reported_after_the_deadline()
    {
        await using var api = await TestApi.StartAsync(_ => null, "amig.api.deadline = 200 ms");

        var run = await api.RunAsync("ps");

        Assert.Equal(ExitCode.Failed, run.Code);
        Assert.Contains("ListContainers was not answered within 0.2 s (amig.api.deadline)", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_socket_is_for_its_owner_only_and_a_second_daemon_on_it_is_refused()
    {
        await using var api = await TestApi.StartAsync(_ => null);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(api.Socket));
        var settings = NodeSettingsReader.Read(Tests.Node.NodeSettingsSpec.With(Tests.Node.NodeSettingsSpec.Own + $"\namig.api-socket = \"{api.Socket}\""));
        var refused = await Assert.ThrowsAsync<SettingsException>(() => ApiServer.StartAsync(
            settings, Akka.Actor.ActorRefs.Nobody, () => [], () => Task.FromResult<VoterJson[]>([]), _ => throw new InvalidOperationException(), null!, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance));
        Assert.Contains("Another daemon answers", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_socket_of_a_dead_daemon_is_taken_over()
    {
        var directory = Directory.CreateTempSubdirectory("amig-dead-");
        var path = Path.Combine(directory.FullName, "api.sock");
        using (var dead = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            dead.Bind(new UnixDomainSocketEndPoint(path + ".bound"));
            // Closing unlinks the name it was bound to; a crash does not, and leaves the file that this one becomes.
            File.Move(path + ".bound", path);
        }

        Assert.True(File.Exists(path));
        await using var api = await TestApi.StartAsync(_ => Cluster, $"amig.api-socket = \"{path}\"");
        Assert.Equal(ExitCode.Ok, (await CliRun.OfAsync("--socket", path, "ps")).Code);
        directory.Delete(recursive: true);
    }

    [Theory]
    [InlineData("migrations", """{"container":"a","to":"h2","targetDowntimeMs":0,"force":false,"frce":true}""", "not a MigrateRequest")]
    [InlineData("containers", """{"args":[null],"env":[],"tmpfs":[]}""", "An entry of a list is null.")]
    [InlineData("containers", """{"args":["x"],"env":[null],"tmpfs":[]}""", "An entry of a list is null.")]
    [InlineData("containers", """{"args":["x"],"env":[],"tmpfs":[null]}""", "An entry of a list is null.")]
    public async Task A_malformed_body_is_a_bad_request(string path, string body, string sentence)
    {
        const string Rest = "\"name\":\"a\",\"image\":\"redis\",\"workingDirectory\":\"/\",\"uid\":0,\"gid\":0,\"address\":\"10.0.0.9\",\"prefixLength\":24,\"mac\":\"\",\"gateway\":\"\",\"mtu\":1500,"
            + "\"memoryBytes\":0,\"cpuMillis\":0,\"pids\":0,\"stopSignal\":15,";
        await using var api = await TestApi.StartAsync(_ => null);
        using var http = Client(api);

        var answer = await http.PostAsync($"http://amig/v1/{path}", new StringContent(path == "containers" ? "{" + Rest + body[1..] : body));

        Assert.Equal(400, (int)answer.StatusCode);
        await AssertIsProblemAsync(answer, sentence);
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_refused_with_a_sentence()
    {
        await using var api = await TestApi.StartAsync(_ => null);
        using var http = Client(api);
        // As amig does: otherwise the answer races with the broken pipe.
        http.DefaultRequestHeaders.ExpectContinue = true;

        var answer = await http.PostAsync("http://amig/v1/containers", new StringContent(new string(' ', IWire.MaxBytes + 1)));

        Assert.Equal(413, (int)answer.StatusCode);
        await AssertIsProblemAsync(answer, "The body cannot be read: ");
    }

    [Fact]
    public async Task Hosts_shows_reachability_voters_and_trust_and_who_says_what_against_a_host()
    {
        await using var api = await TestApi.StartAsync(_ => null);

        Assert.Equal(
            """
            HOST       ADDRESS        STATUS  REACHABLE  VOTER  TRUST
            h1 (this)  10.0.0.1:7070  Up      yes        yes    proved
            h2         10.0.0.2:7070  Up      no         no     rejected
            """,
            Trimmed((await api.RunAsync("hosts")).Out));
        Assert.Equal("amig: evidence of host h2 rejected by policy p (so say 2 of 3 voters: h1, h3).\n", (await api.RunAsync("hosts")).Error);
    }

    [Fact]
    public async Task Voters_shows_which_of_them_can_vote()
    {
        await using var api = await TestApi.StartAsync(_ => null);

        Assert.Equal(
            """
            VOTER  STATE   CONTAINERS  SET  INCARNATION
            h1     votes   3           2    i1
            h2     silent
            h3     waits   0           1    i3
            """,
            Trimmed((await api.RunAsync("voters")).Out));
    }

    internal static string Trimmed(string text) => string.Join('\n', text.Split('\n').Select(line => line.TrimEnd())).TrimEnd('\n');

    private static HttpClient Client(TestApi api) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancel) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(api.Socket), cancel);
            return new NetworkStream(socket, ownsSocket: true);
        },
    });

    private static async Task AssertIsProblemAsync(HttpResponseMessage answer, string sentence)
    {
        Assert.Equal(ApiProblem.MediaType, answer.Content.Headers.ContentType!.MediaType);
        var body = await answer.Content.ReadAsStringAsync();
        Assert.Contains("InvalidRequest", body, StringComparison.Ordinal);
        Assert.Contains(sentence, body, StringComparison.Ordinal);
    }
}
