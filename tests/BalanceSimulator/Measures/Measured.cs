using ActorMigration.Actors;

namespace ActorMigration.BalanceSimulator;

/// <summary>What came of one strategy: taken once a round from what is really used. <see cref="Campaign"/> fills it.</summary>
internal sealed class Measured
{
    /// <summary>A host of which any resource is used above this share of what it really has is overloaded.</summary>
    public const double Overloaded = 0.9;

    private long _hostRounds;
    private long _overloadedHostRounds;

    /// <summary>By round: <see cref="Imbalance"/> of the hosts that are up.</summary>
    public List<double> Imbalances { get; } = [];

    /// <summary>By round: what the decision took, in seconds.</summary>
    public List<(double Wall, double Cpu)> Calls { get; } = [];

    public double OverloadedShare => _hostRounds == 0 ? 0 : (double)_overloadedHostRounds / _hostRounds;

    public double MeanImbalance => Imbalances.Average();

    /// <summary>Nearest rank.</summary>
    public double HighImbalance => Imbalances.Order().ElementAt((int)Math.Ceiling(0.95 * Imbalances.Count) - 1);

    public void Take(Cluster cluster)
    {
        var used = cluster.Used();
        var up = Enumerable.Range(0, used.Length).Where(h => cluster.Trace.Hosts[h].IsUp).ToArray();
        Imbalances.Add(up.Length == 0 ? 0 : new Imbalance(up.Select(h => (cluster.Trace.Hosts[h].Capacity, used[h]))).Value);
        _hostRounds += up.Length;
        _overloadedHostRounds += up.Count(h => TracedHost.Busiest(used[h], cluster.Trace.Hosts[h].Effective) > Overloaded);
    }
}
