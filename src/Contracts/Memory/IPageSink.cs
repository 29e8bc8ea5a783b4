namespace ActorMigration.Contracts.Memory;

/// <summary>
/// Where the source's rounds put what they found. Called by one thread, in the order in which the destination must apply it:
/// a later call about a page replaces an earlier one. A call blocks while the link is full; that is the only back-pressure.
/// An exception ends the round and is the caller's to handle; nothing about the range is then taken as sent.
///
/// Pages that a process gave up (munmap, MADV_DONTNEED) are not reported: the <see cref="FinalIndex"/> decides which pages
/// exist and at which version, so an older version that a store still holds is never looked at.
/// </summary>
public interface IPageSink
{
    /// <summary>Most bytes of one <see cref="Pages"/> call: the read buffer of a round, and the payload limit of a frame.</summary>
    const int MaxRunBytes = 1 << 20;

    /// <summary>Content of consecutive pages. The span is only valid during the call.</summary>
    /// <param name="process">The address space.</param>
    /// <param name="address">Of the first page; a multiple of <see cref="PageSize.Bytes"/>.</param>
    /// <param name="pages">Whole pages, at most <see cref="MaxRunBytes"/>.</param>
    /// <param name="round">The version of these pages.</param>
    void Pages(ProcessKey process, ulong address, ReadOnlySpan<byte> pages, int round);

    /// <summary>Consecutive pages that exist and hold only zeros.</summary>
    void Zero(ProcessKey process, ulong address, long pageCount, int round);

    /// <summary>The address space is gone (exit or exec): what was sent of it may be dropped.</summary>
    void Gone(ProcessKey process);
}
