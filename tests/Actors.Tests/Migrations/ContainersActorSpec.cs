using ActorMigration.Contracts;
using ActorMigration.Simulator;
using Akka.Actor;

namespace ActorMigration.Actors.Tests.Migrations;

/// <summary>Names that are taken and given back: what becomes of one that only some voters, or no disk, have heard of.</summary>
public sealed class ContainersActorSpec : TwoHostsSpec
{
    private static readonly HostName W = new("w");
    private static readonly HostName[] Voters = [TwoHosts.A, TwoHosts.B, W];
    private static readonly ContainerName Other = new("c2");

    [Fact]
    public async Task Voters_that_did_not_hear_that_a_name_is_free_are_told_again()
    {
        Hosts.Loses = static (voter, request) => request is VoterRequest.Release && voter != TwoHosts.A;
        var refused = await RefusedAsync(ContainersOf(TwoHosts.A), new RemoveContainer(TwoHosts.Container, 0));
        Assert.Equal(MigrationFailure.NoMajority, refused.Failure);
        Assert.Equal([null, TwoHosts.A, TwoHosts.A], await OwnersAsync(TwoHosts.Container));

        Hosts.Loses = static (_, _) => false;

        await AwaitFreeAsync(TwoHosts.Container);
        await StartedAsync(TwoHosts.B, TwoHosts.Container);
    }

    [Fact]
    public async Task A_removal_is_repeated_by_a_daemon_that_knows_nothing_of_it()
    {
        await RemovedAtOneVoterAsync();

        Assert.IsType<ContainerRemoved>(await ContainersOf(TwoHosts.A).Ask<object>(new RemoveContainer(TwoHosts.Container, 0), Patience));

        await AwaitFreeAsync(TwoHosts.Container);
    }

    [Fact]
    public async Task A_name_that_some_voters_have_not_heard_of_is_free_for_its_last_owner_and_the_others_are_told_who_that_is()
    {
        await RemovedAtOneVoterAsync();

        var refused = await RefusedAsync(ContainersOf(TwoHosts.B), new RunContainer(FakeHost.Spec(TwoHosts.Container), TwoHosts.B));
        Assert.StartsWith("the name c1 was given back by host a, and some voters have not heard that: run 'amig rm c1' once more (voter ", refused.Sentence, StringComparison.Ordinal);

        await StartedAsync(TwoHosts.A, TwoHosts.Container);
    }

    [Fact]
    public async Task A_start_that_failed_gives_its_name_back_to_all_voters()
    {
        Hosts.Loses = static (voter, request) => request is VoterRequest.Release && voter != TwoHosts.B;
        Hosts.HostB.Place(FakeHost.Spec(new ContainerName("c3")), new Fence(1, 0));

        var refused = await RefusedAsync(ContainersOf(TwoHosts.B), new RunContainer(FakeHost.Spec(Other), TwoHosts.B));
        Assert.Contains("is on this host already", refused.Sentence, StringComparison.Ordinal);
        Assert.Contains(TwoHosts.B, await OwnersAsync(Other));
        Hosts.Loses = static (_, _) => false;

        await AwaitFreeAsync(Other);
        Hosts.HostB.Clear();
        await StartedAsync(TwoHosts.B, Other);
    }

    [Fact]
    public async Task A_start_of_which_something_is_left_keeps_its_name_until_it_is_known_what()
    {
        Hosts.HostB.Place(FakeHost.Spec(new ContainerName("c3")), new Fence(1, 0));
        Hosts.HostB.CannotTakeUp = true;
        var containers = ContainersOf(TwoHosts.B);

        var refused = await RefusedAsync(containers, new RunContainer(FakeHost.Spec(Other), TwoHosts.B));
        Assert.Contains("what is left of c2 cannot be removed", refused.Sentence, StringComparison.Ordinal);
        Assert.Equal([TwoHosts.B, TwoHosts.B, TwoHosts.B], await OwnersAsync(Other));
        Assert.Contains("has not ended", (await RefusedAsync(containers, new RunContainer(FakeHost.Spec(Other), TwoHosts.B))).Sentence, StringComparison.Ordinal);

        Hosts.HostB.CannotTakeUp = false;

        await AwaitFreeAsync(Other);
        Hosts.HostB.Clear();
        await AwaitAssertAsync(async () => Assert.IsType<ContainerStarted>(await containers.Ask<object>(new RunContainer(FakeHost.Spec(Other), TwoHosts.B), Patience)), Patience);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_container_whose_start_could_not_be_written_down_keeps_its_name_for_as_long_as_it_is_there(bool isHalfStarted)
    {
        Hosts.HostB.Started = () => Hosts.FillDisk(TwoHosts.B, full: true);

        await RefusedAsync(ContainersOf(TwoHosts.B), new RunContainer(FakeHost.Spec(Other), TwoHosts.B));
        Assert.Equal([TwoHosts.B, TwoHosts.B, TwoHosts.B], await OwnersAsync(Other));
        Assert.Equal(Tree.Running, Hosts.HostB.Tree);
        // A daemon that died before it wrote who runs leaves what cannot be gone on with.
        Hosts.HostB.IsHalfStarted = isHalfStarted;
        Hosts.FillDisk(TwoHosts.B, full: false);

        if (isHalfStarted)
        {
            await AwaitFreeAsync(Other);
            Assert.Equal(Tree.None, Hosts.HostB.Tree);
            return;
        }

        AwaitAssert(() => Assert.Contains(Hosts.JournalOf(TwoHosts.B), entry => entry is JournalEntry.Ended { Details.Outcome: AttemptOutcome.Committed }), Patience);
        Assert.Equal(Tree.Running, Hosts.HostB.Tree);
        Assert.Equal([TwoHosts.B, TwoHosts.B, TwoHosts.B], await OwnersAsync(Other));
    }

    /// <summary>And the daemon that would tell the others again is gone.</summary>
    private async Task RemovedAtOneVoterAsync()
    {
        Hosts.Loses = static (voter, request) => request is VoterRequest.Release && voter != TwoHosts.A;
        var containers = ContainersOf(TwoHosts.A);
        await RefusedAsync(containers, new RemoveContainer(TwoHosts.Container, 0));
        await containers.GracefulStop(Patience);
        Hosts.Loses = static (_, _) => false;
        Assert.Equal([null, TwoHosts.A, TwoHosts.A], await OwnersAsync(TwoHosts.Container));
    }

    private IActorRef ContainersOf(HostName host) => Sys.ActorOf(ContainersActor.Props(Hosts.Services[host], host == TwoHosts.A ? Hosts.HostA : Hosts.HostB));

    private static async Task<CommandRefused> RefusedAsync(IActorRef containers, IWire command) => Assert.IsType<CommandRefused>(await containers.Ask<object>(command, Patience));

    private async Task StartedAsync(HostName host, ContainerName name)
        => Assert.IsType<ContainerStarted>(await ContainersOf(host).Ask<object>(new RunContainer(FakeHost.Spec(name), host), Patience));

    private Task AwaitFreeAsync(ContainerName name) => AwaitAssertAsync(async () => Assert.Equal([null, null, null], await OwnersAsync(name)), Patience);

    private async Task<HostName?[]> OwnersAsync(ContainerName name)
    {
        var floors = await Task.WhenAll(Voters.Select(voter => Hosts.VoterOf(voter).AnswerAsync(TwoHosts.A, new VoterRequest.AskFloor(name))));
        return [.. floors.Select(floor => Assert.IsType<VoterReply.Floor>(floor).Owner)];
    }
}
