using ActorMigration.Actors.Tests.Trust;
using ActorMigration.Actors.Trust;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;
using Akka.TestKit;
using Akka.TestKit.Xunit2;

namespace ActorMigration.Actors.Tests.Console;

/// <summary>Where the console takes commands about balance.</summary>
public sealed class BalanceCommandsSpec : TestKit
{
    private static readonly HostName A = new("a");
    private static readonly HostName B = new("b");

    private readonly TestProbe _onA;
    private readonly TestProbe _onB;
    private readonly ConsolePeers _peers;

    public BalanceCommandsSpec()
    {
        (_onA, _onB) = (CreateTestProbe(), CreateTestProbe());
        _peers = new ConsolePeers([A, B]) { OfBalancers = { [A] = _onA, [B] = _onB }, Oldest = B };
    }

    [Fact]
    public void Those_for_the_cluster_go_to_the_oldest_member()
    {
        var console = Sys.ActorOf(ConsoleActor.Props(_peers, null!, ClusterTrust.None));
        foreach (var command in (IWire[])[new SetBalanceMode(BalanceMode.Auto), new AskBalance(), new LookNow(), new ApplyPlan(3), new AskMove("b-1.1")])
        {
            console.Tell(command, TestActor);
            Assert.Equal(command, _onB.ExpectMsg<IWire>());
        }

        _onA.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public void They_go_to_the_next_one_when_the_oldest_is_not_trusted()
    {
        var trust = new ClusterTrust(new TrustBoard([A, B, new HostName("c")]), UntrustedAction.Leave);
        trust.Say("b", HostTrust.Rejected, "a", "c");
        Sys.ActorOf(ConsoleActor.Props(_peers, null!, trust)).Tell(new AskBalance(), TestActor);

        _onA.ExpectMsg<AskBalance>();
    }

    [Fact]
    public void Before_the_oldest_one_is_known_nobody_is_asked()
    {
        _peers.Oldest = null;
        Sys.ActorOf(ConsoleActor.Props(_peers, null!, ClusterTrust.None)).Tell(new AskBalance(), TestActor);

        Assert.Contains("does not know yet who balances", ExpectMsg<CommandRefused>().Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void A_drain_goes_to_the_host_itself_and_an_unknown_host_is_refused_by_name()
    {
        var console = Sys.ActorOf(ConsoleActor.Props(_peers, null!, ClusterTrust.None));
        console.Tell(new DrainHost(A, true, false), TestActor);
        _onA.ExpectMsg<DrainHost>();
        console.Tell(new DrainHost(new HostName("z"), true, false), TestActor);

        Assert.Equal(MigrationFailure.UnknownHost, ExpectMsg<CommandRefused>().Failure);
    }
}
