using System.Collections.Immutable;

namespace ActorMigration.Contracts.Memory;

/// <summary>All pages of one address space that are to exist at the destination, with the version of each.</summary>
/// <param name="Process">The generation that was alive at the freeze.</param>
/// <param name="Runs">Ascending, not overlapping, neighbours of one round merged.</param>
public sealed record ProcessPages(ProcessKey Process, ImmutableArray<PageRun> Runs)
{
    /// <summary>Pages in all runs.</summary>
    public long PageCount => Runs.Sum(run => run.PageCount);

    /// <summary>The round that last sent the page at <paramref name="address"/>, or null where no page is to exist.</summary>
    public int? RoundOf(ulong address)
    {
        int low = 0, high = Runs.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var run = Runs[middle];
            if (address < run.Address)
            {
                high = middle - 1;
            }
            else if (address >= run.End)
            {
                low = middle + 1;
            }
            else
            {
                return run.Round;
            }
        }

        return null;
    }

    public bool Equals(ProcessPages? other)
        => other is not null && Process == other.Process && Runs.AsSpan().SequenceEqual(other.Runs.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Process, Runs.Length);
}
