using ActorMigration.Actors.Trust;
using ActorMigration.Contracts;
using Akka.Actor;
using Akka.TestKit.Xunit2;

namespace ActorMigration.Actors.Tests.Console;

/// <summary>The console asks all hosts what they carry and puts their answers side by side.</summary>
public sealed class ListLoadsSpec : TestKit
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly HostName A = new("a");
    private static readonly HostName B = new("b");
    private static readonly HostName Liar = new("liar");
    private static readonly HostName Lost = new("lost");

    public ListLoadsSpec()
        : base("akka.loglevel = OFF")
    {
    }

    [Fact]
    public async Task What_each_host_says_stands_beside_those_that_could_not_say_or_did_not_answer()
    {
        var peers = new ConsolePeers([A, B, Liar, Lost])
        {
            OfLoads = { [A] = Answering(new LoadTold(LoadOf(A))), [B] = Answering(new LoadUnknown(B, "not yet")), [Liar] = Answering(new LoadTold(LoadOf(A))) },
        };
        var poll = new VoterPoll(new NoVoters(), [A, B, Lost], new VoterTimes(Patience, Patience, Patience), TimeProvider.System);

        var listed = await Sys.ActorOf(ConsoleActor.Props(peers, poll, ClusterTrust.None)).Ask<LoadsListed>(new ListLoads(), Patience);

        Assert.Equal(A, Assert.Single(listed.Hosts).Host);
        Assert.Equal([new LoadUnknown(B, "not yet"), new LoadUnknown(Liar, "host liar did not answer"), new LoadUnknown(Lost, "host lost did not answer")], listed.Unknown);
    }

    private static HostLoad LoadOf(HostName host) => new(host, new Resources(1, 1, 1, 1), default, 0, HostStanding.Accepts, [], []);

    private IActorRef Answering(IWire answer) => Sys.ActorOf(Props.Create(() => new Load(answer)));

    private sealed class Load : ReceiveActor
    {
        public Load(IWire answer) => Receive<AskLoad>(_ => Sender.Tell(answer));
    }

    private sealed class NoVoters : IVoterClient
    {
        public Task<VoterReply> AskAsync(HostName voter, VoterRequest request, CancellationToken cancel)
            => Task.FromException<VoterReply>(new VoterUnreachableException(voter, "there is none"));
    }
}
