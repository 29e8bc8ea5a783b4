namespace ActorMigration.Host.Trust;

/// <summary>A step of setting trust up that cannot go on. The message is one sentence for the operator; nothing was left half done.</summary>
public sealed class TrustException(string message, Exception? inner = null) : Exception(message, inner);
