using ActorMigration.Contracts;
using Xunit.Abstractions;

namespace ActorMigration.Actors.Tests.Balancing;

/// <summary>What a plan may be, whatever the cluster.</summary>
public sealed class BalancePlannerSpec(ITestOutputHelper output)
{
    private const int Clusters = 3000;

    private static readonly BalancePolicy Policy = BalancePolicy.Default;

    /// <summary>Every random cluster; the seed of the first that fails is printed.</summary>
    private void Each(Action<LoadSnapshot, BalancePlan, int> check)
    {
        for (var seed = 0; seed < Clusters; seed++)
        {
            var snapshot = RandomCluster.Of(seed);
            try
            {
                check(snapshot, BalancePlanner.Plan(snapshot, Policy, MoveHistory.Empty), seed);
            }
            catch (Xunit.Sdk.XunitException)
            {
                output.WriteLine($"seed {seed}");
                throw;
            }
        }
    }

    [Fact]
    public void Every_move_reduces_the_imbalance_by_the_margin_and_is_worth_its_price()
    {
        var moves = 0;
        Each((_, plan, _) =>
        {
            foreach (var move in plan.Moves)
            {
                moves++;
                Assert.True(double.IsFinite(move.Before) && double.IsFinite(move.After) && double.IsFinite(move.Cost.StopSeconds));
                Assert.True(move.After <= move.Before * (1 - Policy.Margin));
                Assert.True((move.Before - move.After) * Policy.WorthSeconds > move.Cost.StopSeconds);
                Assert.True(move.Before >= Policy.Threshold);
            }
        });
        Assert.True(moves > Clusters, $"only {moves} moves in {Clusters} clusters");
    }

    [Fact]
    public void What_it_says_of_the_imbalance_is_what_a_cluster_with_the_moves_made_has()
        => Each((snapshot, plan, _) =>
        {
            Assert.Equal(Imbalance(snapshot), plan.Imbalance, 9);
            foreach (var move in plan.Moves)
            {
                Assert.Equal(move.Before, Imbalance(snapshot), 9);
                snapshot = Make(snapshot, move);
                Assert.Equal(move.After, Imbalance(snapshot), 9);
            }
        });

    [Fact]
    public void No_constraint_is_broken_and_no_limit_passed()
        => Each((snapshot, plan, _) =>
        {
            Assert.True(plan.Moves.Length <= Policy.MaxMoves);
            Assert.All(plan.Moves.GroupBy(m => m.To), to => Assert.True(to.Count() <= Policy.MaxIn));
            Assert.All(plan.Moves.GroupBy(m => m.From), from => Assert.True(from.Count() <= Policy.MaxOut));
            Assert.Equal(plan.Moves.Length, plan.Moves.Select(m => m.Container).Distinct().Count());
            foreach (var move in plan.Moves)
            {
                var container = Find(snapshot, move.From).Containers.Single(c => c.Name == move.Container);
                Assert.False(container.Placement.Pinned);
                Assert.True(Find(snapshot, move.To).Standing == HostStanding.Accepts);
                Assert.All(container.Placement.Labels, label => Assert.Contains(label, Find(snapshot, move.To).Labels));
                Assert.True(container.Placement.TogetherWith.Length == 0 || Find(snapshot, move.From).Containers.Count(c => c.Placement.TogetherWith == container.Placement.TogetherWith) == 1);
                snapshot = Make(snapshot, move);
                var there = Find(snapshot, move.To);
                Assert.True(container.Placement.ApartFrom.Length == 0 || there.Containers.Count(c => c.Placement.ApartFrom == container.Placement.ApartFrom) == 1);
                for (var kind = 0; kind < Resources.Kinds; kind++)
                {
                    Assert.True(Used(there)[kind] <= there.Capacity[kind] * (1 - Policy.Reserve) * (1 + 1e-12));
                }
            }
        });

    [Fact]
    public void The_same_input_in_any_order_gives_the_same_plan()
        => Each((snapshot, plan, seed) =>
        {
            var again = BalancePlanner.Plan(RandomCluster.Shuffled(snapshot, seed), Policy, MoveHistory.Empty);

            Assert.Equal(plan.Moves, again.Moves);
            Assert.Equal(plan.Sentence, again.Sentence);
        });

    [Fact]
    public void A_container_that_was_moved_is_left_alone_and_for_longer_each_time()
        => Each((snapshot, plan, _) =>
        {
            var history = plan.Moves.Aggregate(MoveHistory.Empty, (h, m) => h.Ended(m.Container, RandomCluster.Now, Policy));
            var soon = snapshot with { AtUnixMs = RandomCluster.Now + (long)Policy.Cooldown.TotalMilliseconds - 1 };

            Assert.Empty(BalancePlanner.Plan(soon, Policy, history).Moves.Select(m => m.Container).Intersect(plan.Moves.Select(m => m.Container)));
        });

    [Fact]
    public void Plans_that_are_carried_out_come_to_an_end_without_a_container_going_back()
        => Each((snapshot, _, _) =>
        {
            var (history, been) = (MoveHistory.Empty, new HashSet<(ContainerName, HostName)>());
            var rounds = 0;
            for (BalancePlan plan; (plan = BalancePlanner.Plan(snapshot, Policy, history)).Moves.Length > 0; rounds++)
            {
                Assert.True(rounds < 100, "no end");
                foreach (var move in plan.Moves)
                {
                    been.Add((move.Container, move.From));
                    Assert.DoesNotContain((move.Container, move.To), been);
                    snapshot = Make(snapshot, move);
                    history = history.Ended(move.Container, snapshot.AtUnixMs, Policy);
                }

                snapshot = snapshot with { AtUnixMs = snapshot.AtUnixMs + (long)Policy.LongestCooldown.TotalMilliseconds };
            }
        });

    [Fact]
    public void More_load_never_makes_a_host_look_less_busy()
    {
        // Sums of 8 bits made the fullest host the best destination elsewhere.
        var (full, idle) = (Host("full", 0.95), Host("idle", 0.05));

        var move = Assert.Single(BalancePlanner.Plan(new LoadSnapshot(0, [full, idle]), Policy with { MaxMoves = 1 }, MoveHistory.Empty).Moves);

        Assert.Equal((full.Host, idle.Host), (move.From, move.To));
    }

    [Fact]
    public void Cpu_is_not_taken_for_memory()
    {
        // Much CPU and little memory on one host, the other way round on the other: each has to give what it has too much of.
        var cpu = Host("cpu", 0) with { Containers = [.. Enumerable.Range(0, 8).Select(i => Container($"a{i}", new Resources(0.9, 1e8, 0, 0)))] };
        var memory = Host("memory", 0) with { Containers = [.. Enumerable.Range(0, 8).Select(i => Container($"b{i}", new Resources(0.01, 3.2e9, 0, 0)))] };

        var plan = BalancePlanner.Plan(new LoadSnapshot(0, [cpu, memory]), Policy with { MaxIn = 2 }, MoveHistory.Empty);

        Assert.NotEmpty(plan.Moves);
        Assert.All(plan.Moves, m => Assert.Equal(m.Container.Value[0] == 'a' ? cpu.Host : memory.Host, m.From));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(-1)]
    [InlineData(double.PositiveInfinity)]
    public void What_is_no_amount_is_refused(double cpu)
        => Assert.Throws<ArgumentException>(() => BalancePlanner.Plan(
            new LoadSnapshot(0, [Host("a", 0.1), Host("b", 0) with { Containers = [Container("c", new Resources(cpu, 0, 0, 0))] }]), Policy, MoveHistory.Empty));

    [Fact]
    public void A_move_that_costs_more_than_it_is_worth_is_not_made()
    {
        var dirty = Container("dirty", new Resources(6, 16e9, 0, 0)) with { ResidentBytes = 16e9, DirtyBytesPerSecond = 1e9 };
        var busy = Host("busy", 0) with { Containers = [dirty] };

        Assert.Empty(BalancePlanner.Plan(new LoadSnapshot(0, [busy, Host("idle", 0)]), Policy, MoveHistory.Empty).Moves);
        Assert.Single(BalancePlanner.Plan(new LoadSnapshot(0, [busy with { Containers = [dirty with { DirtyBytesPerSecond = 1e6 }, Container("small", new Resources(1, 1e9, 0, 0))] }, Host("idle", 0)]), Policy, MoveHistory.Empty).Moves);
    }

    private static HostLoad Host(string name, double share)
        => new(new HostName(name), new Resources(8, 32e9, 1e9, 1e9), default, 0, HostStanding.Accepts, [],
            [.. Enumerable.Range(0, 10).Select(i => Container($"{name}{i}", new Resources(0.8 * share, 3.2e9 * share, 0, 0)))]);

    private static ContainerLoad Container(string name, Resources used) => new(new ContainerName(name), new Fence(1, 0), used, used.IsAmount ? used.Memory : 0, 1e6, ContainerPlacement.Anywhere);

    private static HostLoad Find(LoadSnapshot snapshot, HostName host) => snapshot.Hosts.Single(h => h.Host == host);

    private static Resources Used(HostLoad host) => host.Containers.Aggregate(host.Own, (sum, c) => sum + c.Used);

    /// <summary>By the book: standard deviation of utilisation, weighed by capacity, over all resources.</summary>
    private static double Imbalance(LoadSnapshot snapshot)
        => Math.Sqrt(Enumerable.Range(0, Resources.Kinds).Sum(kind =>
        {
            var total = snapshot.Hosts.Sum(h => h.Capacity[kind]);
            var mean = snapshot.Hosts.Sum(h => Used(h)[kind]) / total;
            return snapshot.Hosts.Sum(h => h.Capacity[kind] / total * Math.Pow((Used(h)[kind] / h.Capacity[kind]) - mean, 2));
        }));

    private static LoadSnapshot Make(LoadSnapshot snapshot, PlannedMove move)
    {
        var container = Find(snapshot, move.From).Containers.Single(c => c.Name == move.Container);
        return snapshot with
        {
            Hosts = [.. snapshot.Hosts.Select(h => h.Host == move.From ? h with { Containers = [.. h.Containers.Where(c => c.Name != move.Container)] }
                : h.Host == move.To ? h with { Containers = [.. h.Containers, container] }
                : h)],
        };
    }
}
