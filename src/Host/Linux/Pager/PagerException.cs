namespace ActorMigration.Host.Linux.Pager;

/// <summary>What became of a pager that does not do its work.</summary>
public enum PagerFailure
{
    /// <summary>It did not start.</summary>
    NotStarted = 1,

    /// <summary>Pager and keeper are both gone.</summary>
    Lost = 2,

    /// <summary>It says that a page cannot be brought; who misses it stays blocked.</summary>
    CannotBring = 3,

    /// <summary>The restore handed over other processes than expected, or not all have a duplicate with the keeper.</summary>
    NotArmed = 4,

    /// <summary>It cannot be ended yet: a process of the container still waits for pages.</summary>
    StillNeeded = 5,
}

/// <summary>Thrown by <see cref="PagerClient"/>. Before the decision the destination gives up; after it the container is kept as it is.</summary>
public sealed class PagerException(PagerFailure failure, string message) : IOException(message)
{
    public PagerFailure Failure { get; } = failure;
}
