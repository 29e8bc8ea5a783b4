namespace ActorMigration.Host.Linux.Network;

/// <summary>A command of an attempt that is over was refused; nothing was done.</summary>
public sealed class StaleFenceException(string sentence) : Exception(sentence);
