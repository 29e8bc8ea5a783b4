using ActorMigration.Contracts;
using Akka.Actor;
using Akka.Event;

namespace ActorMigration.Actors;

/// <summary>Attempts whose actor has died, or whose end is not on the disk, are taken up again from the journal, as after a restart.</summary>
public sealed partial class MigrationsActor
{
    /// <summary>
    /// Its end could not be written, nor perhaps its verdict. Everything is done, but the journal says that it is not: it is done once more from there, as after a
    /// restart, until it can be written. A new attempt of the container waits for it.
    /// </summary>
    private void TakeUpUnlessEnded(OpenChild ended)
    {
        if (_services.Decision.Journal.State.Open.ContainsKey(ended.Attempt))
        {
            _log.Error("The end of attempt {0} is not in the journal; it is taken up again from there", ended.Attempt);
            Timers.StartSingleTimer(ended.Attempt, new RecoverAttempt(ended.Attempt), _services.Times.Retry);
            return;
        }

        _services.Leases.Return(ended.Container, ended.Attempt);
    }

    private void OnDied(IActorRef child)
    {
        if (_open.Values.FirstOrDefault(c => c.Ref.Equals(child)) is not { } open)
        {
            return;
        }

        _open.Remove(open.Attempt);
        if (_services.Decision.Journal.State.Open.ContainsKey(open.Attempt))
        {
            _log.Error("Attempt {0} died; it is taken up again from the journal", open.Attempt);
            Timers.StartSingleTimer(open.Attempt, new RecoverAttempt(open.Attempt), _services.Times.Retry);
            return;
        }

        // Nothing was begun: no voter and no disk knows of it, and ports take nothing before BEGIN but a key.
        _services.Leases.Return(open.Container, open.Attempt);
        _log.Error("Attempt {0} died before it had begun anything", open.Attempt);
        _ = _services.Decision.Journal.AppendAsync(new JournalEntry.Ended(open.Details with
        {
            Outcome = AttemptOutcome.Aborted,
            Step = "Ended",
            Failure = MigrationFailure.Internal,
            Sentence = "a defect ended the attempt before it had begun anything; the log has the rest",
        }));
    }

    private void Recover(OpenAttempt open)
    {
        var (container, fence, attempt) = open.Begun.Registration.Register;
        if (open.Begun.Role != AttemptRole.Creator && !_services.Leases.TryTake(container, attempt))
        {
            // It is frozen or let go for the sake of trust at this moment.
            Timers.StartSingleTimer(attempt, new RecoverAttempt(attempt), _services.Times.Retry);
            return;
        }

        _services.Decision.Journal.TakenUp(attempt);
        try
        {
            switch (open.Begun.Role)
            {
                case AttemptRole.Source:
                    var source = AttemptMachines.Source(_services, attempt, container, open.Begun.Registration.Destination, MigrationPolicy.Default).Recovered(open);
                    Start(source.Details(), SourceMigrationActor.Props(source, adopt: true, _services));
                    break;
                case AttemptRole.Destination:
                    var port = _services.DestinationHost.Adopt(attempt, container, fence);
                    var destination = AttemptMachines.Destination(_services, attempt, container, fence, open.Begun.Registration.Source, port.KeyDigest).Recovered(open);
                    Start(destination.Details(), DestinationMigrationActor.Props(destination, port, _services));
                    break;
                default:
                    // A creation belongs to the containers actor.
                    break;
            }
        }
        catch (AttemptException e)
        {
            _log.Error(e, "Attempt {0} cannot be taken up yet", attempt);
            Timers.StartSingleTimer(attempt, new RecoverAttempt(attempt), _services.Times.Retry);
        }
    }

    /// <summary>Self-message: take up an attempt whose actor died.</summary>
    private sealed record RecoverAttempt(AttemptId Attempt) : INoSerializationVerificationNeeded;
}
