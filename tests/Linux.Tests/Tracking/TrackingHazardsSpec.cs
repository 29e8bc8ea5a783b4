using ActorMigration.Host.Linux.Tracking;

namespace ActorMigration.Linux.Tests.Tracking;

public sealed class TrackingHazardsSpec
{
    [Theory]
    [InlineData("direct", TrackingHazardKind.DirectIo)]
    [InlineData("aio", TrackingHazardKind.AioRing)]
    [InlineData("uring", TrackingHazardKind.IoUring)]
    [InlineData("userfault", TrackingHazardKind.Userfaultfd)]
    [InlineData("shared-file", TrackingHazardKind.SharedWritableFile)]
    [InlineData("shared-memory", TrackingHazardKind.SharedMemory)]
    [InlineData("memfd", TrackingHazardKind.SharedMemory)]
    [InlineData("sealed", TrackingHazardKind.SharedMemory)]
    [InlineData("traced", TrackingHazardKind.Traced)]
    public void What_tracking_cannot_see_is_found_and_named(string what, TrackingHazardKind kind)
    {
        using var container = new TestContainer("blind", what, TargetPrograms.WorkDirectory);

        var hazard = Assert.Single(TrackingHazards.Find(container.Processes.Pids()));

        Assert.Equal(kind, hazard.Kind);
        Assert.Equal("blind", hazard.Program);
        Assert.Contains(hazard.Pid, container.Processes.Pids());
        Assert.Equal(what switch { "memfd" or "sealed" => 3 << 20, "shared-memory" => 2 << 20, "shared-file" => 1 << 20, _ => 0 }, hazard.Bytes);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("packets")]
    [InlineData("shared-read")]
    public void Ordinary_programs_have_no_hazard(string what)
    {
        using var container = new TestContainer("blind", what, TargetPrograms.WorkDirectory);

        Assert.Empty(TrackingHazards.Find(container.Processes.Pids()));
    }
}
