using ActorMigration.Actors;
using ActorMigration.Contracts;

namespace ActorMigration.BalanceSimulator;

/// <summary>The production planner, with the default policy and the limits that all have. It is told each host's smoothed load and pressure, and what is under way.</summary>
internal sealed class Planned(Trace trace, BalancePolicy policy) : IStrategy
{
    private readonly Dictionary<HostName, int> _hosts = trace.Hosts.Select((h, number) => (h.Name, number)).ToDictionary(h => h.Name, h => h.number);
    private MoveHistory _history = MoveHistory.Empty;

    public string Name => "amig";

    /// <summary>Seconds of the last call of the planner, without what makes the snapshot.</summary>
    public (double Wall, double Cpu) LastCall { get; private set; }

    /// <summary>The last plan.</summary>
    public BalancePlan? Plan { get; private set; }

    public void Decide(Cluster cluster, IReadOnlyList<Ended> ended)
    {
        foreach (var end in ended)
        {
            _history = _history.Ended(end.Transfer.Name, trace.AtUnixMs, policy);
        }

        var snapshot = Snapshot(cluster);
        var underWay = cluster.UnderWay.Select(t => new MoveUnderWay(t.Name, trace.Hosts[t.From].Name, trace.Hosts[t.To].Name)).ToArray();
        var watch = CallTime.Start();
        Plan = BalancePlanner.Plan(snapshot, policy, _history, underWay);
        LastCall = watch.Stop();
        foreach (var move in Plan.Moves)
        {
            cluster.Order(NumberOf(move.Container), _hosts[move.To]);
        }
    }

    private static int NumberOf(ContainerName name) => int.Parse(name.Value.AsSpan(1, name.Value.IndexOf('-', StringComparison.Ordinal) - 1), System.Globalization.CultureInfo.InvariantCulture);

    private LoadSnapshot Snapshot(Cluster cluster)
    {
        var used = cluster.Used();
        var moving = cluster.UnderWay.ToLookup(t => t.From, t => t.Container);
        return new LoadSnapshot(trace.AtUnixMs, [.. trace.Hosts.Select((host, number) => (host, number)).Where(h => h.host.IsUp).Select(h =>
            new HostLoad(
                h.host.Name, h.host.Capacity, h.host.Own, h.host.PressureAt(used[h.number]), HostStanding.Accepts, [],
                [.. cluster.ContainersOf[h.number].Concat(moving[h.number]).Select(c => trace.Containers[c].Told)]))]);
    }
}
