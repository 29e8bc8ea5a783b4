using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>
/// How unevenly a cluster is used: per resource the standard deviation of the hosts' utilisation, each host weighed by its capacity, and over the resources the root of the sum of squares. 0 when every host uses the same share of all that it
/// has. Of one move only two hosts' terms change, so that its effect is known without a walk over the others. In double, from sums that no order of the hosts changes but in the last bits. Pure.
/// </summary>
public sealed class Imbalance
{
    private readonly double[] _capacity = new double[Resources.Kinds];
    private readonly double[] _used = new double[Resources.Kinds];
    private readonly double[] _squares = new double[Resources.Kinds];

    /// <param name="hosts">Capacity and use of each host.</param>
    public Imbalance(IEnumerable<(Resources Capacity, Resources Used)> hosts)
    {
        foreach (var (capacity, used) in hosts)
        {
            for (var kind = 0; kind < Resources.Kinds; kind++)
            {
                _capacity[kind] += capacity[kind];
                _used[kind] += used[kind];
                _squares[kind] += Square(capacity[kind], used[kind]);
            }
        }
    }

    /// <summary>As things are.</summary>
    public double Value => ValueWith(static _ => 0);

    /// <summary>As it would be after a move.</summary>
    /// <param name="moved">What would be used elsewhere.</param>
    /// <param name="from">Capacity of the host it leaves, and all that is used there now.</param>
    /// <param name="to">The same of the host it goes to.</param>
    public double After(Resources moved, (Resources Capacity, Resources Used) from, (Resources Capacity, Resources Used) to)
        => ValueWith(kind => Change(kind, moved, from, to));

    /// <summary>Makes a move.</summary>
    public void Make(Resources moved, (Resources Capacity, Resources Used) from, (Resources Capacity, Resources Used) to)
    {
        for (var kind = 0; kind < Resources.Kinds; kind++)
        {
            _squares[kind] += Change(kind, moved, from, to);
        }
    }

    private static double Change(int kind, Resources moved, (Resources Capacity, Resources Used) from, (Resources Capacity, Resources Used) to)
        => Square(from.Capacity[kind], from.Used[kind] - moved[kind]) - Square(from.Capacity[kind], from.Used[kind])
           + Square(to.Capacity[kind], to.Used[kind] + moved[kind]) - Square(to.Capacity[kind], to.Used[kind]);

    /// <summary>Capacity times utilisation squared.</summary>
    private static double Square(double capacity, double used) => used * used / capacity;

    private double ValueWith(Func<int, double> change)
    {
        var sum = 0.0;
        for (var kind = 0; kind < Resources.Kinds; kind++)
        {
            var mean = _used[kind] / _capacity[kind];

            // Rounding may leave a variance of nothing a hair below it.
            sum += Math.Max(0, ((_squares[kind] + change(kind)) / _capacity[kind]) - (mean * mean));
        }

        return Math.Sqrt(sum);
    }
}
