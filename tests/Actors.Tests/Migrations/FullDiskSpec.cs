using ActorMigration.Contracts;
using ActorMigration.Simulator;
using Akka.Actor;

namespace ActorMigration.Actors.Tests.Migrations;

/// <summary>The disk that has a host's journal is full for a while: it costs what could not be written meanwhile, never the daemon, and nobody has to restart it.</summary>
public sealed class FullDiskSpec : TwoHostsSpec
{
    /// <summary>Long enough for everything that is tried while the disk is full to fail more than once.</summary>
    private static readonly TimeSpan FullFor = TimeSpan.FromMilliseconds(500);

    [Theory]
    [InlineData("Source.JournalingBegun")]
    [InlineData("Source.JournalingFrozen")]
    [InlineData("Source.JournalingVerdict")]
    [InlineData("Source.JournalingEnded")]
    [InlineData("Destination.JournalingBegun")]
    [InlineData("Destination.JournalingPrepared")]
    [InlineData("Destination.JournalingProposed")]
    [InlineData("Destination.JournalingVerdict")]
    [InlineData("Destination.JournalingEnded")]
    public async Task A_disk_that_is_full_for_a_while_costs_one_attempt_at_most_and_not_the_next(string step)
    {
        var (host, fake) = step.StartsWith("Source", StringComparison.Ordinal) ? (TwoHosts.A, Hosts.HostA) : (TwoHosts.B, Hosts.HostB);
        var attempt = await MigrateAndHoldAsync(fake, step);

        Hosts.FillDisk(host, full: true);
        fake.Held = null;
        await Task.Delay(FullFor);
        Hosts.FillDisk(host, full: false);

        // One that has begun nothing is in no journal, and its end need not be.
        var committed = step != "Source.JournalingBegun" && (await EndOfAsync(TwoHosts.A, attempt)).Outcome == AttemptOutcome.Committed;
        AwaitAssert(() => Assert.Equal(1, new[] { Hosts.HostA, Hosts.HostB }.Count(h => h.Tree == Tree.Running)), Patience);
        Assert.Equal(committed ? Tree.Running : Tree.None, Hosts.HostB.Tree);
        if (!committed)
        {
            await EndsWellAsync();
        }
    }

    [Fact]
    public async Task A_gate_that_could_not_be_proposed_for_is_proposed_for_when_the_disk_takes_it()
    {
        var attempt = await MigrateAndHoldAsync(Hosts.HostB, "Destination.JournalingProposed");

        Hosts.FillDisk(TwoHosts.B, full: true);
        Hosts.HostB.Held = null;
        await Task.Delay(FullFor);
        Hosts.FillDisk(TwoHosts.B, full: false);

        Assert.Equal(AttemptOutcome.Committed, (await EndOfAsync(TwoHosts.A, attempt)).Outcome);
        AwaitTrees(Tree.None, Tree.Running);
    }

    [Fact]
    public async Task A_source_that_could_write_no_ballot_gets_its_container_back_when_the_disk_takes_one()
    {
        var attempt = await MigrateAndHoldAsync(Hosts.HostA, "Source.CopyingFrozen");

        Hosts.FillDisk(TwoHosts.A, full: true);
        await Hosts.Of(TwoHosts.A).Ask<object>(new CancelMigration(attempt), Patience);
        await Task.Delay(FullFor);
        Assert.Equal(Tree.Frozen, Hosts.HostA.Tree);
        Hosts.FillDisk(TwoHosts.A, full: false);

        Assert.Equal(AttemptOutcome.Aborted, (await EndOfAsync(TwoHosts.A, attempt)).Outcome);
        AwaitTrees(Tree.Running, Tree.None);
    }

    /// <summary>The next attempt of the same container, which the destination refuses for as long as the one before has not ended there.</summary>
    private async Task EndsWellAsync()
    {
        Hosts.HostA.Held = Hosts.HostB.Held = null;
        AttemptDetails? ended = null;
        await AwaitConditionAsync(
            async () =>
            {
                if (await Hosts.Of(TwoHosts.A).Ask<object>(new MigrateContainer(TwoHosts.Container, TwoHosts.B, Policy), Patience) is MigrationAccepted accepted)
                {
                    ended = await EndOfAsync(TwoHosts.A, accepted.Attempt);
                }

                return ended is { Outcome: AttemptOutcome.Committed };
            },
            Patience);
        AwaitTrees(Tree.None, Tree.Running);
    }
}
