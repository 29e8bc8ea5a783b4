using ActorMigration.Contracts.Memory;

namespace ActorMigration.Host.Linux.Tracking;

/// <summary>
/// The last pass, over one frozen process: one scan tells which pages exist and which of them were written. Nothing is
/// protected by it, so after a rollback the rounds go on as if it had not been.
/// </summary>
internal static class ProcessHarvest
{
    /// <summary>
    /// All pages that are to exist, each at the version that the sink has; null when the address space is not the tracked one.
    /// Throws <see cref="PagesOwedException"/> when one could not be sent. <paramref name="settled"/> is told when the mappings have been registered, which joins
    /// neighbours: from then on no border moves.
    /// </summary>
    internal static ProcessPages? Run(TrackedProcess process, ProcessView view, IPageFinder finder, PageCopier copier, Action<int>? settled)
    {
        if (Registration.Register(process, view) is not { } tracked)
        {
            return null;
        }

        settled?.Invoke(process.Pid);
        copier.Begin(view.Tid, view.Memory, process.Key, process.Versions);
        var existing = new RunList();
        var owed = new List<OwedRange>();
        for (var i = 0; i < tracked.Length; i++)
        {
            var (mapping, isTracked) = (view.Mappings[i], tracked[i]);
            var (done, errno) = finder.FindExisting(view.Pagemap, mapping.Start, mapping.End, mapping.HasFile, region =>
            {
                existing.Append(region.Start, region.End);
                if (!isTracked || region.Written)
                {
                    copier.Add(region.Start, region.End);
                }
                else
                {
                    AddWhatWasNotSent(process, region, copier);
                }
            });
            if (errno != 0)
            {
                owed.Add(new OwedRange(done, mapping.End, "PAGEMAP_SCAN", errno));
            }
        }

        copier.Flush();
        owed.AddRange(copier.Owed);
        return owed.Count == 0
            ? new ProcessPages(process.Key, existing.WithVersions(process.Versions))
            : throw new PagesOwedException(process.Key, process.Pid, owed);
    }

    /// <summary>Unwritten since the last scan, but never sent, or owed by a read that failed after its scan.</summary>
    private static void AddWhatWasNotSent(TrackedProcess process, PageRegion region, PageCopier copier)
    {
        for (var address = region.Start; address < region.End;)
        {
            var (end, round) = process.Versions.FirstRun(address, region.End);
            if (round is null)
            {
                copier.Add(address, end);
            }

            address = end;
        }

        foreach (var range in process.Owed)
        {
            copier.Add(Math.Max(range.Start, region.Start), Math.Min(range.End, region.End));
        }
    }
}
