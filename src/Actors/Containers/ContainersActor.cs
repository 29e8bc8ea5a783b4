using ActorMigration.Contracts;
using Akka.Actor;

namespace ActorMigration.Actors;

/// <summary>
/// Containers of this host outside an attempt. Nothing is started without the voters: a new name goes through a register (<see cref="CreationActor"/>), and a
/// removed one is given back to them.
///
/// Supervision: restarted by the node; it holds nothing but who waits for an answer.
/// </summary>
public sealed class ContainersActor : UntypedActor
{
    /// <summary>Holds the lease of a container that is removed, also over a restart of this actor.</summary>
    private const string Removal = nameof(RemoveContainer);

    private readonly AttemptServices _services;
    private readonly IContainerRuntime _runtime;
    private readonly HashSet<ContainerName> _busy = [];

    public ContainersActor(AttemptServices services, IContainerRuntime runtime)
    {
        _services = services;
        _runtime = runtime;
    }

    public static Props Props(AttemptServices services, IContainerRuntime runtime) => Akka.Actor.Props.Create(() => new ContainersActor(services, runtime));

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    protected override void PreStart()
    {
        foreach (var open in _services.Decision.Journal.State.Open.Values.Where(a => a.Begun.Role == AttemptRole.Creator))
        {
            Context.ActorOf(CreationActor.Recovered(_services, _runtime, open), open.Id.ToString());
        }
    }

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
                Context.WatchWith(creation, new Free(run.Spec.Name));
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
                RemoveAsync(remove).ContinueWith(
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

    private async Task<object> RemoveAsync(RemoveContainer remove)
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

        if (floor.Owner != _services.Self)
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

        var replies = await decision.Poll.AskAllAsync(new VoterRequest.Release(name, floor.Next.Epoch)).ConfigureAwait(false);
        if (replies.OfType<VoterReply.Done>().Count() < VerdictCheck.Majority(decision.Poll.Voters.Length))
        {
            return new CommandRefused(MigrationFailure.NoMajority, $"{name} is removed, but no majority of the voters took its name back; repeat the command when they answer");
        }

        await decision.Journal.AppendAsync(new JournalEntry.Removed(AttemptId.New(), name)).ConfigureAwait(false);
        return new ContainerRemoved(name);
    }

    /// <summary>Self-message: the next command for this container may come.</summary>
    private sealed record Free(ContainerName Container) : INoSerializationVerificationNeeded;
}
