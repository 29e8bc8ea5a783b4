using System.Net;
using System.Net.Sockets;
using ActorMigration.Contracts;
using ActorMigration.Host.Node;
using Akka.Actor;

namespace ActorMigration.Host.Tests.Node;

/// <summary>Three real actor systems with TLS on the loopback net, as the daemon makes them.</summary>
public sealed class ClusterSpec : IAsyncLifetime, IDisposable
{
    private static readonly TimeSpan Join = TimeSpan.FromSeconds(15);

    private readonly TestAuthority _owner = new();
    private readonly int _port = FreePort();
    private readonly List<TestNode> _nodes = [];
    private readonly (string Host, string Address)[] _seeds;

    public ClusterSpec()
    {
        // An address block of its own for each test instance, so that neither a parallel run nor a lab on this machine is met.
        var block = Random.Shared.Next(20, 250);
        _seeds = [("h1", $"127.{block}.0.1"), ("h2", $"127.{block}.0.2"), ("h3", $"127.{block}.0.3")];
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }
    }

    public void Dispose() => _owner.Dispose();

    [Fact]
    public async Task Three_hosts_find_each_other_by_name_and_exchange_contract_messages()
    {
        var (h1, h2, h3) = await StartThreeAsync();
        var containers = new HostContainers(new HostName("h3"), true, [new ContainerStatus(new ContainerName("redis"), new Fence(7, 2), ContainerState.Running, 42, "sha256:00", "10.0.0.9", 1 << 20)]);
        await StartContainersActorAsync(h3, containers);

        foreach (var asker in new[] { h1, h2, h3 })
        {
            var answer = await asker.Peers.Containers(new HostName("h3"))!.Ask<HostContainers>(new ListContainers(), TimeSpan.FromSeconds(5));
            Assert.Equal(containers.Containers, answer.Containers);
        }

        Assert.Null(h1.Peers.Containers(new HostName("h4")));
    }

    [Fact]
    public async Task A_host_that_has_not_joined_answers_for_itself()
    {
        // Only the first seed can form a cluster by itself.
        Start(1);
        var h2 = _nodes[0];
        var mine = new HostContainers(new HostName("h2"), true, []);
        await StartContainersActorAsync(h2, mine);

        Assert.Equal(new HostName("h2"), Assert.Single(h2.Peers.Members));
        Assert.Equal(mine.Host, (await h2.Peers.Containers(new HostName("h2"))!.Ask<HostContainers>(new ListContainers(), TimeSpan.FromSeconds(5))).Host);
        Assert.Null(h2.Peers.Containers(new HostName("h1")));
    }

    [Fact]
    public async Task A_peer_can_neither_kill_an_actor_nor_send_what_is_no_contract()
    {
        var (h1, _, h3) = await StartThreeAsync();
        var answer = new HostContainers(new HostName("h3"), true, []);
        await StartContainersActorAsync(h3, answer);
        var target = h1.Peers.Containers(new HostName("h3"))!;

        target.Tell(PoisonPill.Instance, ActorRefs.NoSender);
        target.Tell(Kill.Instance, ActorRefs.NoSender);
        target.Tell(new Uri("http://not.a.contract"), ActorRefs.NoSender);
        target.Tell(new System.IO.DirectoryInfo("/"), ActorRefs.NoSender);

        // Messages of one sender to one receiver keep their order: when this one is answered, those above have had their effect.
        Assert.Equal(answer.Host, (await target.Ask<HostContainers>(new ListContainers(), TimeSpan.FromSeconds(5))).Host);
    }

    [Fact]
    public async Task A_host_of_another_owner_is_not_let_in_and_the_others_stay()
    {
        var (h1, h2, h3) = await StartThreeAsync();
        using var stranger = new TestAuthority();
        var block = _seeds[0].Address[.._seeds[0].Address.LastIndexOf('.')];
        using var forged = stranger.Issue("h4", $"{block}.4");
        // It trusts the real owner, so that it is the members' check that is tested and not its own.
        var rogue = TestNode.Start(new NodeIdentity(forged.Certificate, _owner.Certificate), "h4", $"{block}.4", _port, _seeds);
        try
        {
            await Assert.ThrowsAsync<Xunit.Sdk.FailException>(() => rogue.SeesAsync(TimeSpan.FromSeconds(3), "h1", "h2", "h3", "h4"));
            await AllSeeAsync([h1, h2, h3], "h1", "h2", "h3");
        }
        finally
        {
            await rogue.System.Terminate();
        }
    }

    /// <summary>
    /// Akka.Remote shuts a healthy node down when a TLS handshake fails that it began itself: whoever gets hold of one address of
    /// the cluster could end every daemon. Ours veto it.
    /// </summary>
    [Fact]
    public async Task A_listener_with_a_wrong_certificate_on_the_address_of_a_dead_host_ends_nobody()
    {
        var (h1, h2, h3) = await StartThreeAsync();
        await h2.KillAsync();
        using var stranger = new TestAuthority();
        using var forged = stranger.Issue("h2", _seeds[1].Address);
        await using (var rogue = new RogueListener(new IPEndPoint(IPAddress.Parse(_seeds[1].Address), _port), forged))
        {
            await rogue.RefusedAsync(TimeSpan.FromSeconds(15), handshakes: 2);
            await AllSeeAsync([h1, h3], "h1", "h3");
            Assert.False(h1.Lifecycle.Ended.IsCompleted);
            Assert.False(h3.Lifecycle.Ended.IsCompleted);
            Assert.False(h1.System.WhenTerminated.IsCompleted);
            Assert.False(h3.System.WhenTerminated.IsCompleted);
        }

        Start(1);
        await AllSeeAsync([h1, h3, _nodes[^1]], "h1", "h2", "h3");
    }

    [Fact]
    public async Task A_host_that_stops_leaves_at_once_and_a_second_daemon_on_its_port_is_refused()
    {
        var (h1, h2, h3) = await StartThreeAsync();
        var taken = Assert.Throws<SettingsException>(() => Start(2));
        Assert.Contains("amig.remote.port", taken.Message, StringComparison.Ordinal);

        await h3.Lifecycle.StopAsync(TimeSpan.FromSeconds(10));

        await AllSeeAsync([h1, h2], "h1", "h2");
        Assert.True(h3.System.WhenTerminated.IsCompleted);
    }

    private async Task<(TestNode H1, TestNode H2, TestNode H3)> StartThreeAsync()
    {
        for (var i = 0; i < _seeds.Length; i++)
        {
            Start(i);
        }

        await AllSeeAsync(_nodes, "h1", "h2", "h3");
        return (_nodes[0], _nodes[1], _nodes[2]);
    }

    private void Start(int index)
    {
        var (host, address) = _seeds[index];
        _nodes.Add(TestNode.Start(_owner.Issue(host, address), host, address, _port, _seeds));
    }

    private static Task AllSeeAsync(IEnumerable<TestNode> nodes, params string[] hosts) => Task.WhenAll(nodes.Select(node => node.SeesAsync(Join, hosts)));

    private static Task<IActorRef> StartContainersActorAsync(TestNode node, HostContainers answer)
        => NodeActors.StartAsync(node.System, children => children.ActorOf(Props.Create(() => new Answering(answer)), "containers"), node.Lifecycle.Fail);

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private sealed class Answering : ReceiveActor
    {
        public Answering(HostContainers answer) => Receive<ListContainers>(_ => Sender.Tell(answer));
    }
}
