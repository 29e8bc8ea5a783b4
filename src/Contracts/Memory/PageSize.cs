namespace ActorMigration.Contracts.Memory;

/// <summary>The page of the stream, the store and the index. Hosts with another base page size are refused at start.</summary>
public static class PageSize
{
    /// <summary>Bytes of a page.</summary>
    public const int Bytes = 4096;

    /// <summary>log2 of <see cref="Bytes"/>.</summary>
    public const int Shift = 12;
}
