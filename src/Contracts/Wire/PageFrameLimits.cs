using ActorMigration.Contracts.Memory;

namespace ActorMigration.Contracts.Wire;

/// <summary>Bounds of the page stream. A peer that goes beyond one is refused before anything is allocated for it.</summary>
public static class PageFrameLimits
{
    /// <summary>Bytes of page content in one frame: large enough that per-frame work vanishes, small against the credit window.</summary>
    public const int MaxDataBytes = IPageSink.MaxRunBytes;

    /// <summary>Runs in one frame: 256 data runs of one page fill it; zero and gone runs have no data and may be more.</summary>
    public const int MaxRuns = 2048;

    /// <summary>Bytes of the largest frame.</summary>
    public const int MaxFrameBytes = PageFrameHeader.Size + (MaxRuns * FrameRun.Size) + MaxDataBytes;

    /// <summary>Highest pid the kernel gives out (PID_MAX_LIMIT).</summary>
    public const int MaxPid = 1 << 22;
}
