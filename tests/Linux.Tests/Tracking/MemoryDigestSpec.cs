using ActorMigration.Host.Linux.Tracking;

namespace ActorMigration.Linux.Tests.Tracking;

public sealed class MemoryDigestSpec
{
    [Fact]
    public void A_thread_that_does_not_stop_in_time_is_asked_again_and_one_that_is_traced_is_not()
    {
        var asked = 0;

        Assert.Equal([7UL], RseqAreas.Retried(() => ++asked < 3 ? throw new AttachException(AttachFailure.Deadline, 1, "busy") : [7UL]));
        Assert.Equal(3, asked);
        Assert.Throws<AttachException>(() => RseqAreas.Retried(() => ++asked > 0 ? throw new AttachException(AttachFailure.Traced, 1, "debugger") : []));
        Assert.Equal(4, asked);
    }

    [Fact]
    public void Digest_changes_when_the_program_writes_and_only_then()
    {
        using var container = new TestContainer("writers", "4", "2");
        var rseq = RseqAreas.Find(container.Pid, TimeProvider.System);
        container.Freeze();

        var first = MemoryDigest.Compute(container.Pid, rseq);
        var again = MemoryDigest.Compute(container.Pid, rseq);
        Assert.Equal(first, again);
        // A busy machine may not let the program run at once.
        TestContainer.Until(() =>
        {
            container.Thaw();
            Thread.Sleep(20);
            container.Freeze();
            return MemoryDigest.Compute(container.Pid, rseq).Sha256 != first.Sha256;
        });
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
