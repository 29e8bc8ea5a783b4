using ActorMigration.Actors.Trust.Verification;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;
using Akka.Actor;

namespace ActorMigration.Actors;

/// <summary>By what this host attests and checks.</summary>
/// <param name="Tpm">The node's tpm actor.</param>
/// <param name="Policy">What this host demands of others.</param>
/// <param name="Anchors">The attestation CAs it believes.</param>
public sealed record AttestationServices(IActorRef Tpm, AttestationPolicy Policy, TrustAnchors Anchors);

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

    /// <summary>Why nothing is begun here while it is.</summary>
    public string WhyDrained => $"host {Self} is drained and takes no containers; 'amig undrain {Self}' ends that";
}
