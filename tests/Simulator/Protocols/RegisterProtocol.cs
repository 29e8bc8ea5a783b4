using System.Collections.Immutable;
using ActorMigration.Actors;
using ActorMigration.Contracts;

namespace ActorMigration.Simulator;

/// <summary>The production state machines.</summary>
internal sealed class RegisterProtocol : IProtocol
{
    public static readonly RegisterProtocol Instance = new();

    /// <summary>One round is enough: what rounds cost is not simulated.</summary>
    private static readonly MigrationPolicy Policy = MigrationPolicy.Default with { DowntimeTargetMs = 1_000_000 };

    public bool HasRegister => true;

    public ISide NewSource(AttemptId attempt, SimulatedHost source, HostName destination) => new Source(Fresh(attempt, source, destination));

    public ISide NewDestination(OfferMigration offer, SimulatedHost destination)
        => new Destination(Fresh(offer.Attempt, offer.Fence, destination, offer.SourceHost).Offered(offer));

    public ISide Recovered(OpenAttempt open, SimulatedHost host)
    {
        var r = open.Begun.Registration;
        return open.Begun.Role == AttemptRole.Source
            ? new Source(Fresh(open.Id, host, r.Destination).Recovered(open))
            : new Destination(Fresh(open.Id, r.Register.Fence, host, r.Source).Recovered(open));
    }

    private static SourceMigration Fresh(AttemptId attempt, SimulatedHost source, HostName destination) => new()
    {
        Attempt = attempt,
        Container = World.Container,
        Self = source.Name,
        Destination = destination,
        Policy = Policy,
        Times = AttemptTimes.Default,
        Keys = FakeKeys.Instance,
        NewNonce = static () => World.Digest,
        PolicyDigest = World.Digest,
        LastClosed = source.Journal.LastClosed.GetValueOrDefault(World.Container),
    };

    private static DestinationMigration Fresh(AttemptId attempt, Fence fence, SimulatedHost destination, HostName source) => new()
    {
        Attempt = attempt,
        Container = World.Container,
        Fence = fence,
        Self = destination.Name,
        Source = source,
        Times = AttemptTimes.Default,
        Keys = FakeKeys.Instance,
        TokenIsValid = World.TokenIsValid,
        NewNonce = static () => World.Digest,
        PolicyDigest = World.Digest,
        KeyDigest = World.Digest,
        BootId = $"boot {destination.Boot}",
    };

    private sealed class Source(SourceMigration migration) : ISide
    {
        private SourceMigration _migration = migration;

        public AttemptRole Role => AttemptRole.Source;

        public int State => (int)_migration.State;

        public string StateName => _migration.State.ToString();

        public Fence Fence => _migration.Fence;

        public HostName Other => _migration.Destination;

        public Registration? Registration => _migration.Registration;

        public AttemptDetails Details() => _migration.Details();

        public ImmutableArray<AttemptAction> Step(AttemptEvent happened, DateTimeOffset now)
        {
            (_migration, var actions) = _migration.Step(happened, now);
            return actions;
        }
    }

    private sealed class Destination(DestinationMigration migration) : ISide
    {
        private DestinationMigration _migration = migration;

        public AttemptRole Role => AttemptRole.Destination;

        public int State => (int)_migration.State;

        public string StateName => _migration.State.ToString();

        public Fence Fence => _migration.Fence;

        public HostName Other => _migration.Source;

        public Registration? Registration => _migration.Registration;

        public AttemptDetails Details() => _migration.Details();

        public ImmutableArray<AttemptAction> Step(AttemptEvent happened, DateTimeOffset now)
        {
            (_migration, var actions) = _migration.Step(happened, now);
            return actions;
        }
    }
}
