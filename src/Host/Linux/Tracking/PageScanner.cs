using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using static ActorMigration.Host.Linux.Interop.PagemapScan;

namespace ActorMigration.Host.Linux.Tracking;

/// <summary>
/// Finds pages by PAGEMAP_SCAN. Owns the native buffer of regions; one scan at a time.
/// Existing means: in memory or swapped, not the shared zero page, not a guard, and in a mapping of a file only pages that
/// were written (COWed). CRIU's own rule is the same.
/// </summary>
internal sealed unsafe class PageScanner : IPageFinder
{
    /// <summary>Regions per call, 1.5 MiB: a process of 512 MiB in which every second page was written fits one call.</summary>
    private const int BufferRegions = 1 << 16;

    private readonly page_region* _buffer = (page_region*)NativeMemory.Alloc(BufferRegions, (nuint)sizeof(page_region));
    private readonly ulong _guard;

    /// <param name="knowsGuard">Linux 6.15 and later know PAGE_IS_GUARD.</param>
    internal PageScanner(bool knowsGuard) => _guard = knowsGuard ? PAGE_IS_GUARD : 0;

    /// <summary>
    /// Calls <paramref name="found"/> for the pages of [start, end) that were written since the last such call, and protects
    /// them in the same step. A range that is not registered is silently skipped by the kernel. Returns the address up to
    /// which the range is done and the errno that ended it (0 at the end): what is beyond is owed, protected or not.
    /// </summary>
    internal (ulong Done, int Errno) TakeWritten(SafeFileHandle pagemap, MemoryMapping mapping, Action<PageRegion> found)
        => Scan(pagemap, mapping.Start, mapping.End, mapping.HasFile, PM_SCAN_WP_MATCHING, PAGE_IS_WRITTEN, PAGE_IS_WRITTEN, found);

    /// <summary>Calls <paramref name="found"/> for all existing pages of [start, end), without protecting any.</summary>
    public (ulong Done, int Errno) FindExisting(SafeFileHandle pagemap, ulong start, ulong end, bool hasFile, Action<PageRegion> found)
        => Scan(pagemap, start, end, hasFile, 0, 0, PAGE_IS_WRITTEN | PAGE_IS_PRESENT, found);

    /// <summary>True when the mapping at <paramref name="start"/> is registered for asynchronous protection in the address space of this pagemap.</summary>
    internal static bool IsRegistered(SafeFileHandle pagemap, ulong start, ulong end)
    {
        page_region region;
        var scan = new pm_scan_arg
        {
            size = (ulong)sizeof(pm_scan_arg),
            start = start,
            end = end,
            vec = (ulong)&region,
            vec_len = 1,
            max_pages = 1,
            category_mask = PAGE_IS_WPALLOWED,
            return_mask = PAGE_IS_WPALLOWED,
        };
        return Interop.IoCtl(pagemap, PAGEMAP_SCAN, &scan) == 1;
    }

    public void Dispose() => NativeMemory.Free(_buffer);

    private (ulong Done, int Errno) Scan(SafeFileHandle pagemap, ulong start, ulong end, bool hasFile, ulong flags, ulong required, ulong wanted, Action<PageRegion> found)
    {
        // The FILE category costs a look at every page's folio (12 times the rest), so only mappings of a file ask for it.
        var excluded = PAGE_IS_PFNZERO | _guard | (hasFile ? PAGE_IS_FILE : 0);
        for (var position = start; position < end;)
        {
            var scan = new pm_scan_arg
            {
                size = (ulong)sizeof(pm_scan_arg),
                flags = flags,
                start = position,
                end = end,
                vec = (ulong)_buffer,
                vec_len = BufferRegions,
                category_inverted = excluded,
                category_mask = required | excluded,
                category_anyof_mask = PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
                return_mask = wanted,
            };
            var count = Interop.IoCtl(pagemap, PAGEMAP_SCAN, &scan);
            if (count < 0)
            {
                return (position, Marshal.GetLastPInvokeError());
            }

            for (var i = 0; i < count; i++)
            {
                Report(pagemap, _buffer[i], wanted, found);
            }

            // Only a full buffer ends a scan early. walk_end does not tell: when more than 512 regions were found it may name a
            // place that the same call went on from (seen on 6.18), and pages would come twice.
            if (count < BufferRegions)
            {
                break;
            }

            position = _buffer[count - 1].end;
        }

        return (end, 0);
    }

    private static void Report(SafeFileHandle pagemap, page_region region, ulong wanted, Action<PageRegion> found)
    {
        var written = (region.categories & PAGE_IS_WRITTEN) != 0;
        if ((wanted & PAGE_IS_PRESENT) == 0 || (region.categories & PAGE_IS_PRESENT) != 0)
        {
            found(new PageRegion(region.start, region.end, written));
            return;
        }

        // Not in memory: swapped, or only a mark that protection left where a page of a file was given back.
        PagemapEntries.FindSwapped(pagemap, region.start, region.end, (start, end) => found(new PageRegion(start, end, written)));
    }
}
