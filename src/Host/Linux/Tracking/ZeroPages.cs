namespace ActorMigration.Host.Linux.Tracking;

/// <summary>Tells pages that hold only zeros from others: they cross as a range, without their bytes.</summary>
internal static class ZeroPages
{
    /// <summary>Bytes that are looked at first: most pages with content show it here.</summary>
    private const int FirstLook = 64;

    internal static bool IsZero(ReadOnlySpan<byte> page)
        => !page[..Math.Min(FirstLook, page.Length)].ContainsAnyExcept((byte)0) && !page.ContainsAnyExcept((byte)0);

    /// <summary>Length in bytes of the first part of <paramref name="pages"/> whose pages are all zero or all not; never 0 for a non-empty span.</summary>
    internal static int FirstRun(ReadOnlySpan<byte> pages, out bool zero)
    {
        const int page = Contracts.Memory.PageSize.Bytes;
        zero = IsZero(pages[..page]);
        var length = page;
        while (length < pages.Length && IsZero(pages.Slice(length, page)) == zero)
        {
            length += page;
        }

        return length;
    }
}
