using ActorMigration.Actors.Trust;
using ActorMigration.Contracts;
using Akka.Actor;
using Akka.TestKit.Xunit2;

namespace ActorMigration.Actors.Tests.Console;

/// <summary>The console lists what the hosts say, and what the voters know of hosts that say nothing.</summary>
public sealed class ListContainersSpec : TestKit
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly HostName A = new("a");
    private static readonly HostName B = new("b");
    private static readonly HostName Gone = new("gone");
    private static readonly ContainerName Here = new("here");
    private static readonly ContainerName There = new("there");

    public ListContainersSpec()
        : base("akka.loglevel = OFF")
    {
    }

    [Fact]
    public async Task What_belongs_to_a_host_that_does_not_answer_is_listed_as_unreachable()
    {
        var listed = await AskAsync(Floor(Here, A, 1), Floor(There, Gone, 2));

        Assert.Equal([A, Gone], listed.Hosts.Select(h => h.Host));
        Assert.Equal((ContainerState.Running, true), (Assert.Single(listed.Hosts[0].Containers).State, listed.Hosts[0].Reachable));
        var there = Assert.Single(listed.Hosts[1].Containers);
        Assert.Equal((There, ContainerState.Unreachable, new Fence(2, 1), false), (there.Name, there.State, there.Fence, listed.Hosts[1].Reachable));
    }

    [Fact]
    public async Task What_a_host_has_is_never_taken_from_the_voters_who_may_be_behind()
    {
        // The voters have not heard that it has moved here; another is being started or removed on a host that answers.
        var listed = await AskAsync(Floor(Here, Gone, 1), Floor(There, A, 2));

        Assert.Equal(Here, Assert.Single(Assert.Single(listed.Hosts).Containers).Name);
    }

    [Fact]
    public async Task Without_a_majority_of_voters_the_hosts_are_listed_alone()
        => Assert.Equal(A, Assert.Single((await AskAsync()).Hosts).Host);

    [Fact]
    public async Task A_command_for_such_a_container_names_the_host_that_does_not_answer()
    {
        var refused = Assert.IsType<CommandRefused>(await Console([Floor(There, Gone, 2)]).Ask<object>(new MigrateContainer(There, A, MigrationPolicy.Default), Patience));

        Assert.Equal("host gone is not a reachable member of the cluster", refused.Sentence);
    }

    private static ContainerFloor Floor(ContainerName name, HostName owner, long epoch) => new(name, new Fence(epoch, 1), owner, []);

    private async Task<ClusterContainers> AskAsync(params ContainerFloor[] known) => await Console(known).Ask<ClusterContainers>(new ListContainers(), Patience);

    private IActorRef Console(ContainerFloor[] known)
    {
        var containers = Sys.ActorOf(Props.Create(() => new Containers()));
        return Sys.ActorOf(ConsoleActor.Props(new ConsolePeers([A]) { OfContainers = { [A] = containers } }, new VoterPoll(new Voters(known), [A, B, Gone], new VoterTimes(Patience, Patience, Patience), TimeProvider.System), ClusterTrust.None));
    }

    private sealed class Containers : ReceiveActor
    {
        public Containers() => Receive<ListContainers>(_ => Sender.Tell(
            new HostContainers(A, true, [new ContainerStatus(Here, new Fence(1, 0), ContainerState.Running, 7, "sha256:00", "10.1.0.2", 0)])));
    }

    /// <summary>Two of three, when they know anything.</summary>
    private sealed class Voters(ContainerFloor[] known) : IVoterClient
    {
        public Task<VoterReply> AskAsync(HostName voter, VoterRequest request, CancellationToken cancel)
            => voter == Gone || known.Length == 0
                ? Task.FromException<VoterReply>(new VoterUnreachableException(voter, "it is off"))
                : Task.FromResult<VoterReply>(new VoterReply.Memory(voter, Guid.NewGuid(), VoterStanding.Votes, [], known, false, new VoterSet(VoterSet.First, [A, B, Gone])));
    }
}
