namespace ActorMigration.Contracts;

/// <summary>
/// Source to destination, after both sides accepted each other's evidence and a majority of voters registered the attempt:
/// reserve and build what the container needs. Answer: <see cref="ResourcesPrepared"/> or <see cref="MigrationRefused"/>.
/// </summary>
/// <param name="Attempt">The attempt.</param>
/// <param name="Fence">Its fence.</param>
/// <param name="Order">What comes; the destination trusts none of it beyond its own policy.</param>
/// <param name="Registration">Signed by the source; the destination may deliver it to a voter that missed it.</param>
public sealed record PrepareResources(AttemptId Attempt, Fence Fence, PrepareOrder Order, Registration Registration) : IAttemptMessage;

/// <summary>Destination to source: everything is reserved and built, nothing of the container runs.</summary>
public sealed record ResourcesPrepared(AttemptId Attempt, Fence Fence, DataEndpoint Endpoint) : IAttemptMessage;

/// <summary>
/// Destination to source, in any phase before it proposed DEST: this attempt will not be completed here, and the destination never
/// proposes DEST in it. Before the freeze the source gives the attempt up; after it the source proposes SOURCE.
/// </summary>
/// <param name="Attempt">The attempt.</param>
/// <param name="Fence">Its fence.</param>
/// <param name="Phase">The phase in which it failed.</param>
/// <param name="Failure">What scripts match on.</param>
/// <param name="Sentence">What the operator reads.</param>
public sealed record MigrationRefused(AttemptId Attempt, Fence Fence, Phase Phase, MigrationFailure Failure, string Sentence) : IAttemptMessage;

/// <summary>
/// Source to destination before the freeze: the attempt is given up; the destination cleans up. After the destination has
/// proposed DEST this message changes nothing. Answer: <see cref="DestinationCleaned"/>.
/// </summary>
public sealed record AbortAttempt(AttemptId Attempt, Fence Fence, MigrationFailure Failure, string Sentence) : IAttemptMessage;

/// <summary>Destination to source: nothing of this attempt is left here.</summary>
public sealed record DestinationCleaned(AttemptId Attempt, Fence Fence) : IAttemptMessage;
