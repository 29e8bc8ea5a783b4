namespace ActorMigration.Actors.Tests.Decision;

/// <summary>How long a proposer waits after a ballot that failed.</summary>
public sealed class VoterTimesSpec
{
    private static readonly VoterTimes Times = new(TimeSpan.FromSeconds(2), TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(5));

    [Theory]
    [InlineData(1, 0, 25)]
    [InlineData(1, 1, 50)]
    [InlineData(2, 1, 100)]
    [InlineData(3, 0.5, 150)]
    [InlineData(7, 1, 3_200)]
    [InlineData(8, 1, 5_000)]
    [InlineData(1_000, 0, 2_500)]
    public void Back_off_doubles_up_to_its_longest_and_half_of_it_is_jitter(int failures, double jitter, double ms)
        => Assert.Equal(ms, Times.BackOff(failures, jitter).TotalMilliseconds, 3);

    [Fact]
    public void Doubling_ends_before_the_number_overflows()
        => Assert.Equal(TimeSpan.FromTicks(1L << 16), (Times with { FirstBackOff = TimeSpan.FromTicks(1), LongestBackOff = TimeSpan.MaxValue }).BackOff(int.MaxValue, 1));
}
