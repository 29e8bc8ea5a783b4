using ActorMigration.Contracts;

namespace ActorMigration.Actors.Tests.Balancing;

/// <summary>A container is left alone for twice as long each time, whether its move succeeded or not.</summary>
public sealed class MoveHistorySpec
{
    private static readonly BalancePolicy Policy = BalancePolicy.Default;
    private static readonly ContainerName Name = new("c");

    [Fact]
    public void The_cooldown_doubles_and_has_an_end()
    {
        var (history, at) = (MoveHistory.Empty, RandomCluster.Now);
        for (var row = 0; row < 40; row++)
        {
            history = history.Ended(Name, at, Policy);
            var cooldown = (long)Math.Min(Policy.LongestCooldown.TotalMilliseconds, Policy.Cooldown.TotalMilliseconds * Math.Pow(2, row));

            Assert.True(history.IsCooling(Name, at + cooldown - 1, Policy));
            Assert.False(history.IsCooling(Name, at + cooldown, Policy));
            at += 1000;
        }
    }

    [Fact]
    public void After_the_longest_cooldown_without_a_move_it_counts_anew()
    {
        var longest = (long)Policy.LongestCooldown.TotalMilliseconds;
        var history = MoveHistory.Empty.Ended(Name, 0, Policy).Ended(Name, 1, Policy).Ended(Name, 1 + longest, Policy);

        Assert.False(history.IsCooling(Name, 1 + longest + (long)Policy.Cooldown.TotalMilliseconds, Policy));
    }

    [Fact]
    public void Another_container_is_not_cooling() => Assert.False(MoveHistory.Empty.Ended(Name, 0, Policy).IsCooling(new ContainerName("d"), 0, Policy));

    [Fact]
    public void A_clock_that_went_back_makes_no_cooldown_longer_than_the_longest()
        => Assert.False(MoveHistory.Empty.Ended(Name, RandomCluster.Now, Policy).IsCooling(Name, RandomCluster.Now - (long)Policy.LongestCooldown.TotalMilliseconds, Policy));
}
