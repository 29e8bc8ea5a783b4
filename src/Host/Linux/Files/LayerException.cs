namespace ActorMigration.Host.Linux.Files;

/// <summary>Why a tree could not be carried.</summary>
public enum LayerFailure
{
    /// <summary>The destination's file system is full, or its quota.</summary>
    NoSpace,

    /// <summary>The source sent more bytes or entries than the attempt has reserved.</summary>
    OverReservation,

    /// <summary>The source sent something that a receiver never does: a path that leaves the tree, content for what is no file. Or its digest differs.</summary>
    Refused,

    /// <summary>The container's tree has something that cannot be carried, such as a device node.</summary>
    CannotCarry,
}

/// <summary>A tree could not be carried; the message is the sentence that the operator reads. Nothing outside the destination's root was touched.</summary>
public sealed class LayerException(LayerFailure failure, string sentence, Exception? inner = null) : IOException(sentence, inner)
{
    /// <summary>What callers match on.</summary>
    public LayerFailure Failure { get; } = failure;
}
