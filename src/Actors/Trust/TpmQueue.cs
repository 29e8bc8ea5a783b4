using Akka.Actor;

namespace ActorMigration.Actors.Trust;

/// <summary>Commands that wait for the TPM: stop-phase first, each class in order of arrival, bounded.</summary>
internal sealed class TpmQueue(int limit)
{
    private readonly Queue<WaitingTpmCommand> _stopPhase = new();
    private readonly Queue<WaitingTpmCommand> _normal = new();

    /// <summary>False when the queue is full. A stop-phase command takes a place of its own class only, so normal ones cannot crowd it out.</summary>
    public bool TryAdd(WaitingTpmCommand waiting)
    {
        var queue = waiting.Command is TpmCommands.Quote { Priority: TpmPriority.StopPhase } ? _stopPhase : _normal;
        if (queue.Count >= limit)
        {
            return false;
        }

        queue.Enqueue(waiting);
        return true;
    }

    public bool TryTake(out WaitingTpmCommand next)
        => _stopPhase.TryDequeue(out next) || _normal.TryDequeue(out next);
}

/// <summary>A command and who gets the answer.</summary>
internal readonly record struct WaitingTpmCommand(ITpmCommand Command, IActorRef Asker);
