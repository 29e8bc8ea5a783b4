namespace ActorMigration.Host.Linux.Tracking;

/// <summary>What one round did; the convergence policy decides by it.</summary>
public sealed record RoundResult
{
    public required int Round { get; init; }

    /// <summary>Address spaces that are tracked, and those that are not yet (see <see cref="Unattached"/>).</summary>
    public required int Processes { get; init; }

    /// <summary>Pages whose content was given to the sink.</summary>
    public required long ContentPages { get; init; }

    /// <summary>Pages that were given to the sink as zero ranges.</summary>
    public required long ZeroPages { get; init; }

    /// <summary>
    /// Pages that exist where nothing can be tracked (an unattached process, a mapping with the program's own userfaultfd). They
    /// are sent once, under the freeze, so they count in the predicted downtime and not in the rounds.
    /// </summary>
    public required long UntrackedPages { get; init; }

    /// <summary>Ranges that a later round or the freeze must send.</summary>
    public required int OwedRanges { get; init; }

    /// <summary>Processes without tracking, with the reason.</summary>
    public required IReadOnlyList<AttachException> Unattached { get; init; }

    /// <summary>Time in registration and scans.</summary>
    public required TimeSpan Scan { get; init; }

    /// <summary>Time in reads and in the sink, that is also waiting for the link.</summary>
    public required TimeSpan Copy { get; init; }

    /// <summary>Time in attaches, most of it before and after the stop.</summary>
    public required TimeSpan Attach { get; init; }

    /// <summary>Longest time for which this round held a process still.</summary>
    public required TimeSpan LongestStop { get; init; }

    /// <summary>Bytes of content given to the sink.</summary>
    public long Bytes => ContentPages << Contracts.Memory.PageSize.Shift;

    /// <summary>All pages given to the sink.</summary>
    public long Pages => ContentPages + ZeroPages;
}
