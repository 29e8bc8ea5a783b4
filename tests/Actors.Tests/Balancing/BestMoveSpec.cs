using ActorMigration.Contracts;

namespace ActorMigration.Actors.Tests.Balancing;

/// <summary>The planner leaves out what cannot be the best; here nothing is left out.</summary>
public sealed class BestMoveSpec
{
    private const int Clusters = 400;

    /// <summary>Of more hosts only the busiest are looked at first.</summary>
    private const int Hosts = 8;

    private static readonly BalancePolicy Policy = BalancePolicy.Default;

    [Fact]
    public void The_first_move_is_the_one_of_all_that_is_worth_most()
    {
        var compared = 0;
        foreach (var snapshot in Enumerable.Range(0, Clusters).Select(RandomCluster.Of).Where(s => s.Hosts.Length <= Hosts))
        {
            var plan = BalancePlanner.Plan(snapshot, Policy, MoveHistory.Empty);
            var before = Imbalance(snapshot.Hosts, Used(snapshot));
            var worths = (from source in Enumerable.Range(0, snapshot.Hosts.Length)
                          from container in snapshot.Hosts[source].Containers
                          from to in Enumerable.Range(0, snapshot.Hosts.Length)
                          where source != to && before >= Policy.Threshold && IsAllowed(snapshot, source, container, to)
                          let worth = Worth(snapshot, before, source, container, to)
                          where worth > 0
                          select (worth, container.Name, To: snapshot.Hosts[to].Host)).ToArray();

            Assert.Equal(worths.Length > 0, plan.Moves.Length > 0);
            if (worths.Length > 0)
            {
                compared++;
                Assert.Equal(worths.Max(w => w.worth), worths.Single(w => w.Name == plan.Moves[0].Container && w.To == plan.Moves[0].To).worth, 9);
            }
        }

        Assert.True(compared > Clusters / 4, $"only {compared} clusters had a move");
    }

    private static bool IsAllowed(LoadSnapshot snapshot, int source, ContainerLoad container, int to)
    {
        var (from, target, placement) = (snapshot.Hosts[source], snapshot.Hosts[to], container.Placement);
        var there = Used(snapshot)[to] + container.Used;
        return !placement.Pinned && target.Standing == HostStanding.Accepts
            && placement.Labels.All(target.Labels.Contains)
            && (placement.ApartFrom.Length == 0 || target.Containers.All(c => c.Placement.ApartFrom != placement.ApartFrom))
            && (placement.TogetherWith.Length == 0 || from.Containers.Count(c => c.Placement.TogetherWith == placement.TogetherWith) == 1)
            && Enumerable.Range(0, Resources.Kinds).All(kind => there[kind] <= target.Capacity[kind] * (1 - Policy.Reserve));
    }

    /// <summary>Not above 0 when the imbalance falls by less than the margin or for less than its price.</summary>
    private static double Worth(LoadSnapshot snapshot, double before, int source, ContainerLoad container, int to)
    {
        var used = Used(snapshot);
        (used[source], used[to]) = (used[source] - container.Used, used[to] + container.Used);
        var after = Imbalance(snapshot.Hosts, used);
        var cost = MovePrice.Of(container, Policy.StreamBytesPerSecond);
        var price = cost.StopSeconds + (cost.Seconds * 0.01);
        var gain = (before - after) * Policy.WorthSeconds;
        return after > before * (1 - Policy.Margin) || gain <= price ? 0 : (gain * (1 + snapshot.Hosts[source].Pressure - snapshot.Hosts[to].Pressure)) - price;
    }

    private static Resources[] Used(LoadSnapshot snapshot) => [.. snapshot.Hosts.Select(h => h.Containers.Aggregate(h.Own, (sum, c) => sum + c.Used))];

    private static double Imbalance(HostLoad[] hosts, Resources[] used)
    {
        var sum = 0.0;
        for (var kind = 0; kind < Resources.Kinds; kind++)
        {
            var total = hosts.Sum(h => h.Capacity[kind]);
            var mean = used.Sum(u => u[kind]) / total;
            sum += hosts.Zip(used, (h, u) => h.Capacity[kind] / total * Math.Pow((u[kind] / h.Capacity[kind]) - mean, 2)).Sum();
        }

        return Math.Sqrt(sum);
    }
}
