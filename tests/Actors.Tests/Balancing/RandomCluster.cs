using ActorMigration.Contracts;

namespace ActorMigration.Actors.Tests.Balancing;

/// <summary>Clusters from a seed: few and many hosts, equal and unequal ones, heavy-tailed loads, some of everything that forbids a move.</summary>
internal static class RandomCluster
{
    internal const long Now = 1_800_000_000_000;

    internal static LoadSnapshot Of(int seed)
    {
        var random = new Random(seed);
        var unequal = random.Next(3) == 0;
        var number = 0;
        return new LoadSnapshot(Now, [.. Enumerable.Range(1, random.Next(2, 12)).Select(h =>
        {
            var size = unequal ? random.Next(1, 5) : 1;
            var capacity = new Resources(size * 8, size * 32e9, size * 1e9, size * 1e9);
            var containers = Enumerable.Range(0, random.Next(4) == 0 ? random.Next(40) : random.Next(8)).Select(_ => Container(random, ++number)).ToArray();
            return new HostLoad(new HostName($"h{h}"), capacity, new Resources(0.2, 1e9, 0, 0), random.NextDouble() * 0.5, random.Next(8) == 0 ? HostStanding.Draining : HostStanding.Accepts, random.Next(2) == 0 ? ["ssd"] : [], containers);
        })]);
    }

    /// <summary>The same with hosts and containers in another order.</summary>
    internal static LoadSnapshot Shuffled(LoadSnapshot snapshot, int seed)
    {
        var random = new Random(seed);
        var hosts = snapshot.Hosts.Select(h => h with { Containers = Shuffle(random, h.Containers) }).ToArray();
        return snapshot with { Hosts = Shuffle(random, hosts) };
    }

    private static T[] Shuffle<T>(Random random, T[] items)
    {
        T[] copy = [.. items];
        random.Shuffle(copy);
        return copy;
    }

    private static ContainerLoad Container(Random random, int number)
    {
        var tail = Math.Min(30, 0.2 / Math.Sqrt(1 - random.NextDouble()));
        var used = new Resources(tail, tail * 1e9 * random.NextDouble(), random.NextDouble() * 5e7, random.NextDouble() * 5e7);
        return new ContainerLoad(
            new ContainerName($"c{number}"), new Fence(1, 0), used, used.Memory, random.Next(4) == 0 ? 300e6 * random.NextDouble() : 1e6, new ContainerPlacement(random.Next(10) == 0, random.Next(6) == 0 ? ["ssd"] : [],
            random.Next(5) == 0 ? $"apart{random.Next(4)}" : "", random.Next(8) == 0 ? $"with{random.Next(6)}" : ""));
    }
}
