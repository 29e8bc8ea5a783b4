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

    public HostName? Oldest { get; set; } = new("a");

    public ICanTell? Migrations(HostName host) => OfMigrations.GetValueOrDefault(host);

    public ICanTell? Containers(HostName host) => OfContainers.GetValueOrDefault(host);

    public ICanTell? Doctor(HostName host) => OfDoctors.GetValueOrDefault(host);

    public ICanTell? Load(HostName host) => OfLoads.GetValueOrDefault(host);

    public ICanTell? Balancer(HostName host) => OfBalancers.GetValueOrDefault(host);
}
