using ActorMigration.Contracts;

namespace ActorMigration.Actors.Tests.Balancing;

/// <summary>The planner does not try a container on each host where the bound says that none would do: the bound may never be above what a host would make.</summary>
public sealed class ImbalanceSpec
{
    private const int Clusters = 300;

    [Fact]
    public void No_move_leaves_less_than_the_bound_says()
    {
        foreach (var hosts in Enumerable.Range(0, Clusters).Select(seed => RandomCluster.Of(seed).Hosts))
        {
            var amounts = hosts.Select(h => (h.Capacity, Used: h.Containers.Aggregate(h.Own, (sum, c) => sum + c.Used))).ToArray();
            var imbalance = new Imbalance(amounts);
            double Lowest(int kind) => amounts.Min(a => a.Used[kind] / a.Capacity[kind]);
            var shares = new Resources(Lowest(0), Lowest(1), Lowest(2), Lowest(3));
            for (var from = 0; from < hosts.Length; from++)
            {
                foreach (var container in hosts[from].Containers)
                {
                    var bound = imbalance.AtLeastAfter(container.Used, amounts[from], shares);
                    Assert.All(amounts.Where((_, to) => to != from), to => Assert.True(bound <= imbalance.After(container.Used, amounts[from], to) + 1e-12));
                }
            }
        }
    }
}
