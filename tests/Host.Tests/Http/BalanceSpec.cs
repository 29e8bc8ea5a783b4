using System.Text.Json;
using ActorMigration.Contracts;
using ActorMigration.Host.Cli;

namespace ActorMigration.Host.Tests.Http;

/// <summary><c>amig balance</c>, <c>explain</c>, <c>drain</c> and <c>undrain</c> from the command line over the socket to the console actor and back.</summary>
public sealed class BalanceSpec
{
    private static readonly HostName H1 = new("h1");
    private static readonly HostName H2 = new("h2");

    private static readonly DecidedMove Move = new(
        "h1-7.1", MoveReason.Balance, new PlannedMove(new ContainerName("redis"), H1, H2, 0.3, 0.1, new MoveCost(0.25, 5e8, 8)), new Fence(3, 1), "redis leaves h1 for h2: the imbalance falls from 0.300 to 0.100");

    private static readonly BalanceDecision Said = new(H1, 7, 1_800_000_000_000, BalanceMode.Recommend, 0.3, [Move], false, [], "the imbalance is 0.300; 1 moves make it 0.100");

    private static BalanceStatus Status(BalanceDecision last, int containersOnH1, params MoveStanding[] moves) => new(
        H1, new BalanceModeSet(BalanceMode.Recommend, 2, H2, 5), BalancePolicy.Default with { Threshold = 0.15 }, 30_000, last,
        [new HostSeen(H1, HostStanding.Draining, new Resources(4, 8e9, 0, 0), new Resources(8, 32e9, 1e9, 1e9), 0.07, containersOnH1), new HostSeen(H2, HostStanding.Accepts, default, new Resources(8, 32e9, 1e9, 1e9), 0, 0)],
        moves);

    [Fact]
    public async Task Status_shows_mode_hosts_decision_and_moves()
    {
        await using var api = await TestApi.StartAsync(command => command is AskBalance ? Status(Said, 3, new MoveStanding(Move, AttemptId.New(), AttemptOutcome.Open, 0, "")) : null);

        var run = await api.RunAsync("balance", "status");

        Assert.Equal((ExitCode.Ok, ""), (run.Code, run.Error));
        Assert.Equal(
            """
            mode recommend; host h1 balances, every 30.0 s; threshold 0.150 for 3 rounds
            round 7: the imbalance is 0.300; 1 moves make it 0.100

            HOST  STANDING  CPU   MEMORY  DISK  NETWORK  PRESSURE  CONTAINERS
            h1    Draining  50 %  25 %    0 %   0 %      7 %       3
            h2    Accepts   0 %   0 %     0 %   0 %      0 %       0

            MOVE    REASON   CONTAINER  FROM  TO  OUTCOME  ENDED
            h1-7.1  Balance  redis      h1    h2  Open     -
            """,
            string.Join('\n', run.Out.TrimEnd('\n').Split('\n').Select(line => line.TrimEnd())));
    }

    [Fact]
    public async Task A_plan_says_how_it_is_applied_and_apply_names_its_round()
    {
        ApplyPlan? applied = null;
        await using var api = await TestApi.StartAsync(command =>
        {
            applied = command as ApplyPlan ?? applied;
            return new BalanceSeen(command is LookNow ? Said : Said with { AreOrdered = true });
        });

        var plan = await api.RunAsync("balance", "plan");
        var apply = await api.RunAsync("balance", "apply", "--round", "7", "--json");

        Assert.Contains("h1-7.1  redis leaves h1 for h2", plan.Out, StringComparison.Ordinal);
        Assert.Contains("'amig balance apply --round 7'", plan.Out, StringComparison.Ordinal);
        Assert.Equal(new ApplyPlan(7), applied);
        using var json = JsonDocument.Parse(apply.Out);
        Assert.True(json.RootElement.GetProperty("ordered").GetBoolean());
        Assert.Equal(250, json.RootElement.GetProperty("moves")[0].GetProperty("stopMs").GetDouble());
    }

    [Theory]
    [InlineData("off", BalanceMode.Off)]
    [InlineData("recommend", BalanceMode.Recommend)]
    [InlineData("auto", BalanceMode.Auto)]
    public async Task A_mode_is_set_by_its_name(string name, BalanceMode mode)
    {
        SetBalanceMode? set = null;
        await using var api = await TestApi.StartAsync(command =>
        {
            set = command as SetBalanceMode;
            return Status(Said, 0) with { Mode = new BalanceModeSet(mode, 3, H1, 5) };
        });

        Assert.Equal(name + "\n", (await api.RunAsync("balance", "mode", name)).Out);
        Assert.Equal(new SetBalanceMode(mode), set);
        Assert.Equal(name + "\n", (await api.RunAsync("balance", "mode")).Out);
        Assert.Null(set);
        Assert.Equal(ExitCode.Usage, (await api.RunAsync("balance", "mode", "full")).Code);
    }

    [Fact]
    public async Task A_move_is_explained_with_the_decision_that_it_is_of()
    {
        await using var api = await TestApi.StartAsync(command => command is AskMove { Move: "h1-7.1" }
            ? new MoveExplained(new MoveStanding(Move, AttemptId.New(), AttemptOutcome.Aborted, 1_800_000_100_000, "it has a device open"), Said)
            : new CommandRefused(MigrationFailure.UnknownContainer, "no such move"));

        var known = await api.RunAsync("explain", "h1-7.1");
        var unknown = await api.RunAsync("explain", "h1-8.1");

        Assert.Contains("the imbalance falls from 0.300 to 0.100.", known.Out, StringComparison.Ordinal);
        Assert.Contains("Decided by host h1 in round 7", known.Out, StringComparison.Ordinal);
        Assert.Contains("Aborted: it has a device open", known.Out, StringComparison.Ordinal);
        Assert.Equal((ExitCode.NotFound, "amig: no such move\n"), (unknown.Code, unknown.Error));
    }

    [Fact]
    public async Task Draining_names_what_stays_at_once_follows_the_moves_and_ends_when_nothing_is_there_that_can_be_moved()
    {
        var looks = 0;
        var drain = Move with { Reason = MoveReason.Drain };
        var earlier = new MoveStanding(Move with { Id = "h1-2.1" }, AttemptId.New(), AttemptOutcome.Committed, 3, "");
        var stuck = Said with { Moves = [drain], AreOrdered = true, Stuck = [new StuckContainer(new ContainerName("db"), H1, true, "it is pinned to its host: move it by hand, or remove it")], Sentence = "h1 is drained" };
        ContainerStatus Container(string name, ContainerState state) => new(new ContainerName(name), new Fence(1, 0), state, 7, "", "", 0);
        await using var api = await TestApi.StartAsync(command => command switch
        {
            DrainHost { Drain: true } one when one.Host == H1 => new HostDrained(H1, true, true),
            LookNow => new BalanceSeen(stuck),
            AskBalance when looks++ < 2 => Status(stuck, 2, new MoveStanding(drain, AttemptId.New(), AttemptOutcome.Open, 0, ""), earlier),
            AskBalance => Status(stuck with { Moves = [] }, 1, new MoveStanding(drain, AttemptId.New(), AttemptOutcome.Committed, 5, ""), earlier),
            // Frozen in its move: the load has it no more, and it is there.
            ListContainers when looks < 4 => new ClusterContainers([new HostContainers(H1, true, [Container("db", ContainerState.Running), Container("redis", ContainerState.Frozen)])]),
            ListContainers => new ClusterContainers([new HostContainers(H1, true, [Container("db", ContainerState.Running), Container("old", ContainerState.Exited)])]),
            ListMigrations => new MigrationsListed([]),
            _ => null,
        });

        var run = await api.RunAsync("drain", "h1");

        Assert.Equal(ExitCode.NotPossible, run.Code);
        Assert.Equal(
            """
            Host h1 takes no containers.
              db stays: it is pinned to its host: move it by hand, or remove it
              redis -> h2: Committed
            Host h1 keeps 1 container that cannot be moved, but for the files of 1 container that has ended.
            """,
            run.Error.TrimEnd('\n'));
    }

    [Fact]
    public async Task A_drain_goes_on_while_the_balancing_goes_over_to_another_host()
    {
        var (statuses, looks) = (0, 0);
        var over = new CommandRefused(MigrationFailure.UnknownHost, "host h2 balances the cluster, as host h1 sees it; try again");
        await using var api = await TestApi.StartAsync(command => command switch
        {
            DrainHost => new HostDrained(H1, true, true),
            LookNow => looks++ == 0 ? over : new BalanceSeen(Said with { Moves = [] }),
            AskBalance => statuses++ is 0 or 2 ? over : Status(Said with { Moves = [] }, 0),
            ListContainers => new ClusterContainers([new HostContainers(H1, true, [])]),
            ListMigrations => new MigrationsListed([]),
            _ => null,
        });

        var run = await api.RunAsync("drain", "h1");

        Assert.Equal(ExitCode.Ok, run.Code);
        Assert.EndsWith("Host h1 is empty.\n", run.Error, StringComparison.Ordinal);
        Assert.True(statuses > 3 && looks == 2);
    }

    [Fact]
    public async Task A_container_that_only_has_no_place_now_is_not_the_end_of_a_drain()
    {
        var full = Said with { Moves = [], Stuck = [new StuckContainer(new ContainerName("redis"), H1, false, "no other host takes containers")] };
        await using var api = await TestApi.StartAsync(command => command switch
        {
            DrainHost => new HostDrained(H1, true, true),
            LookNow => new BalanceSeen(full),
            AskBalance => Status(full, 1),
            ListContainers => new ClusterContainers([new HostContainers(H1, true, [new ContainerStatus(new ContainerName("redis"), new Fence(1, 0), ContainerState.Running, 7, "", "", 0)])]),
            ListMigrations => new MigrationsListed([]),
            _ => null,
        });

        var run = await api.RunAsync("drain", "h1", "--timeout", "2");

        Assert.Equal(ExitCode.Failed, run.Code);
        Assert.Contains("redis stays: no other host takes containers", run.Error, StringComparison.Ordinal);
        Assert.Contains("is not empty after 2 s; the drain goes on", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_stands_because_its_host_is_not_trusted_is_not_waited_for()
    {
        var said = Said with { Moves = [] };
        var status = Status(said, 1);
        await using var api = await TestApi.StartAsync(command => command switch
        {
            DrainHost => new HostDrained(H1, true, true),
            LookNow => new BalanceSeen(said),
            AskBalance => status with { Hosts = [.. status.Hosts.Select(h => h with { Standing = HostStanding.Untrusted })] },
            ListContainers => new ClusterContainers([new HostContainers(H1, true, [new ContainerStatus(new ContainerName("redis"), new Fence(1, 0), ContainerState.Frozen, 7, "", "", 0)])]),
            ListMigrations => new MigrationsListed([]),
            _ => null,
        });

        var run = await api.RunAsync("drain", "h1");

        Assert.Equal(ExitCode.NotPossible, run.Code);
        Assert.Contains("Host h1 keeps 1 container: it is not trusted", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_drain_that_somebody_ends_ends_the_waiting_for_it()
    {
        await using var api = await TestApi.StartAsync(command => command switch
        {
            DrainHost => new HostDrained(H2, true, true),
            LookNow => new BalanceSeen(Said),
            AskBalance => Status(Said, 2),
            _ => null,
        });

        var run = await api.RunAsync("drain", "h2");

        Assert.Equal(ExitCode.Conflict, run.Code);
        Assert.Contains("somebody has ended its drain", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Undrain_says_whether_anything_changed()
    {
        var drains = true;
        await using var api = await TestApi.StartAsync(command =>
        {
            var answer = new HostDrained(H1, ((DrainHost)command).Drain, drains);
            drains = false;
            return answer;
        });

        Assert.Equal("Host h1 takes containers again.\n", (await api.RunAsync("undrain", "h1")).Out);
        Assert.Equal("Host h1 takes containers, as before.\n", (await api.RunAsync("undrain")).Out);
        Assert.Equal(ExitCode.Usage, (await api.RunAsync("undrain", "h_1")).Code);
    }

    [Fact]
    public async Task A_host_that_comes_up_again_says_so_when_the_operator_keeps_it_drained()
    {
        await using var api = await TestApi.StartAsync(command => command is DrainHost { Drain: false, ForShutdown: true } one && one.Host == H1 ? new HostDrained(H1, true, false) : null);

        Assert.Equal("Host h1 stays drained, as the operator has said.\n", (await api.RunAsync("undrain", "--after-shutdown")).Out);
    }
}
