using ActorMigration.Contracts;
using Akka.Actor;

namespace ActorMigration.Actors;

/// <summary>
/// Containers of this host outside an attempt. Nothing is started without the voters: a new name goes through a register (<see cref="CreationActor"/>), and a
/// removed one is given back to them.
///
/// Supervision: restarted by the node; it holds nothing but who waits for an answer, and which voters have to be told once more that a name is free. When that is forgotten with it, they are told
/// when the removal is repeated, or the name is used here again.
/// </summary>
public sealed class ContainersActor : UntypedActor, IWithTimers
{
    /// <summary>Holds the lease of a container that is removed, also over a restart of this actor.</summary>
    private const string Removal = nameof(RemoveContainer);

    private readonly AttemptServices _services;
    private readonly IContainerRuntime _runtime;
    private readonly HashSet<ContainerName> _busy = [];
    private readonly Dictionary<ContainerName, Untold> _untold = [];

    public ContainersActor(AttemptServices services, IContainerRuntime runtime)
    {
        _services = services;
        _runtime = runtime;
    }

    public static Props Props(AttemptServices services, IContainerRuntime runtime) => Akka.Actor.Props.Create(() => new ContainersActor(services, runtime));

    public ITimerScheduler Timers { get; set; } = null!;

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    protected override void PreStart()
    {
        foreach (var open in OpenCreations.ToArray())
        {
            TakeUp(open);
        }
    }

    private IEnumerable<OpenAttempt> OpenCreations => _services.Decision.Journal.State.Open.Values.Where(a => a.Begun.Role == AttemptRole.Creator);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ListContainers:
                ListAsync().PipeTo(Sender, Self);
                break;
            case RunContainer when _services.WhyTakesNothing is { } why:
                Sender.Tell(new CommandRefused(why.Failure, why.Sentence));
                break;
            case RunContainer run when !_busy.Add(run.Spec.Name):
                Sender.Tell(Busy(run.Spec.Name));
                break;
            case RunContainer run:
                var creation = Context.ActorOf(CreationActor.New(_services, _runtime, run.Spec, Sender));
                Context.WatchWith(creation, new CreationStopped(run.Spec.Name));
                break;
            case CreationStopped stopped when OpenCreations.FirstOrDefault(a => a.Container == stopped.Container) is { } open:
                // It could not be written how it ended, or not be told what is here: its name belongs to this host until it is.
                Timers.StartSingleTimer(open.Id, new TakeUpCreation(stopped.Container), _services.Times.Retry);
                break;
            case CreationStopped stopped:
                _busy.Remove(stopped.Container);
                break;
            case TakeUpCreation due when OpenCreations.FirstOrDefault(a => a.Container == due.Container) is { } open:
                TakeUp(open);
                break;
            case TakeUpCreation due:
                _busy.Remove(due.Container);
                break;
            case Untold untold:
                _untold[untold.Container] = untold;
                Timers.StartPeriodicTimer(nameof(TellUntold), TellUntold.Instance, _services.Times.Retry);
                break;
            case TellUntold:
                foreach (var untold in _untold.Values)
                {
                    TellAsync(untold).PipeTo(Self, Self, heard => new Told(untold, heard.ByAll), _ => new Told(untold, false));
                }

                break;
            case Told told:
                OnTold(told);
                break;
            case RemoveContainer remove when !_busy.Add(remove.Container):
                Sender.Tell(Busy(remove.Container));
                break;
            case RemoveContainer remove when !_services.Leases.TryTake(remove.Container, Removal):
                _busy.Remove(remove.Container);
                Sender.Tell(Busy(remove.Container));
                break;
            case RemoveContainer remove:
                var (self, asker) = (Self, Sender);
                RemoveAsync(remove, untold => self.Tell(untold)).ContinueWith(
                    done =>
                    {
                        self.Tell(new Free(remove.Container));
                        asker.Tell(done.IsCompletedSuccessfully ? done.Result : new CommandRefused(MigrationFailure.Internal, done.Exception!.GetBaseException().Message));
                    },
                    TaskScheduler.Default);
                break;
            case Free free:
                _services.Leases.Return(free.Container, Removal);
                _busy.Remove(free.Container);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private static CommandRefused Busy(ContainerName name) => new(MigrationFailure.AttemptInProgress, $"another command for {name} has not ended");

    private async Task<object> ListAsync()
    {
        try
        {
            return new HostContainers(_services.Self, true, await _runtime.ListAsync(CancellationToken.None).ConfigureAwait(false));
        }
        catch (AttemptException)
        {
            // The host cannot say what it has, which the operator sees as a host that does not answer.
            return new HostContainers(_services.Self, false, []);
        }
    }

    private void TakeUp(OpenAttempt open)
    {
        _busy.Add(open.Container);
        _services.Decision.Journal.TakenUp(open.Id);
        Context.WatchWith(Context.ActorOf(CreationActor.Recovered(_services, _runtime, open)), new CreationStopped(open.Container));
    }

    private void OnTold(Told told)
    {
        var name = told.Untold.Container;
        if (told.ByAll && _untold.TryGetValue(name, out var untold) && untold.Epoch == told.Untold.Epoch)
        {
            _untold.Remove(name);
        }

        if (_untold.Count == 0)
        {
            Timers.Cancel(nameof(TellUntold));
        }
    }

    /// <summary>A voter that was away when the name was given has to hear that first.</summary>
    private async Task<ReleaseHeard> TellAsync(Untold untold)
    {
        if (untold.Given is { } certificate)
        {
            await _services.Decision.Poll.AskAllAsync(new VoterRequest.Learn(certificate)).ConfigureAwait(false);
        }

        return await _services.Decision.Poll.ReleaseAsync(untold.Container, untold.Epoch).ConfigureAwait(false);
    }

    private async Task<object> RemoveAsync(RemoveContainer remove, Action<Untold> tellAgain)
    {
        var name = remove.Container;
        var decision = _services.Decision;
        if (decision.Journal.State.Open.Values.FirstOrDefault(a => a.Container == name) is { } open)
        {
            return new CommandRefused(MigrationFailure.AttemptInProgress, $"attempt {open.Id} of {name} has not ended");
        }

        var floor = await decision.Poll.ReadFloorAsync(name).ConfigureAwait(false);
        if (floor is null)
        {
            return new CommandRefused(MigrationFailure.NoMajority, $"no majority of the voters answers, so {name} was left as it is");
        }

        var epoch = floor.Owner == _services.Self ? floor.Next.Epoch : floor.Released is { } released && released.By == _services.Self ? released.Epoch : (long?)null;
        if (epoch is not { } owned)
        {
            return new CommandRefused(MigrationFailure.UnknownContainer, $"{name} belongs to host {floor.Owner?.Value ?? "nobody"}, not to {_services.Self}");
        }

        try
        {
            await _runtime.RemoveAsync(name, TimeSpan.FromMilliseconds(remove.GraceMs), CancellationToken.None).ConfigureAwait(false);
        }
        catch (AttemptException e) when (e.Failure == MigrationFailure.UnknownContainer)
        {
            // Removed before, but its name was not given back: that is done now.
        }
        catch (AttemptException e)
        {
            return new CommandRefused(e.Failure, e.Message);
        }

        var heard = await decision.Poll.ReleaseAsync(name, owned).ConfigureAwait(false);
        if (!heard.ByAll)
        {
            tellAgain(new Untold(name, owned));
        }

        if (!heard.IsFree)
        {
            return new CommandRefused(MigrationFailure.NoMajority, $"{name} is removed, but no majority of the voters has taken its name back yet; they are told again as long as this daemon runs, or repeat the command when they answer");
        }

        await decision.Journal.AppendAsync(new JournalEntry.Removed(AttemptId.New(), name)).ConfigureAwait(false);
        return new ContainerRemoved(name);
    }

    /// <summary>From a creation, and to itself: not every voter has heard that this host has given a name back.</summary>
    internal sealed record Untold(ContainerName Container, long Epoch, VerdictCertificate? Given = null) : INoSerializationVerificationNeeded;

    /// <summary>Self-message: they are told again.</summary>
    private sealed class TellUntold : INoSerializationVerificationNeeded
    {
        public static readonly TellUntold Instance = new();
    }

    /// <summary>Self-message: how that went.</summary>
    private sealed record Told(Untold Untold, bool ByAll) : INoSerializationVerificationNeeded;

    /// <summary>Self-message: its actor is gone.</summary>
    private sealed record CreationStopped(ContainerName Container) : INoSerializationVerificationNeeded;

    /// <summary>Self-message: a creation that has not ended is gone on with.</summary>
    private sealed record TakeUpCreation(ContainerName Container) : INoSerializationVerificationNeeded;

    /// <summary>Self-message: the next command for this container may come.</summary>
    private sealed record Free(ContainerName Container) : INoSerializationVerificationNeeded;
}
