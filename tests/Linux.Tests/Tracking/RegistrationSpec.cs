using ActorMigration.Contracts.Memory;
using ActorMigration.Host.Linux;
using ActorMigration.Host.Linux.Tracking;

namespace ActorMigration.Linux.Tests.Tracking;

/// <summary>What is tracked is the mapping that is there now, from the first round to the release.</summary>
public sealed class RegistrationSpec
{
    private const ulong Address = 0x2000_0000_0000;
    private const int Pages = 16;

    [Fact]
    public void A_mapping_that_was_replaced_at_the_same_address_is_sent_by_the_next_round_and_tracked_from_then_on()
    {
        using var container = new TestContainer("replaced");
        using var tracker = new ContainerTracker(container.Processes, TimeProvider.System, ContainerTrackerSpec.Support);
        var recorder = new PageRecorder();
        var key = new ProcessKey(ProcTask.PidInContainer(container.Pid)!.Value, 0);

        tracker.RunRound(0, recorder, CancellationToken.None);
        container.Tell('r', "replaced");
        tracker.RunRound(1, recorder, CancellationToken.None);

        Assert.All(Enumerable.Range(0, Pages), page => Assert.Equal((1, (byte)(101 + page)), At(recorder, key, page)));

        container.Tell('w', "written");
        tracker.RunRound(2, recorder, CancellationToken.None);

        Assert.All(Enumerable.Range(0, Pages), page => Assert.Equal(page == 5 ? (2, 77) : (1, (byte)(101 + page)), At(recorder, key, page)));

        // The harvest as well takes what is there now, and sends what no round has.
        container.Tell('r', "replaced");
        container.Freeze();
        var index = tracker.HarvestFrozen(3, recorder);
        Assert.Empty(FrozenMemory.Wrong(index, recorder, container.Processes.Pids()));
        Assert.Equal((3, (byte)106), At(recorder, key, 5));
    }

    [Fact]
    public async Task A_release_ends_all_tracking_and_allows_no_round()
    {
        using var container = new TestContainer("replaced");
        using var tracker = new ContainerTracker(container.Processes, TimeProvider.System, ContainerTrackerSpec.Support);
        var recorder = new PageRecorder();
        tracker.RunRound(0, recorder, CancellationToken.None);
        Assert.True(IsTracked(container));
        container.Freeze();
        tracker.HarvestFrozen(1, recorder);

        await tracker.ReleaseAsync();

        Assert.False(IsTracked(container));
        Assert.Throws<ObjectDisposedException>(() => tracker.HarvestFrozen(2, recorder));
        Assert.Throws<ObjectDisposedException>(() => tracker.RunRound(2, recorder, CancellationToken.None));
    }

    [Fact]
    public void A_tracker_holds_one_userfaultfd_per_process_and_none_of_a_process_that_has_ended()
    {
        var before = OwnUserfaultfds();
        using var container = new TestContainer("replaced");
        using var tracker = new ContainerTracker(container.Processes, TimeProvider.System, ContainerTrackerSpec.Support);
        var recorder = new PageRecorder();
        var key = new ProcessKey(ProcTask.PidInContainer(container.Pid)!.Value, 0);
        tracker.RunRound(0, recorder, CancellationToken.None);
        tracker.RunRound(1, recorder, CancellationToken.None);
        Assert.Equal(before + 1, OwnUserfaultfds());
        Assert.Empty(recorder.Ended);

        _ = Interop.Kill(container.Pid, Interop.SIGKILL);
        TestContainer.Until(() => container.Processes.Pids().Count == 0);
        tracker.RunRound(2, recorder, CancellationToken.None);

        Assert.Equal(before, OwnUserfaultfds());
        Assert.Equal([key], recorder.Ended);
    }

    private static (int Round, byte First) At(PageRecorder recorder, ProcessKey key, int page)
    {
        var found = recorder.Find(key, Address + ((ulong)page * PageSize.Bytes));
        Assert.NotNull(found);
        return (found.Value.Round, found.Value.Content![0]);
    }

    private static bool IsTracked(TestContainer container)
    {
        using var view = ProcessView.Open(container.Pid, new ProcText());
        return PageScanner.IsRegistered(view!.Pagemap, Address, Address + (Pages * PageSize.Bytes));
    }

    private static int OwnUserfaultfds()
        => DescriptorLinks.Of(Environment.ProcessId).Count(number => DescriptorLinks.IsUserfaultfd($"/proc/self/fd/{number}"));
}
