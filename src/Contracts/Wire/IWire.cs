namespace ActorMigration.Contracts;

/// <summary>
/// Marks a message that may cross between nodes over Akka.Remote. Such a record is sealed, has concrete field types only
/// (no interface, object or abstract type) and no more than <see cref="MaxBytes"/> when serialised: bulk data has its own stream.
/// A released record is never edited; a changed one is a new type.
/// </summary>
public interface IWire
{
    /// <summary>Bytes; larger messages are a sign that bulk data went the wrong way.</summary>
    const int MaxBytes = 256 * 1024;
}
