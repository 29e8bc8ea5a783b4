namespace ActorMigration.Host.Linux.Pager;

/// <summary>Pages and events of one fill.</summary>
internal sealed class FillCounters
{
    /// <summary>Pages that were missing when their address space came, forked children counted anew.</summary>
    internal long Total { get; set; }

    /// <summary>Pages that are in.</summary>
    internal long Filled { get; set; }

    /// <summary>Pages that their program unmapped, discarded or took along into its end.</summary>
    internal long Discarded { get; set; }

    /// <summary>Pages for which no mapping was left and no event came.</summary>
    internal long Unmapped { get; set; }

    /// <summary>Faults that were read.</summary>
    internal long Faults { get; set; }

    /// <summary>Faults answered with a zero page because nothing was missing there.</summary>
    internal long ZeroFaults { get; set; }

    /// <summary>Children that were forked meanwhile.</summary>
    internal long Forks { get; set; }
}
