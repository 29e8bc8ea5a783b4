using ActorMigration.Contracts;
using Akka.Actor;
using Akka.Event;

namespace ActorMigration.Actors;

/// <summary>
/// All attempts of this host, one child each, named by its attempt id. Takes <see cref="MigrateContainer"/> for containers that run here, offers of other
/// hosts, and hands every <see cref="IAttemptMessage"/> to its attempt. At most one attempt per container is open on a host.
///
/// Supervision: a child that ends without having said so (an exception) is stopped, and taken up again from the journal by the same code as at start-up: frozen
/// without a verdict means "propose SOURCE", at the gate means "propose DEST", neither means "clean up". Nothing is ever concluded from the child's death itself.
/// </summary>
public sealed partial class MigrationsActor : UntypedActor, IWithTimers
{
    private readonly AttemptServices _services;
    private readonly IContainerRuntime _runtime;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<AttemptId, OpenChild> _open = [];
    private bool _stops;
    private IActorRef? _stopper;

    public MigrationsActor(AttemptServices services, IContainerRuntime runtime)
    {
        _services = services;
        _runtime = runtime;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(AttemptServices services, IContainerRuntime runtime) => Akka.Actor.Props.Create(() => new MigrationsActor(services, runtime));

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    protected override void PreStart()
    {
        foreach (var open in _services.Decision.Journal.State.Open.Values)
        {
            Recover(open);
        }
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case MigrateContainer migrate:
                OnMigrate(migrate, null);
                break;
            case MoveAsPlanned planned:
                OnMigrate(planned.Order, planned.Fence);
                break;
            case Looked looked:
                OnLooked(looked);
                break;
            case DaemonStops:
                OnStop(Sender);
                break;
            case StopImminent or SourceReattested when _stops:
                // The container goes on where it is. A source that has frozen it already, and asks again, proposes SOURCE: it would wait for this host to come back.
                var agreeing = (IAttemptMessage)message;
                Sender.Tell(new MigrationRefused(agreeing.Attempt, agreeing.Fence, Phase.PreCopy, MigrationFailure.PeerLost, WhyStopping));
                break;
            case OfferMigration offer when !_open.ContainsKey(offer.Attempt):
                OnOffer(offer);
                break;
            case IAttemptMessage m when _open.TryGetValue(m.Attempt, out var child):
                child.Ref.Forward(m);
                break;
            case IAttemptMessage m:
                OnUnknown(m);
                break;
            case CancelMigration cancel when _open.TryGetValue(cancel.Attempt, out var child):
                child.Ref.Forward(cancel);
                break;
            case CancelMigration cancel:
                Sender.Tell(Find(cancel.Attempt) is { } past
                    ? new CommandRefused(MigrationFailure.AttemptInProgress, $"attempt {cancel.Attempt} has ended: {past.Outcome}")
                    : Unknown(cancel.Attempt));
                break;
            case ListMigrations:
                Sender.Tell(new MigrationsListed([.. All().Select(d => d with { Rounds = [], StopSpans = [], Phases = [] })]));
                break;
            case ShowMigration show:
                Sender.Tell(Find(show.Attempt) is { } details ? details : Unknown(show.Attempt));
                break;
            case ClaimedLate late:
                AnnounceAgain(late.Container, late.Attempt);
                break;
            case AttemptProgressed progress when _open.TryGetValue(progress.Details.Attempt, out var child):
                child.Details = progress.Details;
                AnswerStopper();
                break;
            case AttemptEnded ended when _open.Remove(ended.Attempt, out var child):
                Context.Unwatch(child.Ref);
                child.Ref.Tell(PoisonPill.Instance);
                TakeUpUnlessEnded(child);
                AnswerStopper();
                break;
            case Terminated terminated:
                OnDied(terminated.ActorRef);
                break;
            case RecoverAttempt recover when !_open.ContainsKey(recover.Attempt) && _services.Decision.Journal.State.Open.TryGetValue(recover.Attempt, out var open):
                Recover(open);
                break;
            case AttemptProgressed or AttemptEnded or RecoverAttempt:
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void OnMigrate(MigrateContainer migrate, Fence? planned)
    {
        if (WhyNotMigrate(migrate) is { } refused)
        {
            Sender.Tell(refused);
            return;
        }

        LookAsync(migrate, planned, Sender).PipeTo(Self);
    }

    /// <summary>Moves of this host's own that could freeze their container any time later are given up, while there is somebody to say so.</summary>
    private void OnStop(IActorRef stopper)
    {
        (_stops, _stopper) = (true, stopper);
        foreach (var own in _open.Values.Where(c => c.Details.Source == _services.Self && !c.Details.Stands(_services.Self)))
        {
            own.Ref.Tell(new DaemonStops());
        }

        AnswerStopper();
    }

    private void AnswerStopper()
    {
        if (_stopper is not null && !Stands)
        {
            _stopper.Tell(NothingStands.Instance);
            _stopper = null;
        }
    }

    /// <summary>A container stands here: for an attempt, or for one whose actor has died and that is about to be taken up again.</summary>
    private bool Stands
        => _open.Values.Any(c => c.Details.Stands(_services.Self))
           || _services.Decision.Journal.State.Open.Values.Any(a => !_open.ContainsKey(a.Id) && (a.Frozen || a.Prepared is not null));

    private string WhyStopping => $"the daemon of host {_services.Self} is being stopped; try again when it is back";

    private CommandRefused? WhyNotMigrate(MigrateContainer migrate)
    {
        if (_stops)
        {
            return new CommandRefused(MigrationFailure.UnknownHost, WhyStopping);
        }

        if (migrate.To == _services.Self)
        {
            return new CommandRefused(MigrationFailure.AlreadyThere, $"{migrate.Container} already runs on host {migrate.To}");
        }

        if (_services.Peers.Migrations(migrate.To) is null)
        {
            return new CommandRefused(
                MigrationFailure.UnknownHost, $"host {migrate.To} is not a reachable member of the cluster; members are {string.Join(", ", _services.Peers.Members)}");
        }

        if ((_services.Attestation.Trust.WhyGivesNothing(_services.Self) ?? _services.Attestation.Trust.WhyTakesNothing(migrate.To)) is { } distrusted)
        {
            return new CommandRefused(MigrationFailure.NotTrusted, distrusted);
        }

        return OpenAttemptOf(migrate.Container) is { } other
            ? new CommandRefused(MigrationFailure.AttemptInProgress, $"attempt {other} of {migrate.Container} has not ended{(_open.TryGetValue(other, out var open) ? open.Details.WhereItIs(_services.Self) : "")}")
            : null;
    }

    private void OnLooked(Looked looked)
    {
        var migrate = looked.Order;
        if (looked.Refusal is { } why)
        {
            looked.Asker.Tell(why);
            return;
        }

        // Asked again: another order for the same container may have come while this host was looking.
        if (WhyNotMigrate(migrate) is { } refused)
        {
            looked.Asker.Tell(refused);
            return;
        }

        var attempt = AttemptId.New();
        if (!_services.Leases.TryTake(migrate.Container, attempt))
        {
            looked.Asker.Tell(new CommandRefused(MigrationFailure.AttemptInProgress, Busy(migrate.Container)));
            return;
        }

        var migration = AttemptMachines.Source(_services, attempt, migrate.Container, migrate.To, migrate.Policy);
        Start(migration.Details(), SourceMigrationActor.Props(migration, adopt: false, _services));
        looked.Asker.Tell(new MigrationAccepted(attempt));
    }

    private void OnOffer(OfferMigration offer)
    {
        var refusal = _stops ? (MigrationFailure.UnknownHost, WhyStopping)
            : _services.WhyTakesNothing is { } closed ? closed
            : _services.Attestation.Trust.WhyGivesNothing(offer.SourceHost) is { } distrusted ? (MigrationFailure.NotTrusted, distrusted)
            : _services.Peers.Migrations(offer.SourceHost) is null
            ? (MigrationFailure.UnknownHost, $"host {offer.SourceHost} is not a member that host {_services.Self} can reach")
            : OpenAttemptOf(offer.Container) is { } other
                ? (MigrationFailure.AttemptInProgress, $"attempt {other} of {offer.Container} has not ended on host {_services.Self}")
                : Find(offer.Attempt) is not null
                    ? (MigrationFailure.PeerLost, $"attempt {offer.Attempt} has ended on host {_services.Self}")
                    : TryAccept(offer);
        if (refusal is { } why)
        {
            Sender.Tell(new MigrationRefused(offer.Attempt, offer.Fence, Phase.Attest, why.Item1, why.Item2));
        }
    }

    private string Busy(ContainerName container) => $"something else of host {_services.Self} is busy with container {container} at this moment; try again";

    private (MigrationFailure, string)? TryAccept(OfferMigration offer)
    {
        if (!_services.Leases.TryTake(offer.Container, offer.Attempt))
        {
            return (MigrationFailure.AttemptInProgress, Busy(offer.Container));
        }

        try
        {
            var port = _services.DestinationHost.Open(offer.Attempt, offer.Container, offer.Fence, offer.KeyDigest);
            var migration = AttemptMachines.Destination(_services, offer.Attempt, offer.Container, offer.Fence, offer.SourceHost, port.KeyDigest).Offered(offer);
            Start(migration.Details(), DestinationMigrationActor.Props(migration, port, _services));
            return null;
        }
        catch (AttemptException e)
        {
            _services.Leases.Return(offer.Container, offer.Attempt);
            return (e.Failure, e.Message);
        }
    }

    /// <summary>An attempt that is not open here. What is said permits nothing: the other side asks the register.</summary>
    private void OnUnknown(IAttemptMessage message)
    {
        switch (message)
        {
            case AbortAttempt:
                Sender.Tell(new DestinationCleaned(message.Attempt, message.Fence));
                break;
            case VerdictReached verdict when Find(verdict.Attempt) is not null:
                // It has ended here, perhaps given up before the verdict: the voters need not keep the verdict for this host.
                _ = _services.Decision.Poll.AskAllAsync(new VoterRequest.Learn(verdict.Certificate));
                break;
            case AddressClaimed or DestinationCleaned when Find(message.Attempt) is { Outcome: AttemptOutcome.Aborted } aborted:
                AnnounceAgain(aborted.Container);
                break;
            case AskAttempt or HandOver or ClaimAddress when Find(message.Attempt) is { Failure: MigrationFailure.ContainerLost } lost:
                // Whatever was asked: "unknown" would be taken for an end behind the gate, also by a source that has heard the verdict since it asked.
                Sender.Tell(new TreeLost(message.Attempt, message.Fence, lost.Sentence));
                break;
            case AskAttempt or SourceAttested or PrepareResources or StopImminent or SourceReattested or ClaimAddress or HandOver or ReadyForStop
                when _services.Decision.Journal.State.Open.ContainsKey(message.Attempt):
                // Its actor has died, or its end is not on the disk: it is taken up in a moment, and asked again.
                break;
            case AskAttempt or SourceAttested or PrepareResources or StopImminent or SourceReattested or ClaimAddress or HandOver or ReadyForStop:
                Sender.Tell(new AttemptUnknown(message.Attempt, message.Fence));
                break;
            default:
                _log.Debug("{0} of attempt {1}, which is not open here", message.GetType().Name, message.Attempt);
                break;
        }
    }

    /// <summary>
    /// A claim of the address may have waited in a host that hung, and been made after this side had its container back. Not while another attempt is open: its own
    /// destination may have claimed the address rightly.
    /// </summary>
    private void AnnounceAgain(ContainerName container, AttemptId? of = null)
    {
        if (OpenAttemptOf(container) is not { } open || open == of)
        {
            _ = AnnounceAsync(container);
        }
    }

    private async Task AnnounceAsync(ContainerName container)
    {
        try
        {
            await _runtime.AnnounceAsync(container).ConfigureAwait(false);
        }
        catch (AttemptException e)
        {
            _log.Warning("The address of container {0} could not be announced again: {1}", container, e.Message);
        }
    }

    /// <summary>Its details are known from the first moment: whoever has just been told the id may ask before the attempt's actor has said anything.</summary>
    private void Start(AttemptDetails details, Props props)
    {
        var child = Context.Watch(Context.ActorOf(props, details.Attempt.ToString()));
        var started = details.StartedUnixMs > 0 ? details : details with { StartedUnixMs = _services.Clock.GetUtcNow().ToUnixTimeMilliseconds() };
        _open[details.Attempt] = new OpenChild(details.Attempt, details.Container, child, started);
    }

    private AttemptId? OpenAttemptOf(ContainerName container)
        => _open.Values.FirstOrDefault(c => c.Container == container)?.Attempt
           ?? _services.Decision.Journal.State.Open.Values.FirstOrDefault(a => a.Container == container)?.Id;

    private IEnumerable<AttemptDetails> All()
        => _open.Values.Select(c => c.Details).OrderByDescending(d => d.StartedUnixMs)
            .Concat(_services.Decision.Journal.State.History.Reverse().Where(d => !_open.ContainsKey(d.Attempt)));

    private AttemptDetails? Find(AttemptId attempt) => All().FirstOrDefault(d => d.Attempt == attempt);

    private static CommandRefused Unknown(AttemptId attempt) => new(MigrationFailure.UnknownContainer, $"no attempt {attempt} is known");

    private async Task<Looked> LookAsync(MigrateContainer order, Fence? planned, IActorRef asker)
    {
        try
        {
            var here = await _runtime.ListAsync(CancellationToken.None).ConfigureAwait(false);
            var found = Array.Find(here, c => c.Name == order.Container);
            return new Looked(order, asker, found is null ? new CommandRefused(MigrationFailure.UnknownContainer, $"container {order.Container} is not known on host {_services.Self}")
                : found.State == ContainerState.Running
                    ? planned is { } fence && found.Fence != fence
                        ? new CommandRefused(MigrationFailure.TooLate, $"container {order.Container} is at {found.Fence} by now, and the move was planned for {fence}")
                        : null
                : new CommandRefused(MigrationFailure.UnknownContainer, $"container {order.Container} does not run: it is {found.State}"));
        }
        catch (AttemptException e)
        {
            return new Looked(order, asker, new CommandRefused(e.Failure, e.Message));
        }
    }

    /// <summary>Self-message: whether the container runs here.</summary>
    private sealed record Looked(MigrateContainer Order, IActorRef Asker, CommandRefused? Refusal) : INoSerializationVerificationNeeded;

    private sealed class OpenChild(AttemptId attempt, ContainerName container, IActorRef child, AttemptDetails details)
    {
        public AttemptId Attempt { get; } = attempt;

        public ContainerName Container { get; } = container;

        public IActorRef Ref { get; } = child;

        public AttemptDetails Details { get; set; } = details;
    }
}
