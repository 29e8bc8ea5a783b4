namespace ActorMigration.Contracts;

/// <summary>
/// Source to destination, after the port has left the source's bridge: announce the container's address from your side and hold its frames.
/// Repeated until answered; the claim carries the fence, so that a late one of an older attempt is not made. Answer: <see cref="AddressClaimed"/>.
/// </summary>
public sealed record ClaimAddress(AttemptId Attempt, Fence Fence) : IAttemptMessage;

/// <summary>Destination to source: the address is announced here and frames are held.</summary>
public sealed record AddressClaimed(AttemptId Attempt, Fence Fence) : IAttemptMessage;

/// <summary>
/// Source to destination, once everything has been sent and only while the destination's fresh evidence is valid: the manifest of what was sent and the
/// permission to propose DEST. Repeated until answered by <see cref="AtGate"/>, <see cref="MigrationRefused"/> or a verdict.
/// </summary>
public sealed record HandOver(AttemptId Attempt, Fence Fence, Manifest Manifest, HandOverToken Token) : IAttemptMessage;

/// <summary>Destination to source: the tree is restored to its gate and journalled, DEST is about to be proposed. For the operator's table only: it permits nothing.</summary>
public sealed record AtGate(AttemptId Attempt, Fence Fence, GateReport Report) : IAttemptMessage;

/// <summary>Either side to the other: the register has decided. The receiver checks the certificate itself and acts on nothing else.</summary>
public sealed record VerdictReached(AttemptId Attempt, Fence Fence, VerdictCertificate Certificate) : IAttemptMessage;
