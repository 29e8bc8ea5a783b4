using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Linux.Tracking;

/// <summary>Finds the pages that exist in an address space: by PAGEMAP_SCAN, or on older kernels entry by entry.</summary>
internal interface IPageFinder : IDisposable
{
    /// <summary>
    /// Calls <paramref name="found"/> for all existing pages of [start, end) in ascending order and changes nothing. Returns the
    /// address up to which the range is done and the errno that ended it, 0 at the end.
    /// </summary>
    (ulong Done, int Errno) FindExisting(SafeFileHandle pagemap, ulong start, ulong end, bool hasFile, Action<PageRegion> found);
}
