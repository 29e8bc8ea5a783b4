namespace ActorMigration.Host.Linux.Tracking;

/// <summary>One pass over one running process: what was written since the last pass goes to the sink.</summary>
internal static class ProcessRound
{
    /// <summary>False when the address space is not the one that was tracked. <paramref name="untracked"/> counts existing pages that only the freeze can send.</summary>
    internal static bool Run(TrackedProcess process, ProcessView view, PageScanner scanner, PageCopier copier, out long untracked)
    {
        var untrackedPages = 0L;
        untracked = 0;
        if (Registration.Register(process, view) is not { } tracked)
        {
            return false;
        }

        copier.Begin(view.Tid, view.Memory, process.Key, process.Versions);
        var owed = new List<OwedRange>();
        for (var i = 0; i < tracked.Length; i++)
        {
            var mapping = view.Mappings[i];
            if (!tracked[i])
            {
                // A count that misses a mapping that goes away meanwhile is good enough; the freeze looks again.
                _ = scanner.FindExisting(view.Pagemap, mapping.Start, mapping.End, mapping.HasFile, region => untrackedPages += Pages(region.Start, region.End));
                continue;
            }

            var (done, errno) = scanner.TakeWritten(view.Pagemap, mapping, region => copier.Add(region.Start, region.End));
            if (errno != 0)
            {
                owed.Add(new OwedRange(done, mapping.End, "PAGEMAP_SCAN", errno));
            }
            else
            {
                owed.AddRange(SendOwed(process, view, mapping, scanner, copier));
            }
        }

        copier.Flush();
        process.Owed = [.. owed, .. copier.Owed];
        untracked = untrackedPages;
        return true;
    }

    /// <summary>Sends what exists of the ranges that earlier rounds owe; what is mapped no more is owed no more.</summary>
    private static IEnumerable<OwedRange> SendOwed(TrackedProcess process, ProcessView view, MemoryMapping mapping, PageScanner scanner, PageCopier copier)
    {
        foreach (var range in process.Owed)
        {
            var start = Math.Max(range.Start, mapping.Start);
            var end = Math.Min(range.End, mapping.End);
            if (start >= end)
            {
                continue;
            }

            var (done, errno) = scanner.FindExisting(view.Pagemap, start, end, mapping.HasFile, region => copier.Add(region.Start, region.End));
            if (errno != 0)
            {
                yield return new OwedRange(done, end, "PAGEMAP_SCAN", errno);
            }
        }
    }

    internal static long Pages(ulong start, ulong end) => (long)((end - start) >> Contracts.Memory.PageSize.Shift);
}
