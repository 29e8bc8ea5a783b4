using System.Collections.Immutable;
using ActorMigration.Contracts;
using Akka.Actor;

namespace ActorMigration.Actors.Tests.Console;

/// <summary>The members that a console sees, host a among them, and which of their actors there are.</summary>
internal sealed class ConsolePeers(ImmutableArray<HostName> members) : IPeers
{
    public HostName Self { get; } = new("a");

    public ImmutableArray<HostName> Members => members;

    internal Dictionary<HostName, ICanTell> OfContainers { get; init; } = [];

    internal Dictionary<HostName, ICanTell> OfDoctors { get; init; } = [];

    internal Dictionary<HostName, ICanTell> OfLoads { get; init; } = [];

    internal Dictionary<HostName, ICanTell> OfBalancers { get; init; } = [];

    internal Dictionary<HostName, ICanTell> OfMigrations { get; init; } = [];

    internal Dictionary<HostName, ICanTell> OfTrust { get; init; } = [];

    /// <summary>The oldest member; null when its name is not known.</summary>
    internal HostName? Oldest { get; set; } = new("a");

    /// <summary>The oldest that may be it: the others are younger, in the order of their names.</summary>
    HostName? IPeers.Oldest(Func<HostName, bool> may)
        => Oldest is { } first ? members.OrderBy(m => m != first).Where(may).Select(m => (HostName?)m).FirstOrDefault() : null;

    public ICanTell? Trust(HostName host) => OfTrust.GetValueOrDefault(host);

    public ICanTell? Migrations(HostName host) => OfMigrations.GetValueOrDefault(host);

    public ICanTell? Containers(HostName host) => OfContainers.GetValueOrDefault(host);

    public ICanTell? Doctor(HostName host) => OfDoctors.GetValueOrDefault(host);

    public ICanTell? Load(HostName host) => OfLoads.GetValueOrDefault(host);

    public ICanTell? Balancer(HostName host) => OfBalancers.GetValueOrDefault(host);
}
