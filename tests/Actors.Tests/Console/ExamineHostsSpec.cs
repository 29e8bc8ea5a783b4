using ActorMigration.Actors.Trust;
using ActorMigration.Contracts;
using Akka.Actor;
using Akka.TestKit.Xunit2;

namespace ActorMigration.Actors.Tests.Console;

/// <summary>The console asks all doctors at once and puts their answers side by side.</summary>
public sealed class ExamineHostsSpec : TestKit
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly HostName A = new("a");
    private static readonly HostName B = new("b");
    private static readonly HostName Lost = new("lost");

    public ExamineHostsSpec()
        : base("akka.loglevel = OFF")
    {
    }

    [Fact]
    public async Task Every_member_is_examined_and_one_without_an_answer_has_a_row_that_says_so()
    {
        var answer = Assert.IsType<HostsExamined>(await AskAsync(null));

        Assert.Equal([A, B, Lost], answer.Hosts.Select(one => one.Host));
        Assert.Equal(["kernel of a", "kernel of b"], answer.Hosts.Take(2).Select(one => Assert.Single(one.Findings).Sentence));
        Assert.Equal(new DoctorFinding("answer", DoctorVerdict.Missing, "did not answer"), Assert.Single(answer.Hosts[2].Findings));
    }

    [Fact]
    public async Task One_host_is_examined_when_one_is_asked_for()
        => Assert.Equal(B, Assert.Single(Assert.IsType<HostsExamined>(await AskAsync(B)).Hosts).Host);

    [Fact]
    public async Task A_host_that_is_no_member_is_refused_with_the_names_of_those_there_are()
        => Assert.Equal(
            new CommandRefused(MigrationFailure.UnknownHost, "host nobody is not a reachable member of the cluster; members are a, b, lost"),
            await AskAsync(new HostName("nobody")));

    private Task<object> AskAsync(HostName? only)
    {
        var peers = new ConsolePeers([A, B, Lost]) { OfDoctors = { [A] = DoctorOf(A), [B] = DoctorOf(B) } };
        var poll = new VoterPoll(new NoVoters(), [A, B, Lost], new VoterTimes(Patience, Patience, Patience), TimeProvider.System);
        return Sys.ActorOf(ConsoleActor.Props(peers, poll, ClusterTrust.None)).Ask<object>(new ExamineHosts(only), Patience);
    }

    private IActorRef DoctorOf(HostName host)
        => Sys.ActorOf(Props.Create(() => new Doctor(new HostExamined(host, new[] { new DoctorFinding("kernel", DoctorVerdict.Ok, $"kernel of {host}") }))));

    private sealed class Doctor : ReceiveActor
    {
        public Doctor(HostExamined answer) => Receive<ExamineHost>(_ => Sender.Tell(answer));
    }

    private sealed class NoVoters : IVoterClient
    {
        public Task<VoterReply> AskAsync(HostName voter, VoterRequest request, CancellationToken cancel)
            => Task.FromException<VoterReply>(new VoterUnreachableException(voter, "there is none"));
    }
}
