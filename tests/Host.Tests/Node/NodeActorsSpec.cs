using ActorMigration.Host.Node;
using Akka.Actor;
using Akka.TestKit.Xunit2;

namespace ActorMigration.Host.Tests.Node;

/// <summary>The parent of all the daemon's actors, at its start.</summary>
public sealed class NodeActorsSpec : TestKit
{
    private static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task A_child_can_be_asked_by_its_path_as_soon_as_the_supervisor_is_started()
    {
        var supervisor = await NodeActors.StartAsync(
            Sys,
            node =>
            {
                // As on a host that is busy with other things.
                Thread.Sleep(Slow);
                node.ActorOf(Props.Create(() => new Echo()), "tpm");
            },
            (_, _) => { });

        Assert.Equal("asked", await Sys.ActorSelection(supervisor.Path / "tpm").Ask<string>("asked", Patience));
    }

    [Fact]
    public async Task Children_that_cannot_be_made_fail_the_start()
    {
        var refused = await Assert.ThrowsAsync<IOException>(() => NodeActors.StartAsync(Sys, _ => throw new IOException("no boot id"), (_, _) => { }));

        Assert.Equal("no boot id", refused.Message);
    }

    private sealed class Echo : ReceiveActor
    {
        public Echo() => ReceiveAny(message => Sender.Tell(message));
    }
}
