using ActorMigration.Actors;
using ActorMigration.Contracts;
using Akka.Actor;

namespace ActorMigration.Nodes;

/// <summary>
/// Stands at /user/node/migrations and answers a balancer as the production actor does, for attempts of which this host is the source: an order is taken when the container is here at its fence, and after the predicted time
/// of the move the container is at its destination.
/// </summary>
internal sealed class SimulatedMigrations : UntypedActor, IWithTimers
{
    private readonly HostName _self;
    private readonly SimulatedHosts _hosts;
    private readonly BalancePolicy _policy;
    private readonly TimeProvider _clock;
    private readonly Dictionary<AttemptId, AttemptDetails> _attempts = [];

    public SimulatedMigrations(HostName self, SimulatedHosts hosts, BalancePolicy policy, TimeProvider clock) => (_self, _hosts, _policy, _clock) = (self, hosts, policy, clock);

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(HostName self, SimulatedHosts hosts, BalancePolicy policy, TimeProvider clock) => Akka.Actor.Props.Create(() => new SimulatedMigrations(self, hosts, policy, clock));

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case MoveAsPlanned order:
                Sender.Tell(Begin(order));
                break;
            case Arrived arrived:
                _hosts.Move(arrived.Container, _self, _attempts[arrived.Attempt].Destination);
                _attempts[arrived.Attempt] = _attempts[arrived.Attempt] with { Outcome = AttemptOutcome.Committed, Phase = Phase.Teardown, Step = "Ended" };
                break;
            case ListMigrations:
                Sender.Tell(new MigrationsListed([.. _attempts.Values]));
                break;
            case ShowMigration show:
                Sender.Tell(_attempts.TryGetValue(show.Attempt, out var details) ? details : new CommandRefused(MigrationFailure.UnknownContainer, $"host {_self} knows no attempt {show.Attempt}"));
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private object Begin(MoveAsPlanned order)
    {
        if (_hosts.Find(_self, order.Order.Container, order.Fence) is not { } container)
        {
            return new CommandRefused(MigrationFailure.UnknownContainer, $"container {order.Order.Container} is not on host {_self} at the fence that was planned for");
        }

        var attempt = AttemptId.New();
        _attempts[attempt] = new AttemptDetails(
            attempt, container.Name, container.Fence, _self, order.Order.To, _self, Phase.PreCopy, "Precopying", AttemptOutcome.Open, MigrationFailure.None, "", _clock.GetUtcNow().ToUnixTimeMilliseconds(), [], [], 0, 0, [], 0, 0, 0, null);
        Timers.StartSingleTimer(attempt, new Arrived(attempt, container), TimeSpan.FromSeconds(MovePrice.Of(container.Load, _policy.StreamBytesPerSecond).Seconds));
        return new MigrationAccepted(attempt);
    }

    /// <summary>Self-message.</summary>
    private sealed record Arrived(AttemptId Attempt, SimulatedContainer Container) : INoSerializationVerificationNeeded;
}
