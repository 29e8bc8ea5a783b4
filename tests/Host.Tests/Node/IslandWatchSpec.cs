using ActorMigration.Host.Node;

namespace ActorMigration.Host.Tests.Node;

/// <summary>When a first seed that has formed a cluster of its own is an island.</summary>
public sealed class IslandWatchSpec
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(5);

    [Fact]
    public async Task A_member_that_stays_alone_while_another_answers_is_one()
    {
        var looks = 0;

        await new IslandWatch(() => true, () => Task.FromResult(++looks > 3), Step, TimeProvider.System).RunAsync(CancellationToken.None);

        Assert.Equal(3 + IslandWatch.MostLooks, looks);
    }

    [Fact]
    public async Task A_member_that_is_joined_or_whom_nobody_answers_is_none()
    {
        using var end = new CancellationTokenSource(Step * 60);
        var looks = 0;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => new IslandWatch(() => ++looks % IslandWatch.MostLooks != 0, () => Task.FromResult(true), Step, TimeProvider.System).RunAsync(end.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => new IslandWatch(() => true, () => Task.FromResult(++looks % IslandWatch.MostLooks != 0), Step, TimeProvider.System).RunAsync(new CancellationTokenSource(Step * 60).Token));
        Assert.True(looks > IslandWatch.MostLooks);
    }
}
