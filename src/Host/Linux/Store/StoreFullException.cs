namespace ActorMigration.Host.Linux.Store;

/// <summary>An attempt needs more room than it reserved. Before the freeze the attempt is given up; the source never stopped.</summary>
public sealed class StoreFullException(string message) : IOException(message);
