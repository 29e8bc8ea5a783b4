using ActorMigration.Contracts;
using Akka.Actor;
using Akka.Event;

namespace ActorMigration.Actors;

/// <summary>The mode as this host knows it: kept on its disk, told to all other balancers when it is said here, taken from them when theirs is newer. Not thread-safe.</summary>
internal sealed class ClusterMode(BalanceServices services, ILoggingAdapter log)
{
    public BalanceModeSet Current { get; private set; } = services.Store.Mode;

    /// <summary>Null when it is in force; why not otherwise.</summary>
    public CommandRefused? Say(BalanceMode mode, IActorRef self)
    {
        // Newer also than what was said while this host was away, if clocks are not far apart.
        var now = services.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        var set = new BalanceModeSet(mode, Math.Max(Current.Version + 1, now), services.Peers.Self, now);
        try
        {
            services.Store.Keep(set);
        }
        catch (AttemptException e)
        {
            return new CommandRefused(e.Failure, $"the mode stays {Current.Mode}: {e.Message}");
        }

        log.Info("Balance: the mode is {0}", mode);
        Current = set;
        TellAll(self);
        return null;
    }

    /// <summary>What another balancer says. In force at once: a full disk may not leave the cluster in auto when the operator has said off.</summary>
    public void Adopt(BalanceModeSet set)
    {
        if (!set.IsNewerThan(Current))
        {
            return;
        }

        Current = set;
        try
        {
            services.Store.Keep(set);
        }
        catch (AttemptException e)
        {
            log.Warning("The mode {0} of host {1} could not be kept, and is in force until this daemon ends: {2}", set.Mode, set.SetOn, e.Message);
        }
    }

    public void TellAll(IActorRef self)
    {
        foreach (var member in services.Peers.Members.Where(m => m != services.Peers.Self))
        {
            services.Peers.Balancer(member)?.Tell(Current, self);
        }
    }
}
