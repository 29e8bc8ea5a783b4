using System.Runtime.InteropServices;

namespace ActorMigration.Host.Linux;

/// <summary>PAGEMAP_SCAN, Linux 6.7, and the entries of /proc/PID/pagemap. Names and values from include/uapi/linux/fs.h and fs/proc/task_mmu.c.</summary>
internal static partial class Interop
{
    internal static class PagemapScan
    {
        // _IOWR('f', 16, struct pm_scan_arg), where sizeof(struct pm_scan_arg) is 96.
        internal const nuint PAGEMAP_SCAN = 0xC060_6610;

        /// <summary>
        /// Protects what matched. PM_SCAN_CHECK_WPASYNC (2) is not here on purpose: over a range with an unregistered part it
        /// protects the first part and then fails without a count, and those writes are lost.
        /// </summary>
        internal const ulong PM_SCAN_WP_MATCHING = 1;

        internal const ulong PAGE_IS_WPALLOWED = 1 << 0;
        internal const ulong PAGE_IS_WRITTEN = 1 << 1;
        internal const ulong PAGE_IS_FILE = 1 << 2;
        internal const ulong PAGE_IS_PRESENT = 1 << 3;
        internal const ulong PAGE_IS_SWAPPED = 1 << 4;
        internal const ulong PAGE_IS_PFNZERO = 1 << 5;

        /// <summary>Linux 6.15; older kernels answer EINVAL to it.</summary>
        internal const ulong PAGE_IS_GUARD = 1 << 8;

        // Bits of a 64-bit entry of /proc/PID/pagemap.
        internal const ulong PM_PRESENT = 1UL << 63;
        internal const ulong PM_SWAP = 1UL << 62;
        internal const ulong PM_FILE = 1UL << 61;
        internal const ulong PM_GUARD_REGION = 1UL << 58;
        internal const ulong PM_PFRAME_MASK = (1UL << 55) - 1;

        /// <summary>Low bits of the frame of a PM_SWAP entry: the swap type. The last type is no swap but a marker without a page.</summary>
        internal const ulong SWAP_TYPE_MASK = 31;
        internal const ulong SWP_PTE_MARKER = 31;

        [StructLayout(LayoutKind.Sequential)]
        internal struct page_region
        {
            internal ulong start, end, categories;
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct pm_scan_arg
        {
            internal ulong size, flags, start, end, walk_end, vec, vec_len, max_pages;
            internal ulong category_inverted, category_mask, category_anyof_mask, return_mask;
        }
    }
}
