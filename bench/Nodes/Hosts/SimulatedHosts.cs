using ActorMigration.Actors;
using ActorMigration.Contracts;
using ActorMigration.Simulator;

namespace ActorMigration.Nodes;

/// <summary>All hosts of a run and what runs on them. From a seed: on average 45 % of CPU and memory and 20 % of disk and network is used, one host half or one and a half times as much as another. Thread-safe.</summary>
internal sealed class SimulatedHosts
{
    /// <summary>What each host has: the capacities of disk and network are those that the defaults of hocon/30-amig.conf give.</summary>
    private static readonly Resources Capacity = new(32, 32e9, 200.0 * (1 << 20), 125e6);

    private static readonly Resources Shares = new(0.45, 0.45, 0.2, 0.2);

    private readonly Lock _gate = new();
    private readonly Dictionary<HostName, List<SimulatedContainer>> _hosts = [];
    private readonly TimeProvider _clock;
    private int _moves;

    public SimulatedHosts(Shape shape, TimeProvider clock)
    {
        _clock = clock;
        var chance = new Chance(shape.Seed);
        foreach (var host in Enumerable.Range(1, shape.Hosts).Select(Name))
        {
            var busy = 0.5 + chance.Share();
            _hosts[host] = [.. Enumerable.Range(1, shape.Containers).Select(c => new SimulatedContainer(new ContainerName($"{host}-c{c}"), new Fence(1, 1), Draw(chance, busy / shape.Containers)))];
        }
    }

    /// <summary>The name of the host of a number, from 1 on.</summary>
    public static HostName Name(int number) => new($"h{number}");

    /// <summary>Moves that were made.</summary>
    public int Moves => _moves;

    /// <summary>What a host's load monitor reads.</summary>
    public ILoadSource SourceOf(HostName host) => new Source(this, host);

    /// <summary>Null when it is not there at this fence.</summary>
    public SimulatedContainer? Find(HostName host, ContainerName container, Fence fence)
    {
        lock (_gate)
        {
            return _hosts[host].Find(c => c.Name == container && c.Fence == fence);
        }
    }

    /// <summary>The container runs at its new place from now on.</summary>
    public void Move(SimulatedContainer container, HostName from, HostName to)
    {
        lock (_gate)
        {
            if (_hosts[from].Remove(container))
            {
                _hosts[to].Add(container with { Fence = new Fence(container.Fence.Epoch + 1, 1) });
                _moves++;
            }
        }
    }

    private static Resources Draw(Chance chance, double size)
    {
        double Share(double share) => share * size * (0.5 + chance.Share());
        return new Resources(Capacity.Cpu * Share(Shares.Cpu), Capacity.Memory * Share(Shares.Memory), Capacity.Disk * Share(Shares.Disk), Capacity.Network * Share(Shares.Network));
    }

    private SimulatedContainer[] On(HostName host)
    {
        lock (_gate)
        {
            return [.. _hosts[host]];
        }
    }

    /// <summary>Counters that go on at the rates of what is there. Called once at a time.</summary>
    private sealed class Source(SimulatedHosts hosts, HostName host) : ILoadSource
    {
        private readonly long _began = hosts._clock.GetTimestamp();
        private Resources _counted;
        private TimeSpan _at;

        public Task<LoadSample> SampleAsync(CancellationToken cancel)
        {
            var (at, containers) = (hosts._clock.GetElapsedTime(_began), hosts.On(host));
            var (seconds, used) = ((at - _at).TotalSeconds, containers.Aggregate(default(Resources), (sum, c) => sum + c.Used));
            _at = at;
            _counted += new Resources(used.Cpu * seconds, 0, used.Disk * seconds, used.Network * seconds);
            return Task.FromResult(new LoadSample(
                at,
                new HostCounters(Capacity.Cpu, _counted.Cpu, Capacity.Memory, used.Memory, _counted.Disk, _counted.Network, Capacity.Network, null),
                [.. containers.Select(c => Counters(c, at.TotalSeconds, seconds))]));
        }

        private static ContainerCounters Counters(SimulatedContainer container, double at, double seconds)
        {
            var used = container.Used;
            return new ContainerCounters(container.Name, container.Fence, ContainerPlacement.Anywhere, used.Cpu * at, used.Memory, used.Disk * at, used.Network * at, used.Memory, container.Written * seconds);
        }
    }
}
