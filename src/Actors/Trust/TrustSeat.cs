namespace ActorMigration.Actors.Trust;

/// <summary>What of a <see cref="TrustActor"/> outlives its restarts; used by it alone.</summary>
public sealed class TrustSeat
{
    private TrustSeat(TrustJudge judge, ContainerHolds holds, long started) => (Judge, Kept, Holds, Started) = (judge, judge, holds, started);

    /// <param name="store">What was judged before this daemon.</param>
    /// <param name="runtime">This host's containers.</param>
    /// <param name="leases">Who is busy with them.</param>
    /// <param name="clock">Time.</param>
    public static TrustSeat Open(IJudgementStore store, IContainerRuntime runtime, ContainerLeases leases, TimeProvider clock) => new(TrustJudge.From(store.Load()), new ContainerHolds(runtime, leases), clock.GetTimestamp());

    /// <summary>Timestamp from which its durations count.</summary>
    internal long Started { get; }

    internal TrustJudge Judge { get; set; }

    /// <summary>As it is on the disk.</summary>
    internal TrustJudge Kept { get; set; }

    internal ContainerHolds Holds { get; }
}
