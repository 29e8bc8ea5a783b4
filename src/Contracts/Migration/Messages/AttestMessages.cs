using ActorMigration.Contracts.Trust;

namespace ActorMigration.Contracts;

/// <summary>
/// Source to the destination's migrations actor: this container is to come to you; prove first what you are. Nothing is reserved for it.
/// Answer: <see cref="DestinationAttested"/> or <see cref="MigrationRefused"/>.
/// </summary>
/// <param name="Attempt">The attempt.</param>
/// <param name="Fence">Its fence.</param>
/// <param name="Container">The container.</param>
/// <param name="SourceHost">Who offers.</param>
/// <param name="Nonce">The source's nonce of this round of quotes.</param>
/// <param name="KeyDigest">SHA-256 of the SPKI of the source's TLS key of this attempt.</param>
/// <param name="PolicyDigest">Digest of the attestation policy by which the source checks.</param>
public sealed record OfferMigration(
    AttemptId Attempt, Fence Fence, ContainerName Container, HostName SourceHost, byte[] Nonce, byte[] KeyDigest, byte[] PolicyDigest) : IAttemptMessage;

/// <summary>Destination to source: my evidence over both nonces and both keys. Answer: <see cref="SourceAttested"/> or <see cref="AbortAttempt"/>.</summary>
/// <param name="Attempt">The attempt.</param>
/// <param name="Fence">Its fence.</param>
/// <param name="Nonce">The destination's nonce of this round.</param>
/// <param name="KeyDigest">SHA-256 of the SPKI that the destination's listener of this attempt will show.</param>
/// <param name="PolicyDigest">Digest of the policy by which the destination checks.</param>
/// <param name="Evidence">As untrusted as everything before it was checked.</param>
public sealed record DestinationAttested(
    AttemptId Attempt, Fence Fence, byte[] Nonce, byte[] KeyDigest, byte[] PolicyDigest, Evidence Evidence) : IAttemptMessage;

/// <summary>Source to destination: yours is accepted, here is mine. Answer: <see cref="EvidenceAccepted"/> or <see cref="MigrationRefused"/>.</summary>
public sealed record SourceAttested(AttemptId Attempt, Fence Fence, Evidence Evidence) : IAttemptMessage;

/// <summary>Destination to source: both sides have proved what they are; the order to prepare may come.</summary>
public sealed record EvidenceAccepted(AttemptId Attempt, Fence Fence) : IAttemptMessage;

/// <summary>
/// Source to destination, while the last rounds run: the stop is near. The destination has its ballot promised by a majority and quotes over fresh nonces.
/// Answer: <see cref="ReadyForStop"/> or <see cref="MigrationRefused"/>.
/// </summary>
/// <param name="Attempt">The attempt.</param>
/// <param name="Fence">Its fence.</param>
/// <param name="Nonce">The source's, for the destination's fresh quote.</param>
/// <param name="DirtyPagesPerSecond">What the rounds have measured until now, so that it is not forgotten with the move: whoever has the container next may have to say what a move of it costs. 0 when there was no second round. Decides nothing in this attempt.</param>
public sealed record StopImminent(AttemptId Attempt, Fence Fence, byte[] Nonce, double DirtyPagesPerSecond) : IAttemptMessage;

/// <summary>Destination to source: a majority has promised, and this is my fresh evidence. Answer: <see cref="SourceReattested"/> or <see cref="AbortAttempt"/>.</summary>
public sealed record ReadyForStop(AttemptId Attempt, Fence Fence, byte[] Nonce, Evidence Evidence) : IAttemptMessage;

/// <summary>Source to destination: my fresh evidence. Answer: <see cref="StopAgreed"/> or <see cref="MigrationRefused"/>.</summary>
public sealed record SourceReattested(AttemptId Attempt, Fence Fence, Evidence Evidence) : IAttemptMessage;

/// <summary>Destination to source: your fresh evidence is accepted. Without it the source does not freeze.</summary>
public sealed record StopAgreed(AttemptId Attempt, Fence Fence) : IAttemptMessage;
