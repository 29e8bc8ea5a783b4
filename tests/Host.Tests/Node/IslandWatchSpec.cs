using ActorMigration.Host.Node;

namespace ActorMigration.Host.Tests.Node;

/// <summary>When a first seed has done the wrong thing of its two, and which one it does.</summary>
public sealed class IslandWatchSpec
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(5);

    [Fact]
    public async Task A_host_that_stays_stranded_ends()
    {
        var looks = 0;

        await new IslandWatch(() => Task.FromResult(++looks > 3), Step, TimeProvider.System).RunAsync(CancellationToken.None);

        Assert.Equal(3 + IslandWatch.MostLooks, looks);
    }

    [Fact]
    public async Task A_host_that_is_joined_in_time_does_not()
    {
        using var end = new CancellationTokenSource();
        var looks = 0;
        bool IsStranded()
        {
            if (++looks == 4 * IslandWatch.MostLooks)
            {
                end.Cancel();
            }

            return looks % IslandWatch.MostLooks != 0;
        }

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => new IslandWatch(() => Task.FromResult(IsStranded()), Step, TimeProvider.System).RunAsync(end.Token));

        Assert.Equal(4 * IslandWatch.MostLooks, looks);
    }

    [Fact]
    public void A_first_seed_that_joins_is_the_last_of_its_seeds()
    {
        var settings = NodeSettingsReader.Read(NodeSettingsSpec.With(NodeSettingsSpec.Own));
        var self = settings.Seeds.Single(seed => seed.Host == settings.Host);
        var others = settings.Seeds.Where(seed => seed.Host != settings.Host).ToArray();

        Assert.Equal([.. others, self], (settings with { Seeds = [self, .. others] }).JoiningOnly().Seeds);
    }
}
