using ActorMigration.Actors.Trust;
using ActorMigration.Actors.Trust.Verification;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;
using Akka.Actor;

namespace ActorMigration.Actors;

/// <summary>By what this host attests and checks.</summary>
/// <param name="Tpm">The node's tpm actor.</param>
/// <param name="Demands">What this host demands of others, as its policy file says now.</param>
/// <param name="Anchors">The attestation CAs it believes.</param>
/// <param name="Trust">What the voters make of all hosts.</param>
public sealed record AttestationServices(IActorRef Tpm, Func<AttestationPolicy> Demands, TrustAnchors Anchors, ClusterTrust Trust)
{
    /// <summary>What this host demands of others now; the next time it may be another.</summary>
    public AttestationPolicy Policy => Demands();
}

/// <summary>How this host takes part in decisions.</summary>
/// <param name="Journal">Its attempts.</param>
/// <param name="Client">Reaches voters.</param>
/// <param name="Poll">Asks all voters.</param>
/// <param name="Signer">Signs registrations.</param>
/// <param name="Keys">Knows the nodes' keys.</param>
/// <param name="Times">How long voters are waited for.</param>
/// <param name="Seat">Asked before a verdict is acted on.</param>
public sealed record DecisionServices(AttemptJournal Journal, IVoterClient Client, VoterPoll Poll, INodeSigner Signer, INodeKeys Keys, VoterTimes Times, IResolutionSeat Seat);

/// <summary>Everything an attempt's actors need of their node.</summary>
/// <param name="Peers">Counterparts on other hosts.</param>
/// <param name="SourceHost">The operating system, for containers that leave.</param>
/// <param name="DestinationHost">The operating system, for containers that come.</param>
/// <param name="Decision">Voters and journal.</param>
/// <param name="Attestation">TPM and policy.</param>
/// <param name="Times">How long attempts wait.</param>
/// <param name="Clock">Time.</param>
/// <param name="BootId">/proc/sys/kernel/random/boot_id of this host.</param>
/// <param name="Holds">Where tests let attempts wait.</param>
public sealed record AttemptServices(
    IPeers Peers,
    ISourceHost SourceHost,
    IDestinationHost DestinationHost,
    DecisionServices Decision,
    AttestationServices Attestation,
    AttemptTimes Times,
    TimeProvider Clock,
    string BootId,
    IStepHolds Holds)
{
    /// <summary>This host.</summary>
    public HostName Self => Peers.Self;

    /// <summary>Whether the operator wants this host to be empty.</summary>
    public IDrainMark Drain { get; init; } = NoDrain.Instance;

    /// <summary>Who of this host is busy with which container.</summary>
    public ContainerLeases Leases { get; init; } = new();

    /// <summary>Why this host takes no containers; null when it does.</summary>
    public (MigrationFailure Failure, string Sentence)? WhyTakesNothing
        => Drain.IsSet ? (MigrationFailure.Draining, $"host {Self} is drained and takes no containers; 'amig undrain {Self}' ends that")
            : Attestation.Trust.WhyTakesNothing(Self) is { } why ? (MigrationFailure.NotTrusted, why)
            : null;
}
