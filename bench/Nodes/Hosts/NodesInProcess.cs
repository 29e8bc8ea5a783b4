using System.Net;
using ActorMigration.Contracts;
using ActorMigration.Host.Node;

namespace ActorMigration.Nodes;

/// <summary>All nodes of a run, each at an address of its own in 127.0.0.0/8. The first three are seeds.</summary>
internal sealed class NodesInProcess : IAsyncDisposable
{
    private const int Port = 7070;
    private const int Seeds = 3;

    /// <summary>Hosts with addresses that differ in the last byte only.</summary>
    private const int Block = 250;

    private readonly Shape _shape;
    private readonly string _directory;
    private readonly NodeCertificates _certificates;
    private readonly (string Name, string Text)[] _shipped;

    public NodesInProcess(Shape shape, string directory)
    {
        (_shape, _directory) = (shape, directory);
        _certificates = new NodeCertificates(Path.Combine(directory, "ca"));
        Hosts = new SimulatedHosts(shape, TimeProvider.System);
        _shipped = [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "hocon"), "*.conf").Order(StringComparer.Ordinal).Select(file => (Path.GetFileName(file), File.ReadAllText(file)))];
    }

    public List<SimulatedNode> Nodes { get; } = [];

    public SimulatedHosts Hosts { get; }

    public RunLog Log { get; } = new();

    public ClusterEvents Events { get; } = new();

    /// <summary>Who balances, as the most nodes see it.</summary>
    public SimulatedNode? Acting => Nodes.Select(n => n.Peers.Oldest(static _ => true)).OfType<HostName>().GroupBy(h => h).MaxBy(g => g.Count()) is { } most ? Nodes.Find(n => n.Host == most.Key) : null;

    public static IPEndPoint EndPoint(HostName host)
    {
        var number = int.Parse(host.Value.AsSpan(1), System.Globalization.CultureInfo.InvariantCulture) - 1;
        return new IPEndPoint(new IPAddress([127, 77, (byte)(number / Block), (byte)((number % Block) + 1)]), Port);
    }

    /// <summary>Starts all nodes, one after the other, as fast as this machine makes them.</summary>
    public async Task StartAsync()
    {
        foreach (var host in Enumerable.Range(1, _shape.Hosts).Select(SimulatedHosts.Name))
        {
            var (address, state) = (EndPoint(host).Address, Directory.CreateDirectory(Path.Combine(_directory, host.Value)).FullName);
            var node = await SimulatedNode.StartAsync(
                HoconFiles.FromTexts([.. _shipped, ("own.conf", Own(host, address))]), _certificates.Issue(host, address), Hosts, Log, new NotedStore(state, Log, TimeProvider.System)).ConfigureAwait(false);
            Events.Watch(node.System);
            Nodes.Add(node);
        }
    }

    /// <summary>True when every node sees all others up and reachable.</summary>
    public bool IsFormed => Nodes.TrueForAll(n => n.Sight is var sight && sight.Up == Nodes.Count && sight.Unreachable == 0);

    /// <summary>Mean share of the members that a node knows by name.</summary>
    public double NamedShare => Nodes.Average(n => n.Sight.Named) / Nodes.Count;

    public async Task CrashAsync(SimulatedNode node)
    {
        Nodes.Remove(node);
        await node.CrashAsync().ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(Nodes.Select(n => n.CrashAsync())).ConfigureAwait(false);
        _certificates.Dispose();
    }

    /// <summary>Only what each host's own file has to give, and one key that makes Akka tell how large its messages are.</summary>
    private static string Own(HostName host, IPAddress address)
    {
        var first = Enumerable.Range(1, Seeds).Select(SimulatedHosts.Name).ToArray();
        return $$"""
            amig {
              host = "{{host}}"
              address = "{{address}}"
              seeds = [{{string.Join(", ", first.Select(seed => $"\"{seed}@{EndPoint(seed)}\""))}}]
              voters = [{{string.Join(", ", first.Select(voter => $"\"{voter}={EndPoint(voter).Address}:7072\""))}}]
              network { bridge = "amig0", uplink = "eth1" }
            }
            akka.remote.log-frame-size-exceeding = 1000b
            """;
    }
}
