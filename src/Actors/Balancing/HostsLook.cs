using System.Collections.Immutable;
using ActorMigration.Actors.Trust;
using ActorMigration.Contracts;
using Akka.Actor;
using Akka.Event;

namespace ActorMigration.Actors;

/// <summary>What one look at all hosts has shown.</summary>
/// <param name="Snapshot">The loads that can be planned with.</param>
/// <param name="Unusable">Why others cannot.</param>
/// <param name="Modes">What the other balancers know of the mode.</param>
/// <param name="Members">Who was asked.</param>
/// <param name="Attempts">All that the hosts tell of; null where they were not asked.</param>
/// <param name="Began">Timestamp.</param>
internal sealed record HostsLooked(
    LoadSnapshot Snapshot, ImmutableArray<string> Unusable, ImmutableArray<BalanceModeSet> Modes, ImmutableHashSet<HostName> Members, AttemptDetails[]? Attempts, long Began) : INoSerializationVerificationNeeded;

/// <summary>What the hosts of a move tell of its attempt.</summary>
/// <param name="Details">Null when neither tells.</param>
/// <param name="IsUnknown">Both have answered that they know nothing of it.</param>
internal readonly record struct AttemptLook(AttemptDetails? Details, bool IsUnknown);

/// <summary>Asks all hosts what the balancer has to know, side by side; holds no state.</summary>
internal static class HostsLook
{
    /// <summary>Longest wait for one host's load or mode; a host that takes longer is not in the snapshot.</summary>
    public static readonly TimeSpan HostPatience = TimeSpan.FromSeconds(5);

    /// <summary>The console waits for each member for as long as this waits for a load, and has to say then what the others told.</summary>
    private static readonly TimeSpan ConsolePatience = HostPatience + ConsoleActor.MemberPatience;

    /// <param name="services">Hosts, console and clock.</param>
    /// <param name="withAttempts">Ask for the attempts too, as a host does that takes over.</param>
    /// <exception cref="AttemptException">The attempts are not known: nothing may be planned beside moves that nobody knows of.</exception>
    public static async Task<HostsLooked> LookAsync(BalanceServices services, bool withAttempts)
    {
        var (peers, clock, began) = (services.Peers, services.Clock, services.Clock.GetTimestamp());
        var (at, members) = (clock.GetUtcNow().ToUnixTimeMilliseconds(), peers.Members);
        var modes = Task.WhenAll(members.Where(m => m != peers.Self).Select(m => AskAsync<BalanceModeSet>(peers.Balancer(m), new AskBalanceMode(), HostPatience)));
        var loads = Task.WhenAll(members.Select(async m => (Member: m, Told: await AskAsync<LoadTold>(peers.Load(m), new AskLoad(), HostPatience).ConfigureAwait(false))));
        var attempts = withAttempts
            ? await AskAsync<MigrationsListed>(services.Console, new ListMigrations(), ConsolePatience).ConfigureAwait(false) ?? throw new AttemptException(MigrationFailure.Internal, "which migrations are under way is not known yet")
            : null;
        var told = (await loads.ConfigureAwait(false)).Where(one => one.Told is not null)
            .Select(one => (one.Told!.Load, WhyNot: WhyNot(one.Told.Load, one.Member))).ToArray();
        return new HostsLooked(
            new LoadSnapshot(at, [.. told.Where(one => one.WhyNot is null).Select(one => one.Load with { Standing = StandingOf(one.Load, services.Trust) }).OrderBy(l => l.Host.Value, StringComparer.Ordinal)]),
            [.. told.Select(one => one.WhyNot).OfType<string>()],
            [.. (await modes.ConfigureAwait(false)).OfType<BalanceModeSet>()],
            [.. members],
            attempts?.Attempts,
            began);
    }

    /// <summary>What the voters say of a host comes before what it says of itself.</summary>
    private static HostStanding StandingOf(HostLoad told, ClusterTrust trust)
        => trust.IsDistrusted(told.Host) ? trust.IsEvacuated(told.Host) ? HostStanding.Evacuated : HostStanding.Untrusted
            : told.Standing == HostStanding.Accepts && trust.WhyTakesNothing(told.Host) is not null ? HostStanding.Unproved
            : told.Standing;

    /// <summary>How an attempt stands: the source's view, and the destination's where the source has ended or is away.</summary>
    public static async Task<AttemptLook> LookAtAsync(IPeers peers, PlannedMove move, AttemptId attempt)
    {
        var question = new ShowMigration(attempt);
        var atSource = await AskAsync<object>(peers.Migrations(move.From), question, HostPatience).ConfigureAwait(false);
        var source = atSource as AttemptDetails;
        if (source is { HasEnded: false } or { HasEnded: true, Outcome: not AttemptOutcome.Committed })
        {
            return new AttemptLook(source, false);
        }

        var atDestination = await AskAsync<object>(peers.Migrations(move.To), question, HostPatience).ConfigureAwait(false);
        var destination = atDestination as AttemptDetails;
        return new AttemptLook(
            destination is { HasEnded: false } || source is null ? destination : source,
            atSource is CommandRefused { Failure: MigrationFailure.UnknownContainer } && atDestination is CommandRefused { Failure: MigrationFailure.UnknownContainer });
    }

    /// <summary>The answer to an order: <see cref="MigrationAccepted"/>, or whatever else came; never an exception.</summary>
    public static async Task<object> OrderAsync(ICanTell? source, MoveAsPlanned order)
    {
        if (source is null)
        {
            return new CommandRefused(MigrationFailure.UnknownHost, "its host is not a reachable member any more");
        }

        try
        {
            return await source.Ask<object>(order, ConsoleActor.CommandPatience).ConfigureAwait(false);
        }
        catch (AskTimeoutException)
        {
            return new CommandRefused(MigrationFailure.UnknownHost, "its host did not answer; whether the move has begun is not known");
        }
    }

    /// <summary>A host that tells what cannot be read costs itself its place, and nobody else.</summary>
    private static string? WhyNot(HostLoad load, HostName member) => load?.Host == member ? LoadCheck.WhyNot(load) : $"host {member} tells the load of host {load?.Host}";

    private static async Task<T?> AskAsync<T>(ICanTell? actor, IWire question, TimeSpan patience)
        where T : class
    {
        if (actor is null)
        {
            return null;
        }

        try
        {
            return await actor.Ask<object>(question, patience).ConfigureAwait(false) as T;
        }
        catch (AskTimeoutException)
        {
            return null;
        }
    }
}
