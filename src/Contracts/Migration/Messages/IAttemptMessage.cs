namespace ActorMigration.Contracts;

/// <summary>
/// A message between the two hosts of one attempt. Whoever performs it compares attempt and fence first: a message of another
/// attempt, or of an older fence, changes nothing however late it comes. The table of all of them is in docs/protocol.md.
/// </summary>
public interface IAttemptMessage : IWire
{
    /// <summary>The attempt that the message belongs to.</summary>
    AttemptId Attempt { get; }

    /// <summary>Epoch of the owner and ordinal of the attempt.</summary>
    Fence Fence { get; }
}
