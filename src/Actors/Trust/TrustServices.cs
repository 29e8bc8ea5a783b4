using ActorMigration.Contracts;

namespace ActorMigration.Actors.Trust;

/// <summary>What a <see cref="TrustActor"/> needs of its node.</summary>
/// <param name="Peers">The other hosts.</param>
/// <param name="Voters">Whose words count; this host judges others when it is one of them.</param>
/// <param name="Attestation">TPM, policy and anchors; and where the outcome is put for all others on this host.</param>
/// <param name="Signer">Signs this host's questions and words.</param>
/// <param name="Keys">Checks those of others.</param>
/// <param name="Seat">What outlives the actor.</param>
/// <param name="Store">What outlives the daemon.</param>
/// <param name="Settings">Times, and what is done.</param>
/// <param name="Clock">Time.</param>
public sealed record TrustServices(
    IPeers Peers, HostName[] Voters, AttestationServices Attestation, INodeSigner Signer, INodeKeys Keys, TrustSeat Seat, IJudgementStore Store, TrustSettings Settings, TimeProvider Clock);
