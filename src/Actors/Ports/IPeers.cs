using System.Collections.Immutable;
using ActorMigration.Contracts;
using Akka.Actor;

namespace ActorMigration.Actors;

/// <summary>
/// How actors of this host reach their counterparts: host name to actor, over cluster membership. Read from any actor at any time. Knowledge, not authority:
/// who is a member says nothing about who runs a container.
/// </summary>
public interface IPeers
{
    /// <summary>This host.</summary>
    HostName Self { get; }

    /// <summary>Members that are up and reachable now, in name order; this host always, also when it has not joined.</summary>
    ImmutableArray<HostName> Members { get; }

    /// <summary>
    /// The member that has been one for the longest time, of those that are up and reachable now and of which <paramref name="may"/> holds. Null while this host has not joined, or does not know the name of one that is older.
    /// </summary>
    HostName? Oldest(Func<HostName, bool> may);

    /// <summary>The migrations actor (/user/node/migrations) of a member; null when the host is not a reachable member.</summary>
    ICanTell? Migrations(HostName host);

    /// <summary>The containers actor (/user/node/containers) of a member; null when the host is not a reachable member.</summary>
    ICanTell? Containers(HostName host);

    /// <summary>The doctor actor (/user/node/doctor) of a member; null when the host is not a reachable member.</summary>
    ICanTell? Doctor(HostName host);

    /// <summary>The load actor (/user/node/load) of a member; null when the host is not a reachable member.</summary>
    ICanTell? Load(HostName host);

    /// <summary>The trust actor (/user/node/trust) of a member; null when the host is not a reachable member.</summary>
    ICanTell? Trust(HostName host);

    /// <summary>The balancer actor (/user/node/balancer) of a member; null when the host is not a reachable member.</summary>
    ICanTell? Balancer(HostName host);
}
