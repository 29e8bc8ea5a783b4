using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>
/// How unevenly a cluster is used: per resource the standard deviation of the hosts' utilisation, each host weighed by its capacity, and over the resources the root of the sum of squares. 0 when every host uses the same share of all that it
/// has. Of one move only two hosts' terms change, so that its effect is known without a walk over the others. In double, from sums that no order of the hosts changes but in the last bits. Pure.
/// </summary>
public sealed class Imbalance
{
    private readonly Resources _capacity;
    private readonly Resources _used;
    private Resources _squares;

    /// <param name="hosts">Capacity and use of each host.</param>
    public Imbalance(IEnumerable<(Resources Capacity, Resources Used)> hosts)
    {
        foreach (var (capacity, used) in hosts)
        {
            _capacity += capacity;
            _used += used;
            _squares += new Resources(
                Square(capacity.Cpu, used.Cpu), Square(capacity.Memory, used.Memory), Square(capacity.Disk, used.Disk), Square(capacity.Network, used.Network));
        }
    }

    /// <summary>As things are.</summary>
    public double Value => ValueOf(_squares);

    /// <summary>As it would be after a move.</summary>
    /// <param name="moved">What would be used elsewhere.</param>
    /// <param name="from">Capacity of the host it leaves, and all that is used there now.</param>
    /// <param name="to">The same of the host it goes to.</param>
    public double After(Resources moved, (Resources Capacity, Resources Used) from, (Resources Capacity, Resources Used) to) => ValueOf(_squares + Change(moved, from, to));

    /// <summary>No move of this to any host leaves less: what it would be with one that is used the least and has no end. Far cheaper than asking every host.</summary>
    /// <param name="moved">What would be used elsewhere.</param>
    /// <param name="from">Capacity of the host it leaves, and all that is used there now.</param>
    /// <param name="leastShares">By kind, the smallest utilisation of the hosts that it could go to, 0 to 1 and more.</param>
    public double AtLeastAfter(Resources moved, (Resources Capacity, Resources Used) from, Resources leastShares)
        => ValueOf(_squares + new Resources(
            AtLeast(moved.Cpu, from.Capacity.Cpu, from.Used.Cpu, leastShares.Cpu),
            AtLeast(moved.Memory, from.Capacity.Memory, from.Used.Memory, leastShares.Memory),
            AtLeast(moved.Disk, from.Capacity.Disk, from.Used.Disk, leastShares.Disk),
            AtLeast(moved.Network, from.Capacity.Network, from.Used.Network, leastShares.Network)));

    /// <summary>How far one host is from the mean of all: the root of the sum of squares of its distances, not weighed.</summary>
    public double Distance((Resources Capacity, Resources Used) host)
    {
        var (cpu, memory) = ((host.Used.Cpu / host.Capacity.Cpu) - (_used.Cpu / _capacity.Cpu), (host.Used.Memory / host.Capacity.Memory) - (_used.Memory / _capacity.Memory));
        var (disk, network) = ((host.Used.Disk / host.Capacity.Disk) - (_used.Disk / _capacity.Disk), (host.Used.Network / host.Capacity.Network) - (_used.Network / _capacity.Network));
        return Math.Sqrt((cpu * cpu) + (memory * memory) + (disk * disk) + (network * network));
    }

    /// <summary>Makes a move.</summary>
    public void Make(Resources moved, (Resources Capacity, Resources Used) from, (Resources Capacity, Resources Used) to) => _squares += Change(moved, from, to);

    private static Resources Change(Resources moved, (Resources Capacity, Resources Used) from, (Resources Capacity, Resources Used) to)
        => new(
            Change(moved.Cpu, from.Capacity.Cpu, from.Used.Cpu, to.Capacity.Cpu, to.Used.Cpu),
            Change(moved.Memory, from.Capacity.Memory, from.Used.Memory, to.Capacity.Memory, to.Used.Memory),
            Change(moved.Disk, from.Capacity.Disk, from.Used.Disk, to.Capacity.Disk, to.Used.Disk),
            Change(moved.Network, from.Capacity.Network, from.Used.Network, to.Capacity.Network, to.Used.Network));

    private static double Change(double moved, double fromCapacity, double from, double toCapacity, double to)
        => Square(fromCapacity, from - moved) - Square(fromCapacity, from) + Square(toCapacity, to + moved) - Square(toCapacity, to);

    /// <summary>What is smallest of <see cref="Change(double, double, double, double, double)"/>: what comes to an endless host counts its utilisation only.</summary>
    private static double AtLeast(double moved, double fromCapacity, double from, double leastShare)
        => Square(fromCapacity, from - moved) - Square(fromCapacity, from) + (2 * moved * leastShare);

    /// <summary>Capacity times utilisation squared.</summary>
    private static double Square(double capacity, double used) => used * used / capacity;

    private double ValueOf(Resources squares)
        => Math.Sqrt(
            Variance(squares.Cpu, _used.Cpu, _capacity.Cpu) + Variance(squares.Memory, _used.Memory, _capacity.Memory)
            + Variance(squares.Disk, _used.Disk, _capacity.Disk) + Variance(squares.Network, _used.Network, _capacity.Network));

    /// <summary>Rounding may leave a variance of nothing a hair below it.</summary>
    private static double Variance(double squares, double used, double capacity) => used / capacity is var mean ? Math.Max(0, (squares / capacity) - (mean * mean)) : 0;
}
