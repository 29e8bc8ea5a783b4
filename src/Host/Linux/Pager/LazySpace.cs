using ActorMigration.Contracts.Memory;
using Microsoft.Win32.SafeHandles;
using static ActorMigration.Host.Linux.Interop.LazyFault;

namespace ActorMigration.Host.Linux.Pager;

/// <summary>How an attempt to put pages into an address space ended.</summary>
internal enum PutResult
{
    /// <summary>Some or all are in.</summary>
    Done,

    /// <summary>The layout is changing: read the events first, then decide anew. Never repeat the same decision.</summary>
    Changing,

    /// <summary>The first page is present already.</summary>
    Present,

    /// <summary>No single registered mapping covers the piece.</summary>
    NoMapping,

    /// <summary>The address space is gone.</summary>
    Gone,

    /// <summary>No memory within the container's limit; tried again later, the task waits meanwhile.</summary>
    NoMemory,
}

/// <summary>One restored address space: its userfaultfd, what it misses, and where the content is.</summary>
internal sealed unsafe class LazySpace(uint id, SafeFileHandle userfault, StoredPages source, LazyRanges missing, LazyRanges fromImages, int hostPid) : IDisposable
{
    /// <summary>Number in the event log.</summary>
    internal uint Id { get; } = id;

    internal SafeFileHandle Userfault { get; } = userfault;

    internal StoredPages Source { get; } = source;

    internal LazyRanges Missing { get; } = missing;

    /// <summary>
    /// Where all memory from the images is now, filled or not: what a successor will take for missing, since fills are not in
    /// the log. An event about any of it has to stay there, or the successor would put back what the program discarded after
    /// it had been filled.
    /// </summary>
    internal LazyRanges FromImages { get; } = fromImages;

    /// <summary>Pid as this process sees it; 0 for a forked child, whose pid no event tells.</summary>
    internal int HostPid { get; } = hostPid;

    /// <summary>Where the fill goes on: behind the last fault, since programs mostly go upwards.</summary>
    internal ulong Cursor { get; set; }

    /// <summary>A page that was put in; 0 before the first.</summary>
    internal ulong LastPut { get; set; }

    /// <summary>True once disposed.</summary>
    internal bool IsGone { get; private set; }

    /// <summary>Filled and not yet punched.</summary>
    internal PunchBehind Punch { get; } = new(source, hostPid);

    internal int Descriptor => (int)Userfault.DangerousGetHandle();

    /// <summary>UFFDIO_COPY of <paramref name="length"/> bytes; <paramref name="put"/> says how many are in.</summary>
    internal PutResult Copy(ulong address, byte* content, ulong length, out ulong put)
    {
        var copy = new uffdio_copy { dst = address, src = (ulong)content, len = length };
        var result = Interop.IoCtl(Userfault, UFFDIO_COPY, &copy);
        return Judge(result, copy.copy, length, "UFFDIO_COPY", address, out put);
    }

    /// <summary>UFFDIO_ZEROPAGE, for pages that read as zero by the source's word and for memory that was never in the images.</summary>
    internal PutResult Zero(ulong address, ulong length, out ulong put)
    {
        var zero = new uffdio_zeropage { start = address, len = length };
        var result = Interop.IoCtl(Userfault, UFFDIO_ZEROPAGE, &zero);
        return Judge(result, zero.zeropage, length, "UFFDIO_ZEROPAGE", address, out put);
    }

    /// <summary>
    /// True when no munmap, mremap, madvise or fork of this address space is under way or has an unread event. Asked after an
    /// ENOENT that may only mean "moved, and the event comes": the kernel counts such changes from before the layout changes
    /// until their event is read, and answers EAGAIN meanwhile, but only for an address that has a mapping: a page that is in.
    /// </summary>
    internal bool IsLayoutStable() => LastPut != 0 && Zero(LastPut, PageSize.Bytes, out _) is (PutResult.Present or PutResult.Done);

    /// <summary>Wakes who waits in the range: they fault again or go on.</summary>
    internal void Wake(ulong address, ulong length)
    {
        var range = new uffdio_range { start = address, len = length };
        if (Interop.IoCtl(Userfault, UFFDIO_WAKE, &range) != 0)
        {
            throw LinuxException.FromLastError("UFFDIO_WAKE", $"address space {Id} at 0x{address:x}");
        }
    }

    public void Dispose()
    {
        IsGone = true;
        Userfault.Dispose();
        Source.Users--;
    }

    /// <summary>The kernel says: bytes done, or -errno; and EAGAIN both for "part of it" and for "the layout is changing".</summary>
    private PutResult Judge(int result, long done, ulong length, string call, ulong address, out ulong put)
    {
        put = result == 0 ? length : done > 0 ? (ulong)done : 0;
        if (put > 0)
        {
            return PutResult.Done;
        }

        var failure = LinuxException.FromLastError(call, $"address space {Id} at 0x{address:x}");
        return failure.Errno switch
        {
            Interop.Errno.EAGAIN => PutResult.Changing,
            Interop.Errno.EEXIST => PutResult.Present,
            Interop.Errno.ENOENT => PutResult.NoMapping,
            Interop.Errno.ESRCH => PutResult.Gone,
            Interop.Errno.ENOMEM => PutResult.NoMemory,
            _ => throw failure,
        };
    }
}
