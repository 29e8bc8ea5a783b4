using ActorMigration.Contracts;
using static ActorMigration.Actors.Tests.Balancing.Clusters;

namespace ActorMigration.Actors.Tests.Balancing;

/// <summary>How drained hosts are emptied, whatever the cluster.</summary>
public sealed class EvacuationSpec
{
    private const long Now = RandomCluster.Now;
    private const int RandomClusters = 2000;

    private static readonly BalancePolicy Policy = BalancePolicy.Default;

    private static EvacuationPlan Plan(LoadSnapshot snapshot, params DecidedMove[] underWay) => Evacuation.Plan(snapshot, Policy, [], underWay, underWay.Length);

    private static LoadSnapshot Drained(params ContainerLoad[] containers) => At(Now, Host("a", containers).Draining(), Host("b"), Host("c"));

    private static DecidedMove UnderWay(string container, string from, string to)
        => new($"x-1.{container}", MoveReason.Drain, new PlannedMove(new ContainerName(container), new HostName(from), new HostName(to), 0, 0, new MoveCost(0, 0, 0)), new Fence(1, 0), "");

    [Fact]
    public void No_constraint_is_broken_and_no_limit_passed()
    {
        var moves = 0;
        for (var seed = 0; seed < RandomClusters; seed++)
        {
            var snapshot = WithDrained(RandomCluster.Of(seed));
            var plan = Plan(snapshot);
            Assert.True(plan.Moves.Length <= Policy.MaxMoves);
            Assert.All(plan.Moves.GroupBy(m => m.To), to => Assert.True(to.Count() <= Policy.MaxIn));
            Assert.All(plan.Moves.GroupBy(m => m.From), from => Assert.True(from.Count() <= Policy.MaxOut));
            foreach (var move in plan.Moves)
            {
                moves++;
                var container = snapshot.Find(move.From).Containers.Single(c => c.Name == move.Container);
                Assert.Equal(HostStanding.Draining, snapshot.Find(move.From).Standing);
                Assert.Equal(HostStanding.Accepts, snapshot.Find(move.To).Standing);
                Assert.False(container.Placement.Pinned);
                Assert.All(container.Placement.Labels, label => Assert.Contains(label, snapshot.Find(move.To).Labels));
                snapshot = snapshot.Make(move);
                var there = snapshot.Find(move.To);
                Assert.True(container.Placement.ApartFrom.Length == 0 || there.Containers.Count(c => c.Placement.ApartFrom == container.Placement.ApartFrom) == 1);
                Assert.True(there.Used().Memory <= there.Capacity.Memory * (1 - Policy.Reserve) * (1 + 1e-12));
            }
        }

        Assert.True(moves > RandomClusters, $"only {moves} moves");
    }

    [Fact]
    public void Everything_that_is_not_stuck_is_moved_in_the_end_or_waits_for_room()
    {
        var (emptied, left) = (0, 0);
        for (var seed = 0; seed < RandomClusters / 4; seed++)
        {
            var snapshot = WithDrained(RandomCluster.Of(seed));
            EvacuationPlan plan;
            for (var rounds = 0; (plan = Plan(snapshot)).Moves.Length > 0; rounds++)
            {
                Assert.True(rounds < 200, $"seed {seed}: no end");
                snapshot = plan.Moves.Aggregate(snapshot, (s, m) => s.Make(m));
            }

            left += plan.Waiting > 0 ? 1 : 0;
            emptied += plan.Waiting == 0 ? 1 : 0;
            Assert.Equal(plan.Stuck.Length + plan.Waiting, snapshot.Hosts.Where(h => h.Standing == HostStanding.Draining).Sum(h => h.Containers.Length));
        }

        Assert.True(emptied > left * 4, $"{emptied} emptied, {left} not");
    }

    [Fact]
    public void The_shortest_predicted_stop_goes_first()
    {
        var plan = Plan(Drained(Container("big") with { ResidentBytes = 8e9, DirtyBytesPerSecond = 60e6 }, Container("tiny", memory: 1e4) with { DirtyBytesPerSecond = 0 }, Container("small", memory: 1e8)));

        Assert.Equal(["tiny", "small"], plan.Moves.Select(m => m.Container.Value));
        Assert.Equal(1, plan.Waiting);
    }

    [Fact]
    public void What_cannot_be_moved_as_it_is_stays_and_is_named_and_the_rest_goes()
    {
        var plan = Plan(Drained(Container("open", memory: 1e6) with { Obstacle = "process 7 (db) has an io_uring instance\u001b[2J" }, Container("tiny", memory: 1e4)));

        Assert.Equal(["tiny"], plan.Moves.Select(m => m.Container.Value));
        var stuck = Assert.Single(plan.Stuck);
        Assert.Equal(("open", false, "process 7 (db) has an io_uring instance?[2J"), (stuck.Container.Value, stuck.IsForGood, stuck.Sentence));
    }

    [Fact]
    public void What_is_on_its_way_counts_for_limits_and_room()
    {
        var snapshot = At(Now, Host("a", Containers("c", 5)).Draining(), Host("b"), Host("c"));

        var next = Assert.Single(Plan(snapshot, UnderWay("c0", "a", "b")).Moves);
        Assert.Equal(("c1", "c"), (next.Container.Value, next.To.Value));
        Assert.Empty(Plan(snapshot, UnderWay("c0", "a", "b"), UnderWay("c1", "a", "c")).Moves);
    }

    [Fact]
    public void Each_container_that_cannot_leave_says_why()
    {
        var pinned = Container("pinned") with { Placement = ContainerPlacement.Anywhere with { Pinned = true } };
        var labelled = Container("labelled") with { Placement = ContainerPlacement.Anywhere with { Labels = ["gpu"] } };
        var huge = Container("huge", memory: 40e9);
        var apart = Container("apart") with { Placement = ContainerPlacement.Anywhere with { ApartFrom = "db" } };
        var snapshot = At(Now, Host("a", pinned, labelled, huge, apart).Draining(), Host("b", apart with { Name = new ContainerName("b-db") }), Host("c", apart with { Name = new ContainerName("c-db") }));

        var stuck = Plan(snapshot).Stuck.ToDictionary(s => s.Container.Value, s => s.Sentence);

        Assert.Empty(Plan(snapshot).Moves);
        Assert.StartsWith("it is pinned to its host", stuck["pinned"], StringComparison.Ordinal);
        Assert.Contains("label gpu", stuck["labelled"], StringComparison.Ordinal);
        Assert.Contains("MiB beside its reserve", stuck["huge"], StringComparison.Ordinal);
        Assert.Contains("group db", stuck["apart"], StringComparison.Ordinal);
        ContainerLoad Big(string name) => Container(name, memory: 20e9) with { Placement = ContainerPlacement.Anywhere with { TogetherWith = "web" } };
        Assert.Contains("the group web needs", Plan(At(Now, Host("a", Big("w0"), Big("w1")).Draining(), Host("b"))).Stuck[0].Sentence, StringComparison.Ordinal);
        Assert.Contains("no other host takes containers", Plan(At(Now, Host("a", pinned with { Placement = ContainerPlacement.Anywhere }).Draining(), Host("b").Draining())).Stuck[0].Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void A_host_that_is_not_trusted_is_emptied_before_those_that_are_drained()
    {
        var snapshot = At(Now, Host("a", Containers("a", 3)).Draining(), Host("b", Containers("b", 3)) with { Standing = HostStanding.Evacuated }, Host("c"), Host("d"));

        var plan = Plan(snapshot);

        Assert.Equal(["b0", "b1"], plan.Moves.Select(m => m.Container.Value));
        Assert.All(plan.Moves, m => Assert.Contains(m.To.Value, (string[])["c", "d"]));
    }

    [Fact]
    public void Nothing_leaves_a_host_that_is_not_trusted_or_proves_nothing_and_nothing_comes_to_it()
    {
        var snapshot = At(
            Now, Host("a", Containers("a", 2)) with { Standing = HostStanding.Untrusted }, Host("b", Containers("b", 2)) with { Standing = HostStanding.Unproved }, Host("c", Container("c0")).Draining(), Host("d") with { Standing = HostStanding.Evacuated });

        var plan = Plan(snapshot);

        Assert.Empty(plan.Moves);
        Assert.Equal(["a0", "a1", "c0"], plan.Stuck.Select(s => s.Container.Value));
        Assert.Contains("its host is not trusted", plan.Stuck[0].Sentence, StringComparison.Ordinal);
        Assert.Contains("no other host takes containers", plan.Stuck[2].Sentence, StringComparison.Ordinal);
        Assert.Equal((true, false), (plan.Stuck[0].IsForGood, plan.Stuck[2].IsForGood));
    }

    [Fact]
    public void What_belongs_together_goes_to_one_host_that_has_room_for_all_of_it()
    {
        ContainerLoad Together(string name) => Container(name, memory: 8e9) with { Placement = ContainerPlacement.Anywhere with { TogetherWith = "web" } };
        // Host b is less busy and has room for one of them, c for all three.
        var snapshot = At(Now, Host("a", Together("w0"), Together("w1"), Together("w2")).Draining(), Host("b", Container("other", 0, 14e9)), Host("c", Container("busy", 4)));

        for (var left = 3; left > 0; left--)
        {
            var move = Assert.Single(Plan(snapshot).Moves);
            Assert.Equal("c", move.To.Value);
            snapshot = snapshot.Make(move);
        }

        Assert.Empty(snapshot.Find(new HostName("a")).Containers);
    }

    [Fact]
    public void A_group_is_not_torn_apart_by_what_one_of_it_may_not()
    {
        ContainerLoad Member(string name, bool pinned = false, string label = "") => Container(name) with { Placement = new ContainerPlacement(pinned, label.Length == 0 ? [] : [label], "", "web") };

        var plan = Plan(At(Now, Host("a", Member("w0"), Member("w1", pinned: true)).Draining(), Host("b"), Host("c")));
        Assert.Empty(plan.Moves);
        Assert.Contains("belongs together with w1, which is pinned", plan.Stuck.Single(s => s.Container.Value == "w0").Sentence, StringComparison.Ordinal);

        plan = Plan(At(Now, Host("a", Member("w0"), Member("w1", label: "ssd")).Draining(), Host("b"), Host("c", Container("busy", 6)) with { Labels = ["ssd"] }));
        Assert.Equal("c", Assert.Single(plan.Moves).To.Value);
    }

    [Fact]
    public void A_container_that_failed_is_tried_again_later_each_time_but_never_later_than_the_cooldown()
    {
        var snapshot = Drained(Container("c0"));

        bool IsTried(int failures, double seconds) => Evacuation.Plan(
            snapshot with { AtUnixMs = Now + (long)(seconds * 1000) }, Policy, [new PastMove(new ContainerName("c0"), Now, 9, failures, failures == 0 ? null : new HostName("b"))], [], 0).Moves.Length == 1;

        Assert.True(IsTried(0, 1));
        Assert.False(IsTried(1, 29));
        Assert.True(IsTried(1, 31));
        Assert.False(IsTried(2, 59));
        Assert.True(IsTried(2, 61));
        Assert.False(IsTried(40, Policy.Cooldown.TotalSeconds - 1));
        Assert.True(IsTried(40, Policy.Cooldown.TotalSeconds + 1));
    }

    [Fact]
    public void A_host_that_could_not_take_it_the_last_time_comes_last_and_is_tried_again_when_there_is_no_other()
    {
        PastMove[] past = [new PastMove(new ContainerName("c0"), Now - 3_600_000, 1, 1, new HostName("b"))];
        HostName? To(LoadSnapshot snapshot) => Evacuation.Plan(snapshot, Policy, past, [], 0).Moves.SingleOrDefault()?.To;

        Assert.Equal("c", To(At(Now, Host("a", Container("c0")).Draining(), Host("b"), Host("c", Container("busy", 5))))?.Value);
        Assert.Equal("b", To(At(Now, Host("a", Container("c0")).Draining(), Host("b")))?.Value);
    }

    [Fact]
    public void A_move_that_takes_for_ever_holds_its_container_and_its_hosts_and_not_the_cluster()
    {
        var snapshot = At(Now, Host("a", Containers("c", 3)).Draining(), Host("b"), Host("c"), Host("d"), Host("e"));
        DecidedMove[] slow = [UnderWay("x1", "b", "c"), UnderWay("x2", "b", "d"), UnderWay("x3", "c", "d"), UnderWay("x4", "d", "c")];

        Assert.Empty(Evacuation.Plan(snapshot, Policy, [], slow, slow.Length).Moves);
        Assert.All(Evacuation.Plan(snapshot, Policy, [], slow, 0).Moves, m => Assert.Contains(m.To.Value, (string[])["b", "e"]));
        Assert.Equal(2, Evacuation.Plan(snapshot, Policy, [], slow, 0).Moves.Length);
    }

    private static LoadSnapshot WithDrained(LoadSnapshot snapshot)
        => snapshot.Hosts.Any(h => h.Standing == HostStanding.Draining && h.Containers.Length > 0) ? snapshot
            : snapshot with { Hosts = [.. snapshot.Hosts.Select((h, i) => i == 0 ? h.Draining() : h)] };
}
