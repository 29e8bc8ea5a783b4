using ActorMigration.Contracts;

namespace ActorMigration.Actors.Trust;

/// <summary>What a <see cref="TrustActor"/> needs of its node.</summary>
/// <param name="Peers">The other hosts.</param>
/// <param name="Voters">Whose words count; this host judges others when it is one of them.</param>
/// <param name="Attestation">TPM, policy and anchors; and where the outcome is put for all others on this host.</param>
/// <param name="Signer">Signs this host's words.</param>
/// <param name="Keys">Checks those of others.</param>
/// <param name="Runtime">This host's containers, which stand while it is not trusted.</param>
/// <param name="IsInMove">Whether a container has an open attempt here: then the attempt says what becomes of it.</param>
/// <param name="Settings">Times, and what is done.</param>
/// <param name="Clock">Time.</param>
public sealed record TrustServices(
    IPeers Peers, HostName[] Voters, AttestationServices Attestation, INodeSigner Signer, INodeKeys Keys, IContainerRuntime Runtime, Func<ContainerName, bool> IsInMove, TrustSettings Settings, TimeProvider Clock);
