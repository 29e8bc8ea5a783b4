using System.Collections.Immutable;
using ActorMigration.Actors.Streaming;
using ActorMigration.Contracts;
using Akka.Actor;
using Akka.Event;

namespace ActorMigration.Actors;

/// <summary>
/// Owns one container on the host it leaves, for one attempt. What to do is decided in <see cref="SourceMigration"/>; this shell makes the calls of
/// <see cref="ISourceAttempt"/> and reports back to itself. Supervision: see <see cref="AttemptShell"/>.
/// </summary>
public sealed class SourceMigrationActor : AttemptShell
{
    private readonly bool _adopt;
    private SourceMigration _migration;
    private ISourceAttempt? _port;
    private IActorRef? _pageSender;
    private bool _isWatched;

    public SourceMigrationActor(SourceMigration migration, bool adopt, AttemptServices services)
        : base(services, migration.Attempt, migration.Destination)
    {
        _migration = migration;
        _adopt = adopt;
    }

    private protected override string StateName => _migration.State.ToString();

    private protected override AttemptRole Role => AttemptRole.Source;

    private protected override bool IsCancellable => _migration.State.IsBeforeFreeze() || _migration.State.IsStopped();

    private protected override Registration? Registration => _migration.Registration;

    private protected override ContainerName Container => _migration.Container;

    /// <summary>Shell of one attempt; <paramref name="adopt"/> takes up what an earlier daemon or actor left.</summary>
    public static Props Props(SourceMigration migration, bool adopt, AttemptServices services)
        => Akka.Actor.Props.Create(() => new SourceMigrationActor(migration, adopt, services));

    private protected override AttemptDetails Details() => _migration.Details();

    private protected override ImmutableArray<AttemptAction> Advance(AttemptEvent e, DateTimeOffset now)
    {
        var (next, actions) = _migration.Step(e, now);
        _migration = next;
        if (e is AttemptEvent.CopyThawed)
        {
            _isWatched = false;
        }

        if (_migration.WaitsWithFrozenCopy && !_isWatched)
        {
            _isWatched = true;
            _ = WatchAsync(Port(), Self, Log, _migration.Attempt);
        }

        return actions;
    }

    private static async Task WatchAsync(ISourceAttempt port, IActorRef self, ILoggingAdapter log, AttemptId attempt)
    {
        try
        {
            if (await port.AwaitThawByOthersAsync().ConfigureAwait(false) is { } sentence)
            {
                self.Tell(new AttemptEvent.CopyThawed(sentence));
            }
        }
        catch (Exception e)
        {
            // The attempt goes on, as it would without anybody watching.
            log.Error(e, "Attempt {0}: nobody sees any more whether the frozen copy is let run by hand", attempt);
        }
    }

    private protected override void Handle(object message)
    {
        switch (message)
        {
            case CancelMigration when IsCancellable:
                Feed(new AttemptEvent.CancelRequested());
                Sender.Tell(new CancelAccepted(_migration.Attempt));
                break;
            case DaemonStops when _migration.State.IsBeforeFreeze():
                Feed(new AttemptEvent.CancelRequested($"the daemon of host {_migration.Self} was stopped"));
                break;
            case DaemonStops:
                // It is waited for.
                break;
            case CancelMigration:
                Sender.Tell(new CommandRefused(MigrationFailure.TooLate, _migration.WhyNotCancelled()));
                break;
            case PageSenderEvents.PageStreamFailed failed:
                Feed(new AttemptEvent.StreamFailed(failed.Reason));
                break;
            case PageSenderEvents.RoundStored or PageSenderEvents.PageStreamStored:
                // The call that sent the round waits for this itself.
                break;
            default:
                base.Handle(message);
                break;
        }
    }

    protected override void PostStop()
    {
        base.PostStop();
        if (_port is { } port)
        {
            // Streams and handles of this process only: what stands on the host stays as it is.
            _ = ReleaseAsync(port);
        }
    }

    private protected override Task<AttemptEvent>? TryCall(AttemptAction action)
    {
        var cancel = CallToken;
        switch (action)
        {
            case AttemptAction.Call { What: AttemptCall.Survey }:
                return CallAsync(AttemptCall.Survey, async () =>
                {
                    var port = Port();
                    return new AttemptEvent.Surveyed(await port.SurveyAsync(cancel).ConfigureAwait(false), port.KeyDigest);
                });
            case AttemptAction.Connect connect:
                return ConnectAsync(Port(), connect.Endpoint, cancel);
            case AttemptAction.RunRound round:
                StartPageSender();
                return CallAsync(AttemptCall.RunRound, async () => new AttemptEvent.RoundDone(await Port().RunRoundAsync(round.Round, cancel).ConfigureAwait(false)));
            case AttemptAction.Call { What: AttemptCall.Freeze }:
                return CallAsync(AttemptCall.Freeze, () => Port().FreezeAsync());
            case AttemptAction.Call { What: AttemptCall.Unplug }:
                return CallAsync(AttemptCall.Unplug, () => Port().UnplugAsync());
            case AttemptAction.Call { What: AttemptCall.CopyFrozen }:
                return CallAsync(AttemptCall.CopyFrozen, async () => new AttemptEvent.FrozenCopied(await Port().CopyFrozenAsync(cancel).ConfigureAwait(false)));
            case AttemptAction.SignHandOver sign:
                return CallAsync(
                    AttemptCall.SignHandOver,
                    () => Task.FromResult<AttemptEvent>(new AttemptEvent.HandOverSigned(Port().SignHandOver(sign.Manifest, sign.DestinationKeyDigest))));
            case AttemptAction.Call { What: AttemptCall.PlugAndThaw }:
                return CallAsync(AttemptCall.PlugAndThaw, () => Port().PlugAndThawAsync());
            case AttemptAction.Call { What: AttemptCall.Kill }:
                return CallAsync(AttemptCall.Kill, () => Port().KillAsync());
            case AttemptAction.RefuseCopy:
                return CallAsync(AttemptCall.Kill, () => Port().RefuseCopyAsync());
            case AttemptAction.Clean when _port is null && !_adopt:
                // The attempt could not even be opened: there is nothing of it here.
                return Task.FromResult<AttemptEvent>(new AttemptEvent.CallDone(AttemptCall.Clean));
            case AttemptAction.Clean clean:
                StopPageSender();
                return CallAsync(AttemptCall.Clean, () => Port().CleanAsync(clean.Verdict));
            default:
                return null;
        }
    }

    private static Task<AttemptEvent> ConnectAsync(ISourceAttempt port, DataEndpoint endpoint, CancellationToken cancel)
        => CallAsync(AttemptCall.Connect, () => port.ConnectAsync(endpoint, cancel));

    private ISourceAttempt Port() => _port ??= _adopt
        ? Services.SourceHost.Adopt(_migration.Attempt, _migration.Container, _migration.Fence)
        : Services.SourceHost.Open(_migration.Attempt, _migration.Container, _migration.Fence, _migration.Policy.VerifyMemory);

    private void StartPageSender()
        => _pageSender ??= Context.ActorOf(PageSenderActor.Props(_migration.Attempt, Port().Pump), "page-sender");

    private void StopPageSender()
    {
        if (_pageSender is not null)
        {
            Context.Stop(_pageSender);
            _pageSender = null;
        }
    }
}
