namespace ActorMigration.Contracts;

/// <summary>Destination to source, after DEST: the gate is open and the tasks run.</summary>
/// <param name="Attempt">The attempt.</param>
/// <param name="Fence">Its fence.</param>
/// <param name="GateToRunningMs">From the restored gate to running tasks, in ms.</param>
public sealed record Running(AttemptId Attempt, Fence Fence, double GateToRunningMs) : IAttemptMessage;

/// <summary>Destination to source, after DEST: every page is in its place; nothing more is needed of the source or of the page store.</summary>
public sealed record Filled(AttemptId Attempt, Fence Fence, FillReport Report) : IAttemptMessage;

/// <summary>
/// Destination to source, after DEST: the restored tree died before it ran. The container runs nowhere and its files are here. It permits nothing: the source ends the attempt
/// as after <see cref="Running"/>.
/// </summary>
public sealed record TreeLost(AttemptId Attempt, Fence Fence, string Sentence) : IAttemptMessage;

/// <summary>Source to destination, after DEST: nothing of the container is left at the source.</summary>
public sealed record SourceCleaned(AttemptId Attempt, Fence Fence) : IAttemptMessage;

/// <summary>
/// Either side to the other when an expected message is late after the freeze: what became of this attempt on your side? Answered by the last message of the
/// state that the other side is in, by <see cref="VerdictReached"/>, or by <see cref="AttemptUnknown"/>. It never changes the state of whoever is asked.
/// </summary>
public sealed record AskAttempt(AttemptId Attempt, Fence Fence) : IAttemptMessage;

/// <summary>Either side to the other: this attempt is not known here (any more). It permits nothing; whoever gets it asks the register.</summary>
public sealed record AttemptUnknown(AttemptId Attempt, Fence Fence) : IAttemptMessage;

/// <summary>Source to destination, asked with <see cref="AskAttempt"/>: the attempt is under way and nothing is expected of you now. It permits nothing.</summary>
public sealed record AttemptGoesOn(AttemptId Attempt, Fence Fence) : IAttemptMessage;
