namespace ActorMigration.Contracts.Memory;

/// <summary>
/// One address space of a migrating container. The source counts the generations: exec keeps the pid but is a new address
/// space, and a pid may be used again, so pages of an older generation must never answer for a newer one.
/// </summary>
/// <param name="PidInContainer">The pid inside the container: the name that CRIU gives the process in its images (dst_id).</param>
/// <param name="Generation">0 for the first address space that was seen under this pid, then 1, 2, …</param>
public readonly record struct ProcessKey(int PidInContainer, int Generation) : IComparable<ProcessKey>
{
    public int CompareTo(ProcessKey other)
        => PidInContainer != other.PidInContainer
            ? PidInContainer.CompareTo(other.PidInContainer)
            : Generation.CompareTo(other.Generation);

    public static bool operator <(ProcessKey left, ProcessKey right) => left.CompareTo(right) < 0;

    public static bool operator >(ProcessKey left, ProcessKey right) => left.CompareTo(right) > 0;

    public static bool operator <=(ProcessKey left, ProcessKey right) => left.CompareTo(right) <= 0;

    public static bool operator >=(ProcessKey left, ProcessKey right) => left.CompareTo(right) >= 0;

    /// <summary>Form used in logs and file names, for example 7.0.</summary>
    public override string ToString() => $"{PidInContainer}.{Generation}";
}
