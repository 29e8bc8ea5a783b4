using System.Runtime.InteropServices;
using ActorMigration.Contracts.Memory;
using Microsoft.Win32.SafeHandles;
using static ActorMigration.Host.Linux.Interop.PagemapScan;

namespace ActorMigration.Host.Linux.Tracking;

/// <summary>
/// Finds existing pages from the 64-bit entries of /proc/PID/pagemap, for kernels without PAGEMAP_SCAN. The rule for the zero
/// page is CRIU's on such kernels: the frame number of the one small zero page.
/// </summary>
internal sealed unsafe class PagemapEntries : IPageFinder
{
    /// <summary>Entries per read: one page of them, covering 2 MiB.</summary>
    private const int BufferEntries = 512;

    private readonly ulong _zeroFrame = ZeroFrame();

    public (ulong Done, int Errno) FindExisting(SafeFileHandle pagemap, ulong start, ulong end, bool hasFile, Action<PageRegion> found)
        => Walk(pagemap, start, end, entry => Exists(entry, hasFile), (from, to) => found(new PageRegion(from, to, Written: true)));

    /// <summary>Pages of [start, end) that are really swapped: their entries name a swap area, not a marker without a page.</summary>
    internal static void FindSwapped(SafeFileHandle pagemap, ulong start, ulong end, Action<ulong, ulong> found)
    {
        var (_, errno) = Walk(pagemap, start, end, entry => (entry & PM_SWAP) == 0 || !IsMarker(entry), found);
        if (errno != 0)
        {
            throw new LinuxException("pread", $"pagemap at 0x{start:x}", errno);
        }
    }

    /// <summary>True for an entry that stands where a page was given back or guarded: there is nothing to read.</summary>
    internal static bool IsMarker(ulong entry)
        => (entry & PM_GUARD_REGION) != 0 || ((entry & PM_SWAP) != 0 && (entry & SWAP_TYPE_MASK) == SWP_PTE_MARKER);

    /// <summary>Calls <paramref name="found"/> for each longest part of [start, end) whose entries satisfy <paramref name="wanted"/>.</summary>
    internal static (ulong Done, int Errno) Walk(SafeFileHandle pagemap, ulong start, ulong end, Func<ulong, bool> wanted, Action<ulong, ulong> found)
    {
        var entries = stackalloc ulong[BufferEntries];
        ulong? begin = null;
        for (var position = start; position < end;)
        {
            var count = (int)Math.Min(BufferEntries, (end - position) >> PageSize.Shift);

            // SAFETY: the buffer holds BufferEntries entries and count is not more.
            var bytes = Interop.PRead(pagemap, (byte*)entries, (nuint)(count * sizeof(ulong)), (long)(position >> PageSize.Shift) * sizeof(ulong));
            if (bytes < sizeof(ulong))
            {
                return (begin ?? position, bytes < 0 ? Marshal.GetLastPInvokeError() : Interop.Errno.ESRCH);
            }

            for (var i = 0; i < (int)bytes / sizeof(ulong); i++, position += PageSize.Bytes)
            {
                if (wanted(entries[i]))
                {
                    begin ??= position;
                }
                else if (begin is { } from)
                {
                    found(from, position);
                    begin = null;
                }
            }
        }

        if (begin is { } last)
        {
            found(last, end);
        }

        return (end, 0);
    }

    public void Dispose()
    {
        // Nothing is held between calls.
    }

    private bool Exists(ulong entry, bool hasFile)
        => (entry & (PM_PRESENT | PM_SWAP)) != 0 && !IsMarker(entry) && !(hasFile && (entry & PM_FILE) != 0)
            && !((entry & PM_PRESENT) != 0 && (entry & PM_PFRAME_MASK) == _zeroFrame);

    /// <summary>Reads a page of our own that was never written: it is the zero page.</summary>
    private static ulong ZeroFrame()
    {
        var page = Interop.MMap(0, PageSize.Bytes, Interop.PROT_READ, Interop.MAP_PRIVATE | Interop.MAP_ANONYMOUS, -1, 0);
        if (page == Interop.MAP_FAILED)
        {
            throw LinuxException.FromLastError("mmap", "a page of our own");
        }

        try
        {
            // SAFETY: the page was mapped readable above.
            _ = Volatile.Read(ref *(byte*)page);
            using var pagemap = Interop.Open("/proc/self/pagemap", Interop.O_RDONLY | Interop.O_CLOEXEC);
            ulong entry;
            if (pagemap.IsInvalid || Interop.PRead(pagemap, (byte*)&entry, sizeof(ulong), (page >> PageSize.Shift) * sizeof(ulong)) != sizeof(ulong))
            {
                throw LinuxException.FromLastError("pread", "/proc/self/pagemap");
            }

            var frame = entry & PM_PFRAME_MASK;
            return frame != 0 ? frame : throw new LinuxException("pread", "/proc/self/pagemap (frame numbers need CAP_SYS_ADMIN)", Interop.Errno.EPERM);
        }
        finally
        {
            _ = Interop.MUnmap(page, PageSize.Bytes);
        }
    }
}
