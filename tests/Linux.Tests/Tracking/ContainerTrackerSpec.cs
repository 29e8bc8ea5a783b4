using ActorMigration.Contracts.Memory;
using ActorMigration.Host.Linux;
using ActorMigration.Host.Linux.Tracking;

namespace ActorMigration.Linux.Tests.Tracking;

/// <summary>Rounds over programs that write all the time, a freeze, and then every page compared with the frozen memory.</summary>
public sealed class ContainerTrackerSpec
{
    internal static readonly TrackingSupport Support = TrackingSupport.Probe();

    [Fact]
    public void This_kernel_supports_tracking() => Assert.Null(Support.WhyNot);

    [Fact]
    public void Threads_that_write_at_random_lose_no_page()
    {
        using var container = new TestContainer("writers", "24", "3");

        Assert.Empty(Migrate(container, rounds: 6, freezes: 3));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1")]
    public void Mappings_that_move_vanish_hide_and_come_from_files_lose_no_page(string huge)
    {
        using var container = new TestContainer("layout", Path.Combine(TargetPrograms.WorkDirectory, "layout.data"), huge);

        Assert.Empty(Migrate(container, rounds: 5, freezes: 10));
    }

    [Fact]
    public void Forks_and_execs_between_rounds_lose_no_page()
    {
        using var container = new TestContainer("family", TargetPrograms.Path("family"));

        Assert.Empty(Migrate(container, rounds: 8, freezes: 6));
    }

    [Fact]
    public void An_exec_is_a_new_generation_and_the_old_one_is_given_up()
    {
        using var container = new TestContainer("family", TargetPrograms.Path("family"));
        using var tracker = new ContainerTracker(container.Processes, TimeProvider.System, Support);
        var recorder = new PageRecorder();

        var round = 0;
        TestContainer.Until(() =>
        {
            tracker.RunRound(round++, recorder, CancellationToken.None);
            return recorder.Ended.Any(key => key.Generation > 0);
        });

        Assert.Equal(recorder.Ended.Distinct().Count(), recorder.Ended.Count);
    }

    [Fact]
    public void A_program_with_a_userfaultfd_of_its_own_is_copied_there_under_the_freeze()
    {
        using var container = new TestContainer("blind", "userfault", TargetPrograms.WorkDirectory);
        using var tracker = new ContainerTracker(container.Processes, TimeProvider.System, Support);
        var recorder = new PageRecorder();

        var result = tracker.RunRound(0, recorder, CancellationToken.None);
        container.Freeze();
        var index = tracker.HarvestFrozen(1, recorder);

        Assert.InRange(result.UntrackedPages, 256, 300);
        Assert.Empty(FrozenMemory.Wrong(index, recorder, container.Processes.Pids()));
    }

    [Fact]
    public void Memory_that_is_sealed_loses_no_page()
    {
        using var container = new TestContainer("sealed");

        Assert.Empty(Migrate(container, rounds: 4, freezes: 4));
    }

    [Fact]
    public void A_32_bit_program_is_tracked()
    {
        using var container = new TestContainer("compat");

        Assert.Empty(Migrate(container, rounds: 4, freezes: 2));
        Assert.Contains(TrackingHazards.Find(container.Processes.Pids()), hazard => hazard.Kind == TrackingHazardKind.Compat32);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Without_tracking_the_freeze_copies_everything(bool hasPagemapScan)
    {
        using var container = new TestContainer("layout", Path.Combine(TargetPrograms.WorkDirectory, "layout.data"), "0");
        using var tracker = new ContainerTracker(container.Processes, TimeProvider.System, Support with { WhyNot = "an older kernel", HasPagemapScan = hasPagemapScan });
        var recorder = new PageRecorder();

        Assert.Throws<NotSupportedException>(() => tracker.RunRound(0, recorder, CancellationToken.None));
        container.Freeze();
        var index = tracker.HarvestFrozen(1, recorder);

        Assert.InRange(index.PageCount, 100, 10000);
        Assert.Empty(FrozenMemory.Wrong(index, recorder, container.Processes.Pids()));
    }

    [Fact]
    public void A_page_that_cannot_be_read_is_sent_in_a_later_round()
    {
        using var container = new TestContainer("writers", "4", "1");
        var memory = new FailingMemory(every: 3);
        using var tracker = new ContainerTracker(container.Processes, TimeProvider.System, Support, memory);
        var recorder = new PageRecorder();

        var first = tracker.RunRound(0, recorder, CancellationToken.None);
        memory.Every = 0;
        var second = tracker.RunRound(1, recorder, CancellationToken.None);
        container.Freeze();
        var index = tracker.HarvestFrozen(2, recorder);

        Assert.Empty(first.Unattached);
        Assert.True(first.OwedRanges > 0);
        Assert.Equal(0, second.OwedRanges);
        Assert.Empty(FrozenMemory.Wrong(index, recorder, container.Processes.Pids()));
    }

    [Fact]
    public void What_is_owed_when_the_container_freezes_is_sent_by_the_harvest()
    {
        using var container = new TestContainer("writers", "4", "1");
        var memory = new FailingMemory(every: 3);
        using var tracker = new ContainerTracker(container.Processes, TimeProvider.System, Support, memory);
        var recorder = new PageRecorder();

        tracker.RunRound(0, recorder, CancellationToken.None);
        memory.Every = 0;
        container.Freeze();
        var index = tracker.HarvestFrozen(1, recorder);

        Assert.Empty(FrozenMemory.Wrong(index, recorder, container.Processes.Pids()));
    }

    [Fact]
    public void A_page_that_cannot_be_read_under_the_freeze_ends_the_attempt_and_names_process_and_range()
    {
        using var container = new TestContainer("writers", "4", "1");
        var memory = new FailingMemory(every: 0);
        using var tracker = new ContainerTracker(container.Processes, TimeProvider.System, Support, memory);
        var recorder = new PageRecorder();

        tracker.RunRound(0, recorder, CancellationToken.None);
        Thread.Sleep(20);
        container.Freeze();
        memory.Every = 1;
        var thrown = Assert.Throws<PagesOwedException>(() => tracker.HarvestFrozen(1, recorder));
        memory.Every = 0;

        Assert.Equal(container.Pid, thrown.Pid);
        Assert.All(thrown.Ranges, range => Assert.Equal(Interop.Errno.EIO, range.Errno));
        Assert.Contains("writers", thrown.Message, StringComparison.Ordinal);

        // After a rollback the rounds go on.
        container.Thaw();
        tracker.RunRound(2, recorder, CancellationToken.None);
        container.Freeze();
        Assert.Empty(FrozenMemory.Wrong(tracker.HarvestFrozen(3, recorder), recorder, container.Processes.Pids()));
    }

    [Fact]
    public void A_vfork_in_flight_at_the_freeze_is_reported_as_passing()
    {
        using var container = new TestContainer("vforks", "200000", TargetPrograms.Path("vforks"));
        using var tracker = new ContainerTracker(container.Processes, TimeProvider.System, Support);
        var recorder = new PageRecorder();

        tracker.RunRound(0, recorder, CancellationToken.None);
        TestContainer.Until(() => container.Processes.Pids().Count == 2);
        container.Freeze();
        var thrown = Assert.Throws<SharedAddressSpaceException>(() => tracker.HarvestFrozen(1, recorder));
        container.Thaw();

        Assert.True(thrown.IsRetryable);
        Assert.Equal([.. container.Processes.Pids().Order()], new[] { thrown.First, thrown.Second });
    }

    [Fact]
    public void Vforks_that_end_between_rounds_lose_no_page()
    {
        using var container = new TestContainer("vforks", "300", TargetPrograms.Path("vforks"));

        Assert.Empty(Migrate(container, rounds: 8, freezes: 5));
    }

    [Fact]
    public void A_round_that_was_cancelled_allows_no_other()
    {
        using var container = new TestContainer("writers", "4", "1");
        using var tracker = new ContainerTracker(container.Processes, TimeProvider.System, Support);
        var recorder = new PageRecorder();
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();

        Assert.Throws<OperationCanceledException>(() => tracker.RunRound(0, recorder, cancelled.Token));

        Assert.Throws<InvalidOperationException>(() => tracker.RunRound(1, recorder, CancellationToken.None));
    }

    /// <summary>Rounds, freeze, harvest, compare, thaw; again, with the same tracker, as after rollbacks. A vfork in flight is waited out.</summary>
    private static List<string> Migrate(TestContainer container, int rounds, int freezes)
    {
        using var tracker = new ContainerTracker(container.Processes, TimeProvider.System, Support);
        var recorder = new PageRecorder();
        var wrong = new List<string>();
        var round = 0;
        for (var freeze = 0; freeze < freezes; freeze++)
        {
            for (var i = 0; i < rounds; i++)
            {
                tracker.RunRound(round++, recorder, CancellationToken.None);
                Thread.Sleep(5);
            }

            container.Freeze();
            FinalIndex? index = null;
            while (index is null)
            {
                try
                {
                    index = tracker.HarvestFrozen(round++, recorder);
                }
                catch (SharedAddressSpaceException e) when (e.IsRetryable)
                {
                    container.Thaw();
                    Thread.Sleep(2);
                    container.Freeze();
                }
            }

            Assert.True(index.PageCount > 10);
            wrong.AddRange(FrozenMemory.Wrong(index, recorder, container.Processes.Pids()));
            container.Thaw();
        }

        return wrong;
    }
}
