using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>A port could not do its step. <see cref="Exception.Message"/> is the one sentence that the operator reads.</summary>
public sealed class AttemptException : Exception
{
    public AttemptException(MigrationFailure failure, string sentence, Exception? inner = null)
        : base(sentence, inner) => Failure = failure;

    /// <summary>What scripts match on.</summary>
    public MigrationFailure Failure { get; }

    /// <summary>True when the same call may succeed at once if it is made again, for example a vfork that was under way at the freeze.</summary>
    public bool Retryable { get; init; }
}
