using ActorMigration.Actors.Trust;
using ActorMigration.Contracts;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;

namespace ActorMigration.Actors.Tests.Console;

/// <summary>Which host's view of an attempt an operator reads.</summary>
public sealed class ShowMigrationSpec : TestKit
{
    private static readonly HostName A = new("a");
    private static readonly HostName B = new("b");
    private static readonly AttemptId Attempt = AttemptId.New();

    [Fact]
    public void A_committed_attempt_has_not_ended_while_its_destination_fills_in_memory()
    {
        var shown = Show(View(A, "Ended", AttemptOutcome.Committed), View(B, "Filling", AttemptOutcome.Committed));

        Assert.Equal((A, "Filling", AttemptOutcome.Committed, false), (shown.ReportedBy, shown.Step, shown.Outcome, shown.HasEnded));
    }

    [Fact]
    public void It_has_ended_when_both_have_and_when_the_destination_knows_nothing_of_it_any_more()
    {
        Assert.True(Show(View(A, "Ended", AttemptOutcome.Committed), View(B, "Ended", AttemptOutcome.Committed)).HasEnded);
        Assert.True(Show(View(A, "Ended", AttemptOutcome.Committed), new CommandRefused(MigrationFailure.UnknownContainer, "no attempt")).HasEnded);
    }

    [Fact]
    public void While_the_source_has_not_ended_nobody_else_is_waited_for()
        => Assert.Equal("Copying", Show(View(A, "Copying", AttemptOutcome.Open), null).Step);

    [Fact]
    public void An_aborted_attempt_waits_for_no_destination()
        => Assert.True(Show(View(A, "Ended", AttemptOutcome.Aborted), null).HasEnded);

    [Fact]
    public void The_view_of_the_destination_stands_in_for_a_source_that_is_gone()
        => Assert.Equal(B, Show(new CommandRefused(MigrationFailure.UnknownContainer, "no attempt"), View(B, "Filling", AttemptOutcome.Committed)).ReportedBy);

    /// <param name="ofA">What the source says.</param>
    /// <param name="ofB">What the destination says; null for a host that hangs.</param>
    private AttemptDetails Show(object ofA, object? ofB)
    {
        var peers = new ConsolePeers([A, B]) { OfMigrations = { [A] = Answering(ofA), [B] = Answering(ofB) } };
        var console = Sys.ActorOf(ConsoleActor.Props(peers, null!, ClusterTrust.None));
        console.Tell(new ShowMigration(Attempt), TestActor);
        return ExpectMsg<AttemptDetails>(ofB is null ? TimeSpan.FromSeconds(2) : TimeSpan.FromSeconds(5));
    }

    private TestProbe Answering(object? answer)
    {
        var probe = CreateTestProbe();
        probe.SetAutoPilot(new DelegateAutoPilot((sender, message) =>
        {
            if (message is ShowMigration && answer is not null)
            {
                sender.Tell(answer);
            }

            return AutoPilot.KeepRunning;
        }));
        return probe;
    }

    private static AttemptDetails View(HostName by, string step, AttemptOutcome outcome) => new(
        Attempt, new ContainerName("c"), new Fence(1, 1), A, B, by, Phase.Teardown, step, outcome, MigrationFailure.None, "", 0, [], [], 0, 0, [], 0, 0, 0, null);
}
