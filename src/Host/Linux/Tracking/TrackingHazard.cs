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
    /// <summary>What the operator reads of one that refuses a container.</summary>
    public string Sentence
        => $"process {Pid} ({Program}) {Kind switch
        {
            TrackingHazardKind.DirectIo => $"has {Detail} open with O_DIRECT, which writes memory where nobody can see it",
            TrackingHazardKind.AioRing => $"does asynchronous I/O (aio ring at {Detail}), which writes memory where nobody can see it",
            TrackingHazardKind.IoUring => "has an io_uring instance, which CRIU cannot dump",
            TrackingHazardKind.Userfaultfd => "has a userfaultfd of its own, which CRIU cannot dump",
            TrackingHazardKind.Compat32 => $"is a 32-bit program ({Detail}), which cannot be carried",
            TrackingHazardKind.Traced => $"is held by a debugger ({Detail})",
            _ => $"has {Kind} ({Detail}, {Bytes} bytes)",
        }}{(Descriptor is { } number ? $" (descriptor {number})" : "")}";
}
