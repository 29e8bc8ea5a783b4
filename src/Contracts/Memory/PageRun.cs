namespace ActorMigration.Contracts.Memory;

/// <summary>Consecutive pages that were last sent in the same round.</summary>
/// <param name="Address">Of the first page, in bytes; a multiple of <see cref="PageSize.Bytes"/>.</param>
/// <param name="PageCount">At least 1.</param>
/// <param name="Round">The round that sent them last: the only version of them that is right.</param>
public readonly record struct PageRun(ulong Address, long PageCount, int Round)
{
    /// <summary>The address behind the last byte.</summary>
    public ulong End => Address + ((ulong)PageCount << PageSize.Shift);
}
