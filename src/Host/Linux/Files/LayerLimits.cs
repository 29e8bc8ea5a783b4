namespace ActorMigration.Host.Linux.Files;

/// <summary>What one attempt has reserved for a tree at the destination.</summary>
/// <param name="Bytes">Disk space that the tree may take, by the blocks the file system counts.</param>
/// <param name="Entries">Names that may be made.</param>
public readonly record struct LayerLimits(long Bytes, long Entries);
