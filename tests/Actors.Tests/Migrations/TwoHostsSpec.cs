using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;
using ActorMigration.Simulator;
using Akka.Actor;
using Akka.TestKit.Xunit2;

namespace ActorMigration.Actors.Tests.Migrations;

/// <summary>What specs over <see cref="TwoHosts"/> share: order a migration, let it hang or wait at a step, see its end.</summary>
public abstract class TwoHostsSpec : TestKit
{
    private protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private protected static readonly MigrationPolicy Policy = MigrationPolicy.Default with { StopDeadlineMs = 5_000 };

    private protected TwoHostsSpec(UntrustedAction action = UntrustedAction.Stop)
        : base("akka.loglevel = WARNING")
        => Hosts = new TwoHosts(Sys, action);

    private protected TwoHosts Hosts { get; }

    private protected void AwaitTrees(Tree a, Tree b) => AwaitAssert(() => Assert.Equal((a, b), (Hosts.HostA.Tree, Hosts.HostB.Tree)), Patience);

    private protected async Task<AttemptId> MigrateAsync(MigrationPolicy? policy = null)
        => Assert.IsType<MigrationAccepted>(await Hosts.Of(TwoHosts.A).Ask<object>(new MigrateContainer(TwoHosts.Container, TwoHosts.B, policy ?? Policy), Patience)).Attempt;

    private protected async Task<(AttemptId Attempt, TaskCompletionSource Gate)> MigrateAndHangAsync(FakeHost host, AttemptCall call, MigrationPolicy? policy = null)
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Hanging = (call, gate);
        var attempt = await MigrateAsync(policy);
        AwaitAssert(() => Assert.Contains(call, host.Calls), Patience);
        return (attempt, gate);
    }

    private protected async Task<AttemptId> MigrateAndHoldAsync(FakeHost host, string step)
    {
        host.Held = step;
        var attempt = await MigrateAsync();
        AwaitAssert(() => Assert.Equal(step, host.Waiting), Patience);
        return attempt;
    }

    /// <summary>The ended attempt as the host's history has it.</summary>
    private protected async Task<AttemptDetails> EndOfAsync(HostName host, AttemptId attempt)
    {
        AttemptDetails? ended = null;
        await AwaitAssertAsync(
            () =>
            {
                ended = Hosts.JournalOf(host).OfType<JournalEntry.Ended>().FirstOrDefault(e => e.Details.Attempt == attempt)?.Details;
                Assert.NotNull(ended);
            },
            Patience);
        var shown = await Hosts.Of(host).Ask<object>(new ShowMigration(attempt), Patience);
        Assert.Equal(ended!.Outcome, Assert.IsType<AttemptDetails>(shown).Outcome);
        return ended;
    }
}
