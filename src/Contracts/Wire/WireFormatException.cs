namespace ActorMigration.Contracts;

/// <summary>Bytes from another host are not what their format says. The connection that brought them is closed.</summary>
public sealed class WireFormatException(string sentence) : Exception(sentence);
