using ActorMigration.Contracts.Memory;
using ActorMigration.Host.Linux.Criu.Images;

namespace ActorMigration.Host.Linux.Store;

/// <summary>What is wrong with the first page that is wrong.</summary>
public enum StoreDifference
{
    /// <summary>CRIU restores a process of which the index has no page.</summary>
    ProcessNotInIndex = 1,

    /// <summary>The index has a process that CRIU does not restore.</summary>
    ProcessNotRestored = 2,

    /// <summary>The index has a page that never arrived.</summary>
    PageMissing = 3,

    /// <summary>The stored page is of another round than the index says.</summary>
    OtherRound = 4,

    /// <summary>CRIU expects the pager to bring a page that is not in the index.</summary>
    LazyPageNotInIndex = 5,

    /// <summary>CRIU wants pages from an earlier dump, and there is none.</summary>
    PageInParent = 6,

    /// <summary>The index has a page with content that CRIU does not restore: it would come up as zeros.</summary>
    PageNotRestored = 7,
}

/// <summary>Outcome of <see cref="StoreCheck"/>.</summary>
public abstract record StoreCheckResult
{
    private StoreCheckResult()
    {
    }

    /// <summary>Every page is there at its last version.</summary>
    /// <param name="LazyPages">Pages that the pager brings.</param>
    /// <param name="EagerPages">Pages that CRIU brings itself (stacks, file-private).</param>
    /// <param name="NotRestoredPages">Pages of zeros in the index that CRIU does not name: they come up as zeros by themselves.</param>
    public sealed record Complete(long LazyPages, long EagerPages, long NotRestoredPages) : StoreCheckResult;

    /// <summary>The first difference; the destination must not propose that it runs the container.</summary>
    /// <param name="What">The rule that is broken.</param>
    /// <param name="Pid">Inside the container.</param>
    /// <param name="Address">Of the page, or 0 when it concerns the whole process.</param>
    /// <param name="IndexRound">Round by the index, or -1.</param>
    /// <param name="StoredRound">Round in the store, or -1.</param>
    public sealed record Different(StoreDifference What, int Pid, ulong Address, int IndexRound, int StoredRound) : StoreCheckResult
    {
        public override string ToString()
            => $"{What}: process {Pid}, page 0x{Address:x}, round by the index {IndexRound}, in the store {StoredRound}";
    }
}

/// <summary>
/// Compares versions, not existence: the index that the source made under the freeze, what the store holds, and what CRIU will
/// ask for. Run at the gate before the destination proposes DEST. Changes nothing.
/// </summary>
public static class StoreCheck
{
    public static StoreCheckResult Compare(FinalIndex index, PageStore store, IReadOnlyDictionary<int, PagemapImage> pagemaps)
        => Compare(index, store.VersionsOf, pagemaps);

    internal static StoreCheckResult Compare(FinalIndex index, Func<ProcessKey, PageVersions?> versions, IReadOnlyDictionary<int, PagemapImage> pagemaps)
    {
        long lazy = 0, eager = 0, notRestored = 0;
        foreach (var pid in pagemaps.Keys.Order())
        {
            if (index.Find(pid) is null && pagemaps[pid].LazyPages > 0)
            {
                return Differs(StoreDifference.ProcessNotInIndex, pid, 0);
            }
        }

        foreach (var process in index.Processes)
        {
            var pid = process.Process.PidInContainer;
            if (!pagemaps.TryGetValue(pid, out var pagemap))
            {
                return Differs(StoreDifference.ProcessNotRestored, pid, 0);
            }

            var difference = CompareStore(process, versions(process.Process)) ?? ComparePagemap(process, pagemap, ref lazy, ref eager);
            if (difference is not null)
            {
                return difference;
            }

            var missing = process.PageCount - Overlap(process.Runs, pagemap.Entries);
            notRestored += missing;
            if (missing > 0 && FirstLost(process, pagemap.Entries, versions(process.Process)) is { } lost)
            {
                return lost;
            }
        }

        return new StoreCheckResult.Complete(lazy, eager, notRestored);
    }

    private static StoreCheckResult.Different? CompareStore(ProcessPages process, PageVersions? stored)
    {
        foreach (var run in process.Runs)
        {
            var address = stored is null ? run.Address : stored.FirstOther(run.Address, run.PageCount, run.Round);
            if (address is { } wrong)
            {
                return stored?.Find(wrong) is { } version
                    ? Differs(StoreDifference.OtherRound, process.Process.PidInContainer, wrong, run.Round, version.Round)
                    : Differs(StoreDifference.PageMissing, process.Process.PidInContainer, wrong, run.Round);
            }
        }

        return null;
    }

    private static StoreCheckResult.Different? ComparePagemap(ProcessPages process, PagemapImage pagemap, ref long lazy, ref long eager)
    {
        var next = 0;
        foreach (var entry in pagemap.Entries)
        {
            if (entry.Flags.HasFlag(PagemapFlags.Parent))
            {
                return Differs(StoreDifference.PageInParent, pagemap.Pid, entry.Address);
            }

            if (!entry.IsLazy)
            {
                eager += entry.PageCount;
                continue;
            }

            lazy += entry.PageCount;
            for (var address = entry.Address; address < entry.End;)
            {
                while (next < process.Runs.Length && process.Runs[next].End <= address)
                {
                    next++;
                }

                if (next == process.Runs.Length || process.Runs[next].Address > address)
                {
                    return Differs(StoreDifference.LazyPageNotInIndex, pagemap.Pid, address);
                }

                address = process.Runs[next].End;
            }
        }

        return null;
    }

    /// <summary>The first page of the index that is not in <paramref name="entries"/> and has content in the store. Rare enough to be looked for page by page.</summary>
    private static StoreCheckResult.Different? FirstLost(ProcessPages process, IReadOnlyList<PagemapEntry> entries, PageVersions? stored)
    {
        var next = 0;
        foreach (var run in process.Runs)
        {
            for (var address = run.Address; address < run.End; address += PageSize.Bytes)
            {
                while (next < entries.Count && entries[next].End <= address)
                {
                    next++;
                }

                var isNamed = next < entries.Count && entries[next].Address <= address;
                if (!isNamed && stored?.Find(address) is { IsZero: false } version)
                {
                    return Differs(StoreDifference.PageNotRestored, process.Process.PidInContainer, address, run.Round, version.Round);
                }
            }
        }

        return null;
    }

    /// <summary>Pages that are in both lists; both ascend.</summary>
    private static long Overlap(IReadOnlyList<PageRun> runs, IReadOnlyList<PagemapEntry> entries)
    {
        long pages = 0;
        for (int i = 0, j = 0; i < runs.Count && j < entries.Count;)
        {
            var start = Math.Max(runs[i].Address, entries[j].Address);
            var end = Math.Min(runs[i].End, entries[j].End);
            if (start < end)
            {
                pages += (long)((end - start) >> PageSize.Shift);
            }

            _ = runs[i].End <= entries[j].End ? i++ : j++;
        }

        return pages;
    }

    private static StoreCheckResult.Different Differs(StoreDifference what, int pid, ulong address, int indexRound = -1, int storedRound = -1)
        => new(what, pid, address, indexRound, storedRound);
}
