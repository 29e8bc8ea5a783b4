using System.Collections.Immutable;
using ActorMigration.Contracts;
using Akka.Actor;

namespace ActorMigration.Actors;

/// <summary>
/// Owns one container on the host it goes to, for one attempt. What to do is decided in <see cref="DestinationMigration"/>; this shell makes the calls of
/// <see cref="IDestinationAttempt"/> and reports back to itself. Supervision: see <see cref="AttemptShell"/>.
/// </summary>
public sealed class DestinationMigrationActor : AttemptShell
{
    private readonly IDestinationAttempt _port;
    private DestinationMigration _migration;

    public DestinationMigrationActor(DestinationMigration migration, IDestinationAttempt port, AttemptServices services)
        : base(services, migration.Attempt, migration.Source)
    {
        _migration = migration;
        _port = port;
    }

    private protected override string StateName => _migration.State.ToString();

    private protected override AttemptRole Role => AttemptRole.Destination;

    private protected override bool IsCancellable => false;

    private protected override Registration? Registration => _migration.Registration;

    private protected override ContainerName Container => _migration.Container;

    /// <summary>Shell of one attempt over a port that was opened or adopted for it; the actor owns the port from now on.</summary>
    public static Props Props(DestinationMigration migration, IDestinationAttempt port, AttemptServices services)
        => Akka.Actor.Props.Create(() => new DestinationMigrationActor(migration, port, services));

    private protected override AttemptDetails Details() => _migration.Details();

    private protected override ImmutableArray<AttemptAction> Advance(AttemptEvent e, DateTimeOffset now)
    {
        var (next, actions) = _migration.Step(e, now);
        _migration = next;
        return actions;
    }

    private protected override void Handle(object message)
    {
        switch (message)
        {
            case CancelMigration:
                Sender.Tell(new CommandRefused(
                    MigrationFailure.UnknownHost, $"attempt {_migration.Attempt} is cancelled at its source, host {_migration.Source}"));
                break;
            default:
                base.Handle(message);
                break;
        }
    }

    protected override void PostStop()
    {
        base.PostStop();

        // Listener and handles of this process only: gate, pager and store outlive it.
        _ = ReleaseAsync(_port);
    }

    private protected override Task<AttemptEvent>? TryCall(AttemptAction action)
    {
        var cancel = CallToken;
        return action switch
        {
            AttemptAction.Prepare prepare => CallAsync(
                AttemptCall.Prepare, async () => new AttemptEvent.ResourcesReady(await _port.PrepareAsync(prepare.Order, cancel).ConfigureAwait(false))),
            AttemptAction.Call { What: AttemptCall.ClaimAddress } => CallAsync(AttemptCall.ClaimAddress, () => _port.ClaimAddressAsync()),
            AttemptAction.RestoreToGate restore => CallAsync(
                AttemptCall.RestoreToGate, async () => new AttemptEvent.Gated(await _port.RestoreToGateAsync(restore.Manifest, cancel).ConfigureAwait(false))),
            AttemptAction.LookAtTree => Task.FromResult<AttemptEvent>(new AttemptEvent.TreeLooked(_port.GatedTreeIsAlive)),
            AttemptAction.OpenGate open => CallAsync(AttemptCall.OpenGate, () => _port.OpenGateAsync(open.Certificate)),
            AttemptAction.Call { What: AttemptCall.KillGated } => CallAsync(AttemptCall.KillGated, () => _port.KillGatedAsync()),
            AttemptAction.RefuseTree => CallAsync(AttemptCall.KillGated, () => _port.RefuseTreeAsync()),
            AttemptAction.Call { What: AttemptCall.AwaitFill } => CallAsync(
                AttemptCall.AwaitFill, async () => new AttemptEvent.FillDone(await _port.AwaitFillAsync(cancel).ConfigureAwait(false))),
            AttemptAction.Clean clean => CallAsync(AttemptCall.Clean, () => _port.CleanAsync(clean.Verdict)),
            _ => null,
        };
    }
}
