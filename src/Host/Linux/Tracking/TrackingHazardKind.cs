namespace ActorMigration.Host.Linux.Tracking;

/// <summary>What the rounds cannot see or CRIU cannot carry. What is done about each kind is the preflight's decision.</summary>
public enum TrackingHazardKind
{
    /// <summary>Reads with O_DIRECT write memory by DMA, past every page table: the pages look unwritten.</summary>
    DirectIo,

    /// <summary>A libaio ring: as O_DIRECT, and CRIU carries it only idle.</summary>
    AioRing,

    /// <summary>io_uring: registered buffers are written by DMA, and CRIU cannot dump it.</summary>
    IoUring,

    /// <summary>A userfaultfd of the program's own: CRIU cannot dump it; its mappings cannot be tracked.</summary>
    Userfaultfd,

    /// <summary>A file mapped shared and writable: its times do not change with its content, so the file plane must compare content.</summary>
    SharedWritableFile,

    /// <summary>Shared anonymous memory, System V memory or a memfd: CRIU carries it in the stop, so its size counts in the downtime.</summary>
    SharedMemory,

    /// <summary>A 32-bit program.</summary>
    Compat32,

    /// <summary>Traced by a debugger or its like: neither we nor CRIU can attach.</summary>
    Traced,
}
