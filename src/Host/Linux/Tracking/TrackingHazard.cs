namespace ActorMigration.Host.Linux.Tracking;

/// <summary>One thing in one process that the memory plane cannot carry unseen.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Pid">Host pid.</param>
/// <param name="Program">Its name.</param>
/// <param name="Descriptor">Number of the descriptor, or null for a mapping or a state.</param>
/// <param name="Detail">Path, link or address range.</param>
/// <param name="Bytes">Size of shared memory; 0 for other kinds.</param>
public sealed record TrackingHazard(TrackingHazardKind Kind, int Pid, string Program, int? Descriptor, string Detail, long Bytes)
{
    /// <summary>One line for the operator.</summary>
    public override string ToString()
        => $"{Kind} in process {Pid} ({Program}){(Descriptor is { } number ? $", descriptor {number}" : "")}: {Detail}{(Bytes > 0 ? $", {Bytes} bytes" : "")}";
}
