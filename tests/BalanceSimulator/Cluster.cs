using ActorMigration.Actors;
using ActorMigration.Contracts;
using ActorMigration.Simulator;

namespace ActorMigration.BalanceSimulator;

/// <summary>
/// Where the containers of a trace are when one strategy moves them: the mechanism that every strategy has the same of. A container that is moved stays where it is until the move ends. Each round <see cref="Campaign"/> calls <see cref="Follow"/>,
/// then the strategy <see cref="Order"/>.
/// </summary>
internal sealed class Cluster
{
    /// <summary>Share of moves that fail.</summary>
    private const double FailedShare = 0.05;

    /// <summary>A move takes what was predicted times something between these; one in ten twice that.</summary>
    private const double LeastTime = 0.7;
    private const double MostTime = 1.3;
    private const int OneSlowIn = 10;

    /// <summary>Within so many seconds a container that comes back counts as one that was moved in vain.</summary>
    public const double PingPongSeconds = 3600;

    /// <summary>Moves of one container that have their own luck; more begin anew.</summary>
    private const int Attempts = 1024;
    private const long OfAttempts = 3L << 40;

    private readonly Limits _limits;
    private readonly double _streamBytesPerSecond;
    private readonly List<Transfer> _underWay = [];
    private readonly Transfer?[] _transferOf;
    private readonly int[] _attempts;
    private readonly List<(int Host, double AtSeconds)>?[] _left;
    private readonly int[] _in;
    private readonly int[] _out;

    public Cluster(Trace trace, Limits limits, double streamBytesPerSecond)
    {
        (Trace, _limits, _streamBytesPerSecond) = (trace, limits, streamBytesPerSecond);
        var (hosts, containers) = (trace.Hosts.Length, trace.Containers.Length);
        HostOf = [.. trace.Containers.Select(c => c.Born)];
        Planned = new Resources[hosts];
        ContainersOf = [.. Enumerable.Range(0, hosts).Select(_ => new List<int>())];
        (_transferOf, _attempts, _left) = (new Transfer?[containers], new int[containers], new List<(int, double)>?[containers]);
        (_in, _out) = (new int[hosts], new int[hosts]);
    }

    public Trace Trace { get; }

    /// <summary>Number of the host of each container.</summary>
    public int[] HostOf { get; }

    /// <summary>By host: what strategies are told that is used there, with what is under way counted as arrived; zero where the host is down.</summary>
    public Resources[] Planned { get; }

    /// <summary>By host, in the order of their numbers: those that are there and are not under way.</summary>
    public List<int>[] ContainersOf { get; }

    public IReadOnlyList<Transfer> UnderWay => _underWay;

    /// <summary>All that were ever ordered.</summary>
    public List<Transfer> Orders { get; } = [];

    /// <summary>How many more moves may begin.</summary>
    public int Free => _limits.Moves - _underWay.Count;

    /// <summary>Moves ordered, and of these: failed, gone back to a host that was left within the hour.</summary>
    public int Moves => Orders.Count;

    public int Failed { get; private set; }

    public int PingPongs { get; private set; }

    /// <summary>Seconds of all stops, and bytes, as predicted when they were ordered.</summary>
    public double StopSeconds { get; private set; }

    public double Bytes { get; private set; }

    /// <summary>Takes over what has happened in the trace since the last round, and ends the moves whose time has come.</summary>
    public IReadOnlyList<Ended> Follow()
    {
        var ended = new List<Ended>();
        for (var container = 0; container < HostOf.Length; container++)
        {
            if (Trace.Containers[container].IsNew)
            {
                Forget(container);
            }
        }

        foreach (var transfer in _underWay.ToArray())
        {
            if (!Trace.Hosts[transfer.From].IsUp || !Trace.Hosts[transfer.To].IsUp)
            {
                ended.Add(End(transfer, false));
            }
            else if (transfer.EndsAtSeconds <= Trace.Seconds)
            {
                ended.Add(End(transfer, !transfer.WillFail));
            }
        }

        Look();
        return ended;
    }

    /// <summary>True where a move would be begun: both hosts are up, the container may be moved and is not, its memory has room, and the limits leave one more.</summary>
    public bool Allows(int container, int to)
    {
        var (from, told) = (HostOf[container], Trace.Containers[container].Told);
        return from != to && Free > 0 && _transferOf[container] is null && Trace.Hosts[from].IsUp && Trace.Hosts[to].IsUp && !told.Placement.Pinned
            && _out[from] < _limits.Out && _in[to] < _limits.In
            && Planned[to].Memory + told.Used.Memory <= Trace.Hosts[to].Capacity.Memory
            && (told.Placement.ApartFrom.Length == 0 || !IsNextTo(told.Placement.ApartFrom, to));
    }

    /// <summary>True where one more may come, or go.</summary>
    public bool HasRoomFor(int host) => Trace.Hosts[host].IsUp && _in[host] < _limits.In;

    public bool MayLose(int host) => Trace.Hosts[host].IsUp && _out[host] < _limits.Out;

    /// <summary>Begins a move that <see cref="Allows"/> allows.</summary>
    /// <exception cref="InvalidOperationException">It does not: the strategy has a defect.</exception>
    public void Order(int container, int to)
    {
        if (!Allows(container, to))
        {
            throw new InvalidOperationException($"container {container} may not be moved to host {to}");
        }

        var cost = MovePrice.Of(Trace.Containers[container].Told, _streamBytesPerSecond);
        var luck = new Chance(Chance.SeedOf(Trace.Shape.Seed, OfAttempts + ((long)container * Attempts) + (_attempts[container]++ % Attempts)));
        var fails = luck.Share() < FailedShare;
        var factor = (LeastTime + ((MostTime - LeastTime) * luck.Share())) * (luck.Once(OneSlowIn) ? 2 : 1);
        var transfer = new Transfer(container, Trace.Containers[container].Told.Name, HostOf[container], to, Trace.Seconds, Trace.Seconds + (cost.Seconds * factor), fails, cost);
        _transferOf[container] = transfer;
        _underWay.Add(transfer);
        Orders.Add(transfer);
        _out[transfer.From]++;
        _in[to]++;
        (StopSeconds, Bytes) = (StopSeconds + cost.StopSeconds, Bytes + cost.Bytes);
        Plan(transfer);
        ContainersOf[transfer.From].Remove(container);
    }

    /// <summary>Where a container is at once, without a move: for the bound that knows no cost.</summary>
    public void Put(int container, int to)
    {
        ContainersOf[HostOf[container]].Remove(container);
        ContainersOf[to].Add(container);
        HostOf[container] = to;
    }

    /// <summary>By host: what is really used; zero where the host is down.</summary>
    public Resources[] Used()
    {
        var used = new Resources[Trace.Hosts.Length];
        for (var host = 0; host < used.Length; host++)
        {
            used[host] = Trace.Hosts[host].IsUp ? Trace.Hosts[host].Own : default;
        }

        for (var container = 0; container < HostOf.Length; container++)
        {
            if (Trace.Hosts[HostOf[container]].IsUp)
            {
                used[HostOf[container]] += Trace.Containers[container].Used;
            }
        }

        return used;
    }

    private bool IsNextTo(string apartFrom, int host)
        => ContainersOf[host].Exists(c => Trace.Containers[c].Told.Placement.ApartFrom == apartFrom)
           || _underWay.Exists(t => t.To == host && Trace.Containers[t.Container].Told.Placement.ApartFrom == apartFrom);

    /// <summary>A new container has begun in the place of another.</summary>
    private void Forget(int container)
    {
        if (_transferOf[container] is { } transfer)
        {
            Remove(transfer);
        }

        (HostOf[container], _left[container]) = (Trace.Containers[container].Born, null);
    }

    private Ended End(Transfer transfer, bool succeeded)
    {
        Remove(transfer);
        if (!succeeded)
        {
            Failed++;
            return new Ended(transfer, false);
        }

        var left = _left[transfer.Container] ??= [];
        PingPongs += left.Exists(l => l.Host == transfer.To && Trace.Seconds - l.AtSeconds < PingPongSeconds) ? 1 : 0;
        left.Add((transfer.From, Trace.Seconds));
        HostOf[transfer.Container] = transfer.To;
        return new Ended(transfer, true);
    }

    private void Remove(Transfer transfer)
    {
        _underWay.Remove(transfer);
        _transferOf[transfer.Container] = null;
        _out[transfer.From]--;
        _in[transfer.To]--;
    }

    private void Look()
    {
        for (var host = 0; host < Planned.Length; host++)
        {
            ContainersOf[host].Clear();
            Planned[host] = Trace.Hosts[host].IsUp ? Trace.Hosts[host].Own : default;
        }

        for (var container = 0; container < HostOf.Length; container++)
        {
            var host = HostOf[container];
            if (Trace.Hosts[host].IsUp)
            {
                Planned[host] += Trace.Containers[container].Told.Used;
                if (_transferOf[container] is null)
                {
                    ContainersOf[host].Add(container);
                }
            }
        }

        _underWay.ForEach(Plan);
    }

    private void Plan(Transfer transfer)
    {
        var used = Trace.Containers[transfer.Container].Told.Used;
        Planned[transfer.From] -= used;
        Planned[transfer.To] += used;
    }
}
