using ActorMigration.Actors.Trust;
using ActorMigration.Contracts;
using Akka.Actor;

namespace ActorMigration.Actors;

/// <summary>What a balancer needs of its node.</summary>
/// <param name="Peers">The other hosts, and which member is the oldest.</param>
/// <param name="Trust">Which of them are trusted.</param>
/// <param name="Console">This host's console: how attempts stand.</param>
/// <param name="Store">This host's disk.</param>
/// <param name="Drain">Whether this host is drained.</param>
/// <param name="Policy">When and how much is moved.</param>
/// <param name="Moves">The policy of each move.</param>
/// <param name="Interval">Between two looks.</param>
/// <param name="Clock">Time.</param>
public sealed record BalanceServices(
    IPeers Peers, ClusterTrust Trust, ICanTell Console, IBalanceStore Store, IDrainMark Drain, BalancePolicy Policy, MigrationPolicy Moves, TimeSpan Interval, TimeProvider Clock)
{
    /// <summary>Who balances: the oldest member that is trusted. Null while this host does not know.</summary>
    public HostName? Acting => Peers.Oldest(Trust.MayLead);
}
