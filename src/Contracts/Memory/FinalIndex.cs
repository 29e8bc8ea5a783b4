using System.Collections.Immutable;

namespace ActorMigration.Contracts.Memory;

/// <summary>
/// What memory is to be at the destination: made by the source under the freeze, signed as part of the manifest, compared by
/// the destination page by page with its store and with CRIU's pagemap images before it proposes that it runs the container.
/// A page that is not in it does not exist, whatever a store holds; a page in it is right only at its round.
/// The byte form (<see cref="FinalIndexEncoding"/>) is canonical: equal indexes have equal bytes.
/// </summary>
public sealed record FinalIndex
{
    /// <summary>Most processes: far above what CRIU restores in reasonable time; a container of more is refused.</summary>
    public const int MaxProcesses = 32768;

    /// <summary>Most runs over all processes: 64 Mi, that is every second page of 512 GiB.</summary>
    public const int MaxRuns = 64 << 20;

    /// <summary>Highest round number, so that a version fits 16 bits per page at both ends.</summary>
    public const int MaxRound = ushort.MaxValue - 1;

    /// <summary>End of user addresses with five-level page tables: no run may reach beyond it.</summary>
    public const ulong AddressLimit = 1UL << 56;

    /// <summary>Takes processes in any order; throws <see cref="FinalIndexFormatException"/> for what could not be encoded.</summary>
    public FinalIndex(IEnumerable<ProcessPages> processes)
    {
        Processes = [.. processes.OrderBy(process => process.Process)];
        Validate();
    }

    /// <summary>Ascending by pid; one generation per pid.</summary>
    public ImmutableArray<ProcessPages> Processes { get; }

    /// <summary>Pages of all processes.</summary>
    public long PageCount => Processes.Sum(process => process.PageCount);

    /// <summary>The pages of one pid, or null when no such process was alive at the freeze.</summary>
    public ProcessPages? Find(int pidInContainer)
    {
        foreach (var process in Processes)
        {
            if (process.Process.PidInContainer == pidInContainer)
            {
                return process;
            }
        }

        return null;
    }

    public bool Equals(FinalIndex? other)
        => other is not null && Processes.AsSpan().SequenceEqual(other.Processes.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Processes.Length, PageCount);

    private void Validate()
    {
        if (Processes.Length > MaxProcesses)
        {
            throw new FinalIndexFormatException($"{Processes.Length} processes are more than the {MaxProcesses} that an index may hold");
        }

        var runs = 0L;
        var previousPid = 0;
        foreach (var process in Processes)
        {
            var key = process.Process;
            if (key.PidInContainer <= previousPid || key.Generation < 0)
            {
                throw new FinalIndexFormatException($"process {key} is not positive or follows pid {previousPid}: one generation per pid, ascending");
            }

            previousPid = key.PidInContainer;
            runs += process.Runs.Length;
            ValidateRuns(process);
        }

        if (runs > MaxRuns)
        {
            throw new FinalIndexFormatException($"{runs} runs are more than the {MaxRuns} that an index may hold");
        }
    }

    private static void ValidateRuns(ProcessPages process)
    {
        var end = 0UL;
        var round = -1;
        foreach (var run in process.Runs)
        {
            var fits = run.Address % PageSize.Bytes == 0 && run.Address < AddressLimit && run.PageCount > 0
                && (ulong)run.PageCount <= (AddressLimit - run.Address) >> PageSize.Shift;
            if (!fits || run.Round is < 0 or > MaxRound)
            {
                throw new FinalIndexFormatException($"process {process.Process}: {run} is not a run of whole pages below 0x{AddressLimit:x} with a round up to {MaxRound}");
            }

            if (run.Address < end || (run.Address == end && run.Round == round))
            {
                throw new FinalIndexFormatException($"process {process.Process}: {run} overlaps the run before it or ought to be merged with it");
            }

            end = run.End;
            round = run.Round;
        }
    }
}
