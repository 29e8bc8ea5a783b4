namespace ActorMigration.Host.Linux.Tracking;

/// <summary>Consecutive pages of the process's own that a scan found.</summary>
/// <param name="Start">First address.</param>
/// <param name="End">Address behind the last byte.</param>
/// <param name="Written">Written since the last protecting scan; always true where nothing is tracked.</param>
internal readonly record struct PageRegion(ulong Start, ulong End, bool Written);
