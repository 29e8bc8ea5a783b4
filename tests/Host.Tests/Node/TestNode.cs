using ActorMigration.Contracts;
using ActorMigration.Host.Node;
using Akka.Actor;
using Akka.Cluster;
using Microsoft.Extensions.Logging.Abstractions;

namespace ActorMigration.Host.Tests.Node;

/// <summary>The actor system of one host as the daemon makes it, on an address of its own in 127.0.0.0/8; nothing above it.</summary>
internal sealed class TestNode : IAsyncDisposable
{
    private readonly NodeIdentity _identity;

    private TestNode(NodeSettings settings, ActorSystem system, NodeIdentity identity, PeerCertificates certificates)
    {
        Settings = settings;
        System = system;
        _identity = identity;
        Lifecycle = new NodeLifecycle(system, TimeProvider.System, NullLogger.Instance);
        Peers = new ClusterPeers(system, settings.Host, certificates);
    }

    internal NodeSettings Settings { get; }

    internal ActorSystem System { get; }

    internal NodeLifecycle Lifecycle { get; }

    internal ClusterPeers Peers { get; }

    internal static TestNode Start(NodeIdentity identity, string host, string address, int port, params (string Host, string Address)[] seeds)
    {
        var files = NodeSettingsSpec.With($$"""
            amig {
              host = "{{host}}"
              address = "{{address}}"
              remote.port = {{port}}
              seeds = [{{string.Join(", ", seeds.Select(seed => $"\"{seed.Host}@{seed.Address}:{port}\""))}}]
              voters = ["{{host}}={{address}}:7072", "v1=192.0.2.1:7072", "v2=192.0.2.2:7072"]
              network { bridge = "amig0", uplink = "eth1" }
            }
            # The same cluster, only quicker: times that a test would otherwise wait for.
            akka.cluster {
              seed-node-timeout = 1 s
              retry-unsuccessful-join-after = 500 ms
              gossip-interval = 200 ms
              leader-actions-interval = 200 ms
              failure-detector.acceptable-heartbeat-pause = 3 s
              split-brain-resolver.stable-after = 2 s
            }
            akka.loglevel = OFF
            akka.stdout-loglevel = OFF
            """);
        var settings = NodeSettingsReader.Read(files);
        var certificates = new PeerCertificates(identity.OwnerCa, settings.Seeds);
        return new TestNode(settings, NodeActorSystem.Create(settings, files, identity, certificates, NullLogger.Instance), identity, certificates);
    }

    /// <summary>Waits until this node sees exactly these hosts up and reachable.</summary>
    internal async Task SeesAsync(TimeSpan patience, params string[] hosts)
    {
        using var deadline = new CancellationTokenSource(patience);
        var changed = new SemaphoreSlim(0);
        var watch = System.ActorOf(Props.Create(() => new Watch(changed)));
        var wanted = hosts.Select(host => new HostName(host)).ToArray();
        try
        {
            while (!Peers.Members.SequenceEqual(wanted))
            {
                // A name becomes known when its address has been dialled, which is no cluster event: look again soon all the same.
                await changed.WaitAsync(TimeSpan.FromMilliseconds(100), deadline.Token);
            }
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"{Settings.Host} sees [{string.Join(", ", Peers.Members)}] after {patience.TotalSeconds} s, not [{string.Join(", ", hosts)}]; cluster: {Cluster.Get(System).State}");
        }
        finally
        {
            System.Stop(watch);
        }
    }

    /// <summary>Ends the system as a crash would: nobody is told.</summary>
    internal async Task KillAsync()
    {
        await System.Terminate();
        _identity.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await System.Terminate();
        _identity.Dispose();
    }

    private sealed class Watch : ReceiveActor
    {
        public Watch(SemaphoreSlim changed)
        {
            Receive<ClusterEvent.IClusterDomainEvent>(_ => changed.Release());
            Cluster.Get(Context.System).Subscribe(Self, ClusterEvent.InitialStateAsEvents, typeof(ClusterEvent.IClusterDomainEvent));
        }
    }
}
