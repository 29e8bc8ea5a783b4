using ActorMigration.Actors.Tests.Trust;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;
using ActorMigration.Simulator;

namespace ActorMigration.Actors.Tests.Migrations;

/// <summary>A host that is not trusted is emptied where the operator wants that, and only then is its evidence overlooked.</summary>
public sealed class EvacuatedSourceSpec : TwoHostsSpec
{
    public EvacuatedSourceSpec()
        : base(UntrustedAction.Evacuate)
        => Hosts.PcrOfA = 1;

    [Fact]
    public async Task Its_containers_move_in_spite_of_what_it_has_measured()
    {
        Hosts.Trust.Say("a", HostTrust.Rejected, "b", "w");

        Assert.Equal(AttemptOutcome.Committed, (await EndOfAsync(TwoHosts.A, await MigrateAsync())).Outcome);
        AwaitTrees(Tree.None, Tree.Running);
    }

    [Fact]
    public async Task A_key_that_is_revoked_proves_nothing_any_more_and_nothing_is_taken_of_it()
    {
        Hosts.Trust.Say("a", HostTrust.Rejected, "b", "w");
        Hosts.Revoke(TwoHosts.A);

        await AssertStaysAsync("rule AkRevoked");
    }

    [Fact]
    public async Task Without_a_majority_of_the_voters_its_evidence_counts()
        => await AssertStaysAsync("rule PcrValueNotAllowed");

    [Fact]
    public async Task When_more_than_half_of_all_hosts_are_rejected_nobody_is_emptied()
    {
        Hosts.Trust.Say("a", HostTrust.Rejected);

        var refused = Assert.IsType<CommandRefused>(await Akka.Actor.Futures.Ask<object>(Hosts.Of(TwoHosts.A), new MigrateContainer(TwoHosts.Container, TwoHosts.B, Policy), Patience));

        Assert.Equal(MigrationFailure.NotTrusted, refused.Failure);
    }

    [Fact]
    public async Task A_destination_that_is_not_trusted_is_no_refuge()
    {
        (Hosts.PcrOfA, Hosts.PcrOfB) = (0, 1);

        await AssertStaysAsync("rule PcrValueNotAllowed");
    }

    [Fact]
    public async Task Who_cannot_prove_to_be_that_host_is_not_emptied_by_its_name()
    {
        Hosts.Trust.Say("a", HostTrust.Rejected, "b", "w");
        Hosts.SignsForNobody = TwoHosts.A;

        await AssertStaysAsync("rule SignatureInvalid");
    }

    private async Task AssertStaysAsync(string rule)
    {
        var details = await EndOfAsync(TwoHosts.A, await MigrateAsync());

        Assert.Equal((AttemptOutcome.Aborted, MigrationFailure.AttestationFailed), (details.Outcome, details.Failure));
        Assert.Contains(rule, details.Sentence, StringComparison.Ordinal);
        AwaitTrees(Tree.Running, Tree.None);
    }
}
