using ActorMigration.Contracts;
using static ActorMigration.Actors.Tests.Balancing.Clusters;

namespace ActorMigration.Actors.Tests.Balancing;

/// <summary>What a host may not tell. Records off the wire may hold nulls whatever their types say.</summary>
public sealed class LoadCheckSpec
{
    public static TheoryData<string, HostLoad> Wrong() => new()
    {
        { "part missing", null! },
        { "part missing", Host("a") with { Containers = null! } },
        { "part missing", Host("a") with { Labels = null! } },
        { "part missing", Host("a") with { Labels = [null!] } },
        { "part missing", Host("a", null!) },
        { "part missing", Host("a", Container("c") with { Placement = null! }) },
        { "no capacity of kind 0", Host("a") with { Capacity = default } },
        { "no capacity of kind 3", Host("a") with { Capacity = Size with { Network = double.NaN } } },
        { "no capacity of kind 1", Host("a") with { Capacity = Size with { Memory = 1e19 } } },
        { "load of its own", Host("a") with { Own = new Resources(-1, 0, 0, 0) } },
        { "load of its own", Host("a") with { Own = new Resources(0, 0, 1e300, 0) } },
        { "load of its own", Host("a") with { Pressure = double.PositiveInfinity } },
        { "container c", Host("a", Container("c") with { Used = new Resources(double.NaN, 0, 0, 0) }) },
        { "container c", Host("a", Container("c") with { ResidentBytes = double.PositiveInfinity }) },
        { "container c", Host("a", Container("c") with { DirtyBytesPerSecond = -1 }) },
        { "what cannot be", Host("a", Container("c") with { Placement = ContainerPlacement.Anywhere with { Labels = ["No Label"] } }) },
        { "what cannot be", Host("a", Container("c") with { Placement = ContainerPlacement.Anywhere with { ApartFrom = null! } }) },
        { "which is for others to say", Host("a") with { Standing = HostStanding.Untrusted } },
        { "which is for others to say", Host("a") with { Standing = (HostStanding)9 } },
        { "container c twice", Host("a", Container("c"), Container("c")) },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Each_has_a_sentence(string sentence, HostLoad load) => Assert.Contains(sentence, LoadCheck.WhyNot(load), StringComparison.Ordinal);

    [Fact]
    public void What_random_clusters_tell_is_right()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            Assert.All(RandomCluster.Of(seed).Hosts, h => Assert.Null(LoadCheck.WhyNot(h)));
        }
    }
}
