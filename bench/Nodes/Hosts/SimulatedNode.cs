using System.Net;
using ActorMigration.Actors;
using ActorMigration.Actors.Trust;
using ActorMigration.Contracts;
using ActorMigration.Host.Node;
using Akka.Actor;
using Akka.Cluster;
using Microsoft.Extensions.Logging;

namespace ActorMigration.Nodes;

/// <summary>
/// One host: the daemon's actor system (its hocon files, TLS, serializers, lifecycle, peers) with the production balancer, load and console actors. What is below them is simulated: what the kernel counts, and migrations.
/// There are no TPM, voters, containers and HTTP.
/// </summary>
internal sealed class SimulatedNode
{
    /// <summary>Looks are ordered by the run, so that it knows when nobody looks.</summary>
    private static readonly TimeSpan Never = TimeSpan.FromDays(10);

    private readonly PeerCertificates _certificates;

    private SimulatedNode(NodeSettings settings, HoconFiles files, NodeIdentity identity, RunLog log, IBalanceStore store)
    {
        Settings = settings;
        Store = store;
        _certificates = new PeerCertificates(identity.OwnerCa, settings.Seeds);
        System = NodeActorSystem.Create(settings, files, identity, _certificates, log);
        LogBridgeExtension.Of(System).Logger = log;
        Lifecycle = new NodeLifecycle(System, TimeProvider.System, log);
        Peers = new ClusterPeers(System, settings.Host, _certificates);
    }

    public NodeSettings Settings { get; }

    public ActorSystem System { get; }

    public NodeLifecycle Lifecycle { get; }

    public ClusterPeers Peers { get; }

    public IBalanceStore Store { get; }

    public HostName Host => Settings.Host;

    /// <summary>Members that are up and reachable as this node sees them, and how many of them it knows by name.</summary>
    public (int Up, int Unreachable, int Named) Sight
    {
        get
        {
            var state = Cluster.Get(System).State;
            return (state.Members.Count(m => m.Status == MemberStatus.Up), state.Unreachable.Count, Peers.Members.Length);
        }
    }

    public ActorSelection Balancer => System.ActorSelection("/user/node/balancer");

    /// <summary>What the clock of the balancer would tell it.</summary>
    public void Tick() => Balancer.Tell(BalancerActor.TickNow);

    /// <summary>Returns when all its actors are there; the joining goes on.</summary>
    public static async Task<SimulatedNode> StartAsync(HoconFiles files, NodeIdentity identity, SimulatedHosts hosts, RunLog log, IBalanceStore store)
    {
        var node = new SimulatedNode(NodeSettingsReader.Read(files), files, identity, log, store);
        await NodeActors.StartAsync(node.System, children => node.Compose(children, hosts), node.Lifecycle.Fail).ConfigureAwait(false);
        node.System.ActorOf(MemberDialler.Props(node.Peers, node.System), "member-dialler");
        return node;
    }

    /// <summary>As a crash would end it: nobody is told.</summary>
    public Task CrashAsync() => System.Terminate();

    /// <summary>As <see cref="NodeServices"/> does it.</summary>
    private void Compose(IActorRefFactory node, SimulatedHosts hosts)
    {
        var time = TimeProvider.System;
        node.ActorOf(SimulatedMigrations.Props(Host, hosts, Settings.Balance.Policy, time), "migrations");
        node.ActorOf(LoadActor.Props(Host, hosts.SourceOf(Host), Settings.Load, () => HostStanding.Accepts, static _ => null, static _ => Task.FromResult<ContainerObstacle[]>([]), time), "load");
        var console = node.ActorOf(ConsoleActor.Props(Peers, new VoterPoll(new NoVoters(), [.. Settings.Voters.Select(v => v.Host)], Settings.VoterTimes, time), ClusterTrust.None), "console");
        node.ActorOf(BalancerActor.Props(new BalanceServices(Peers, ClusterTrust.None, console, Store, NoDrain.Instance, Settings.Balance.Policy, Settings.Migration.Policy(0, false, false), Never, time)), "balancer");
    }

    private sealed class NoVoters : IVoterClient
    {
        public Task<VoterReply> AskAsync(HostName voter, VoterRequest request, CancellationToken cancel) => throw new VoterUnreachableException(voter, "there are no voters here");
    }
}
