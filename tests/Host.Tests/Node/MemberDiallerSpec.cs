using ActorMigration.Host.Node;
using Akka.Actor;
using Akka.TestKit.Xunit2;

namespace ActorMigration.Host.Tests.Node;

public sealed class MemberDiallerSpec : TestKit
{
    private readonly List<Address> _nameless = [.. Enumerable.Range(1, MemberDialler.MostAtOnce + 10).Select(port => new Address("akka.ssl.tcp", "amig", "10.0.0.1", port))];

    public MemberDiallerSpec()
        : base("akka.loglevel = OFF\nakka.stdout-loglevel = OFF")
    {
    }

    [Fact]
    public void All_that_have_no_name_are_dialled_some_at_a_time_and_the_least_tried_first()
    {
        var dialler = Sys.ActorOf(Props.Create(() => new MemberDialler(() => _nameless, address => TestActor.Tell(address))));

        dialler.Tell(MemberDialler.Look.Instance);
        var first = ReceiveN(MemberDialler.MostAtOnce).Cast<Address>().ToArray();
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        dialler.Tell(MemberDialler.Look.Instance);
        var second = ReceiveN(MemberDialler.MostAtOnce).Cast<Address>().ToArray();

        Assert.Equal(_nameless.Count, first.Union(second).Count());
        _nameless.RemoveRange(1, _nameless.Count - 1);
        dialler.Tell(MemberDialler.Look.Instance);
        Assert.Equal(_nameless[0], ExpectMsg<Address>());
        _nameless.Clear();
        dialler.Tell(MemberDialler.Look.Instance);
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));
    }
}
