using ActorMigration.Actors;
using ActorMigration.Actors.Streaming;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Wire;

namespace ActorMigration.Host.Linux.Migration;

/// <summary>
/// The page stream's pump as two parties see it: its actor, which owns the credits, and the round that waits until the destination has
/// stored it. Events go to both; a broken stream fails every wait.
/// </summary>
internal sealed class RelayedPump(IPagePump pump) : IPagePump
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, TaskCompletionSource> _rounds = [];
    private readonly TaskCompletionSource _final = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _lastStored = -1;
    private AttemptException? _failure;

    public void Start(StreamCredits credits, Action<PagePumpEvent> tell) => pump.Start(credits, happened =>
    {
        Note(happened);
        tell(happened);
    });

    public void Stop()
    {
        pump.Stop();
        Fail(new AttemptException(MigrationFailure.StreamBroken, "the page stream was stopped on this host"));
    }

    /// <summary>Ends when the destination has every page of the round.</summary>
    internal Task RoundStoredAsync(int round)
    {
        lock (_gate)
        {
            if (_failure is not null)
            {
                return Task.FromException(_failure);
            }

            if (_lastStored >= round)
            {
                return Task.CompletedTask;
            }

            if (!_rounds.TryGetValue(round, out var waiting))
            {
                _rounds.Add(round, waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            }

            return waiting.Task;
        }
    }

    /// <summary>Ends when the destination has the whole stream, the final index included.</summary>
    internal Task FinalStoredAsync() => _final.Task;

    private void Note(PagePumpEvent happened)
    {
        switch (happened)
        {
            case PagePumpEvent.RoundStored(var round):
                Stored(round);
                break;
            case PagePumpEvent.FinalStored:
                _final.TrySetResult();
                break;
            case PagePumpEvent.PumpFailed(var failure, var reason):
                Fail(new AttemptException(MigrationFailure.StreamBroken, $"the page stream to the destination broke ({failure}): {reason}"));
                break;
        }
    }

    private void Stored(int round)
    {
        lock (_gate)
        {
            _lastStored = Math.Max(_lastStored, round);
            foreach (var done in _rounds.Keys.Where(waited => waited <= round).ToArray())
            {
                _rounds.Remove(done, out var waiting);
                waiting!.SetResult();
            }
        }
    }

    private void Fail(AttemptException failure)
    {
        lock (_gate)
        {
            _failure ??= failure;
            foreach (var waiting in _rounds.Values)
            {
                waiting.TrySetException(failure);
            }

            _rounds.Clear();
        }

        if (_final.TrySetException(failure))
        {
            // Nobody may be waiting for it; then it is no unobserved error.
            _ = _final.Task.Exception;
        }
    }
}
