using ActorMigration.Actors;
using ActorMigration.Contracts;

namespace ActorMigration.Ports.Contract;

/// <summary>What <see cref="ILoadSource"/> promises the load actor.</summary>
public abstract class LoadSourceContract : PortContract
{
    [Fact]
    public async Task A_host_has_cores_memory_and_counters_that_are_amounts()
    {
        var host = (await SampleAsync(A)).Host;

        Assert.True(host is { Cores: >= 1, MemoryTotal: > 0 }, host.ToString());
        Assert.InRange(host.MemoryUsed, 0, host.MemoryTotal);
        AssertAmounts(host.CpuSeconds, host.DiskBytes, host.NetworkBytes, host.LinkBytesPerSecond ?? 0);
    }

    [Fact]
    public async Task A_container_that_runs_is_there_with_its_fence_and_its_placement_and_on_its_host_only()
    {
        var found = Assert.Single((await SampleAsync(A)).Containers);

        Assert.Equal((Spec.Name, Started), (found.Name, found.Fence));
        Assert.Equal((Spec.Placement.Pinned, Spec.Placement.ApartFrom, Spec.Placement.TogetherWith), (found.Placement.Pinned, found.Placement.ApartFrom, found.Placement.TogetherWith));
        Assert.Equal(Spec.Placement.Labels, found.Placement.Labels);
        AssertAmounts(found.CpuSeconds, found.MemoryBytes, found.DiskBytes, found.NetworkBytes, found.ResidentBytes, found.WrittenBytes ?? 0);
        Assert.True(found.MemoryBytes > 0, found.ToString());
        Assert.Empty((await SampleAsync(B)).Containers);
    }

    [Fact]
    public async Task Samples_come_in_the_order_of_their_times_and_counters_do_not_go_back()
    {
        var first = await SampleAsync(A);
        await AssertRunsAsync(A);
        var second = await SampleAsync(A);

        Assert.True(second.At > first.At, $"{first.At} before {second.At}");
        Assert.True(second.Host.CpuSeconds >= first.Host.CpuSeconds && second.Host.DiskBytes >= first.Host.DiskBytes && second.Host.NetworkBytes >= first.Host.NetworkBytes, $"{first.Host}\n{second.Host}");
        var (before, after) = (Assert.Single(first.Containers), Assert.Single(second.Containers));
        Assert.True(after.CpuSeconds >= before.CpuSeconds && after.DiskBytes >= before.DiskBytes && after.NetworkBytes >= before.NetworkBytes, $"{before}\n{after}");
    }

    [Fact]
    public async Task A_container_that_is_removed_between_two_looks_is_not_there_any_more()
    {
        Assert.Single((await SampleAsync(A)).Containers);
        await A.Runtime.RemoveAsync(Spec.Name, TimeSpan.Zero, CancellationToken.None);

        Assert.Empty((await SampleAsync(A)).Containers);
    }

    [Fact]
    public async Task A_container_that_was_started_anew_counts_at_its_new_fence()
    {
        await SampleAsync(A);
        await A.Runtime.RemoveAsync(Spec.Name, TimeSpan.Zero, CancellationToken.None);
        await A.Runtime.RunAsync(Spec, new Fence(2, 0), CancellationToken.None);

        Assert.Equal(new Fence(2, 0), Assert.Single((await SampleAsync(A)).Containers).Fence);
    }

    [Fact]
    public async Task A_tree_that_waits_at_its_gate_is_not_the_destinations_yet_and_the_sources_still()
    {
        var attempt = Open();
        await attempt.ToGateAsync();

        Assert.Equal(Spec.Name, Assert.Single((await SampleAsync(A)).Containers).Name);
        Assert.Empty((await SampleAsync(B)).Containers);
    }

    [Fact]
    public async Task A_container_that_came_by_a_move_has_the_placement_that_it_was_started_with()
    {
        var attempt = Open();
        await attempt.ToGateAsync();
        await attempt.Destination.OpenGateAsync(attempt.Certificate(Verdict.Dest));

        var there = Assert.Single((await SampleAsync(B)).Containers);
        Assert.Equal((Spec.Placement.Pinned, Spec.Placement.ApartFrom, Spec.Placement.TogetherWith), (there.Placement.Pinned, there.Placement.ApartFrom, there.Placement.TogetherWith));
        Assert.Equal(Spec.Placement.Labels, there.Placement.Labels);
    }

    private static Task<LoadSample> SampleAsync(IPortHost host) => host.Load.SampleAsync(CancellationToken.None);

    private static void AssertAmounts(params double[] amounts) => Assert.All(amounts, amount => Assert.True(double.IsFinite(amount) && amount >= 0, $"{amount} is no amount"));
}
