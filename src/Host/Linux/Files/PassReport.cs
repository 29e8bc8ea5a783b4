namespace ActorMigration.Host.Linux.Files;

/// <summary>What one pass over a tree did, the same on both sides.</summary>
/// <param name="Pass">Counts from 1.</param>
/// <param name="Entries">Entries, links and deletions that crossed.</param>
/// <param name="DataBytes">Content that crossed.</param>
public readonly record struct PassReport(int Pass, long Entries, long DataBytes);
