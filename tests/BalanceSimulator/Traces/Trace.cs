using ActorMigration.Contracts;
using ActorMigration.Simulator;

namespace ActorMigration.BalanceSimulator;

/// <summary>
/// What happens to hosts and containers, whoever moves what: all strategies of a run see the same one. Containers are numbered; one that ends is followed by another of its number.
/// </summary>
internal sealed class Trace
{
    /// <summary>Shares of all that there is that the containers of the start use on average.</summary>
    private static readonly Resources Target = new(0.45, 0.45, 0.2, 0.2);

    /// <summary>Largest size of a container, in sizes of the smallest: at least this, and with many containers on a host so many times their number.</summary>
    private const double LeastMost = 30;
    private const double MostPerContainer = 0.6;

    private const int ProbesForAHost = 100;

    /// <summary>When a trace begins, Unix milliseconds; its time of day is drawn.</summary>
    private const long StartUnixMs = 1_800_000_000_000;

    /// <summary>What each thing's own generator is told apart by.</summary>
    private const long OfHosts = 1L << 40;
    private const long OfBirths = 2L << 40;

    private readonly Chance _births;
    private readonly int[] _byWeight;
    private readonly double _startSeconds;

    public Trace(TraceShape shape)
    {
        Shape = shape;
        _births = new Chance(Chance.SeedOf(shape.Seed, OfBirths));
        Hosts = [.. Enumerable.Range(0, shape.Hosts).Select(h => new TracedHost(h, new Chance(Chance.SeedOf(shape.Seed, OfHosts + h))))];
        _byWeight = [.. Enumerable.Range(0, shape.Hosts).SelectMany(h => Enumerable.Repeat(h, Hosts[h].Weight))];
        _startSeconds = 24 * 3600 * _births.Share();
        var most = Math.Max(LeastMost, MostPerContainer * shape.Containers / shape.Hosts);
        Containers = [.. Enumerable.Range(0, shape.Containers).Select(c => new TracedContainer(c, new Chance(Chance.SeedOf(shape.Seed, c)), most))];
        var sizes = Containers.Aggregate(default(Resources), (sum, c) => sum + c.Size);
        var all = Hosts.Aggregate(default(Resources), (sum, h) => sum + h.Capacity);
        var scale = new Resources(Target.Cpu * all.Cpu / sizes.Cpu, Target.Memory * all.Memory / sizes.Memory, Target.Disk * all.Disk / sizes.Disk, Target.Network * all.Network / sizes.Network);
        foreach (var container in Containers)
        {
            container.Scale = scale;
            container.Settle(Place());
            container.Use(_startSeconds);
        }
    }

    public TraceShape Shape { get; }

    public TracedHost[] Hosts { get; }

    public TracedContainer[] Containers { get; }

    /// <summary>Rounds that are over.</summary>
    public int Round { get; private set; }

    public double Seconds => Round * TraceShape.RoundSeconds;

    public long AtUnixMs => StartUnixMs + (long)(Seconds * 1000);

    /// <summary>One round further.</summary>
    public void Advance()
    {
        Round++;
        foreach (var host in Hosts)
        {
            host.Advance();
        }

        foreach (var container in Containers)
        {
            container.Advance();
            if (container.IsNew)
            {
                container.Settle(Place());
            }

            container.Use(_startSeconds + Seconds);
        }
    }

    /// <summary>Where a container begins: anywhere that is up, a larger host more often; nobody looks at how full it is.</summary>
    private int Place()
    {
        var host = _byWeight[_births.Next(_byWeight.Length)];
        for (var probe = 0; probe < ProbesForAHost && !Hosts[host].IsUp; probe++)
        {
            host = _byWeight[_births.Next(_byWeight.Length)];
        }

        return host;
    }
}
