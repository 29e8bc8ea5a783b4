using ActorMigration.Contracts;

namespace ActorMigration.Actors.Tests.Balancing;

/// <summary>Pre-copy worked out by hand (docs/balancing.md), at 100 MB/s.</summary>
public sealed class MovePriceSpec
{
    [Theory]
    [InlineData(2.72e9, 1e6, 0.20272, 2.747472e9)]
    [InlineData(16e9, 1e9, 160.2, 32e9)]
    [InlineData(1e6, 1e9, 0.21, 1e6)]
    public void What_is_written_while_a_round_crosses_is_left_to_the_next_and_the_last_rest_to_the_stop(double resident, double dirty, double stop, double bytes)
    {
        var cost = MovePrice.Of(EvenCluster.Container("c", new Resources(1, resident, 0, 0)) with { DirtyBytesPerSecond = dirty }, 100e6);

        Assert.Equal(stop, cost.StopSeconds, 6);
        Assert.Equal(bytes, cost.Bytes, 0);
        Assert.Equal(3 + (bytes / 100e6), cost.Seconds, 6);
    }
}
