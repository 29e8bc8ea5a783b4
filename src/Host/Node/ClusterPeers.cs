using System.Collections.Immutable;
using System.Net;
using ActorMigration.Actors;
using ActorMigration.Contracts;
using Akka.Actor;
using Akka.Cluster;

namespace ActorMigration.Host.Node;

/// <summary>
/// Host names to actors of other daemons, over cluster membership. A member's name is what it says by its role, and is believed
/// only while it agrees with the certificate that was shown when we dialled its address.
/// </summary>
public sealed class ClusterPeers(ActorSystem system, HostName self, PeerCertificates certificates) : IPeers
{
    private readonly Cluster _cluster = Cluster.Get(system);

    public HostName Self => self;

    public ImmutableArray<HostName> Members
    {
        get
        {
            var state = _cluster.State;
            return [.. state.Members
                .Where(member => member.Status == MemberStatus.Up && !state.Unreachable.Contains(member))
                .Select(NameOf).OfType<HostName>()
                .Append(self)
                .Distinct()
                .OrderBy(host => host.Value, StringComparer.Ordinal)];
        }
    }

    public HostName? Oldest(Func<HostName, bool> may)
    {
        var state = _cluster.State;
        Member? oldest = null;
        foreach (var member in state.Members.Where(member => member.Status == MemberStatus.Up && !state.Unreachable.Contains(member) && (NameOf(member) is not { } name || may(name))))
        {
            oldest = oldest is null || member.IsOlderThan(oldest) ? member : oldest;
        }

        return oldest is null ? null : NameOf(oldest);
    }

    public ICanTell? Migrations(HostName host) => Select(host, "migrations");

    public ICanTell? Containers(HostName host) => Select(host, "containers");

    public ICanTell? Doctor(HostName host) => Select(host, "doctor");

    public ICanTell? Load(HostName host) => Select(host, "load");

    public ICanTell? Trust(HostName host) => Select(host, "trust");

    public ICanTell? Balancer(HostName host) => Select(host, "balancer");

    /// <summary>All members as the operator sees them, this host included.</summary>
    public IEnumerable<(Member Member, HostName? Name, bool Reachable)> Describe()
    {
        var state = _cluster.State;
        return state.Members.Select(member => (member, NameOf(member), !state.Unreachable.Contains(member)));
    }

    /// <summary>Members that are up and reachable, and have not been dialled yet.</summary>
    internal IEnumerable<Address> Nameless()
    {
        var state = _cluster.State;
        return state.Members.Where(member => member.Status == MemberStatus.Up && !state.Unreachable.Contains(member) && NameOf(member) is null).Select(member => member.Address);
    }

    private ActorSelection? Select(HostName host, string actor)
    {
        if (host == self)
        {
            // Whatever the cluster thinks of it: a host that has not joined, or is cut off, still answers for what is on it.
            return system.ActorSelection($"/user/{NodeSupervisor.Name}/{actor}");
        }

        var state = _cluster.State;
        var found = state.Members.Where(member => member.Status == MemberStatus.Up && !state.Unreachable.Contains(member) && NameOf(member) == host).ToArray();
        // Two members of one name would be two daemons of one host, or a liar: neither is asked.
        return found is [var only] ? system.ActorSelection(new RootActorPath(only.Address) / "user" / "node" / actor) : null;
    }

    private HostName? NameOf(Member member)
    {
        var names = member.Roles.Where(role => role.StartsWith(NodeActorSystem.HostRole, StringComparison.Ordinal)).ToArray();
        if (names is not [var only] || only[NodeActorSystem.HostRole.Length..] is var name && !HostName.IsValid(name))
        {
            return null;
        }

        var said = new HostName(only[NodeActorSystem.HostRole.Length..]);
        return member.Address.Equals(_cluster.SelfAddress) || Dialled(member.Address) == said ? said : null;
    }

    private HostName? Dialled(Address address)
        => address is { Host: { } host, Port: { } port } && IPAddress.TryParse(host, out var ip) ? certificates.DialledAt(new IPEndPoint(ip, port)) : null;
}
