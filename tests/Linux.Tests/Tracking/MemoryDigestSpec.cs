using ActorMigration.Host.Linux.Tracking;

namespace ActorMigration.Linux.Tests.Tracking;

public sealed class MemoryDigestSpec
{
    [Fact]
    public void Digest_changes_when_the_program_writes_and_only_then()
    {
        using var container = new TestContainer("writers", "4", "2");
        var rseq = RseqAreas.Find(container.Pid, TimeProvider.System);
        container.Freeze();

        var first = MemoryDigest.Compute(container.Pid, rseq);
        var again = MemoryDigest.Compute(container.Pid, rseq);
        container.Thaw();
        Thread.Sleep(20);
        container.Freeze();
        var later = MemoryDigest.Compute(container.Pid, rseq);

        Assert.Equal(first, again);
        Assert.NotEqual(first.Sha256, later.Sha256);
        Assert.InRange(first.Pages, 500, 1500);
    }

    [Fact]
    public void Being_tracked_does_not_change_the_digest_of_a_program_that_only_sleeps()
    {
        using var container = new TestContainer("aligned");
        var rseq = RseqAreas.Find(container.Pid, TimeProvider.System);
        container.Freeze();
        var before = MemoryDigest.Compute(container.Pid, rseq);
        container.Thaw();
        using var tracker = new ContainerTracker(container.Processes, TimeProvider.System, ContainerTrackerSpec.Support);

        for (var round = 0; round < 3; round++)
        {
            tracker.RunRound(round, new PageRecorder(), CancellationToken.None);
        }

        container.Freeze();
        Assert.Equal(2, rseq.Count);
        Assert.Equal(before, MemoryDigest.Compute(container.Pid, rseq));
    }
}
