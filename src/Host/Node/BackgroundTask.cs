using Microsoft.Extensions.Logging;

namespace ActorMigration.Host.Node;

/// <summary>What runs beside the actors for as long as the daemon runs, and is ended with it. A defect in it is said in the log: it ends nothing else.</summary>
internal sealed class BackgroundTask : IAsyncDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly Task _task;

    /// <param name="run">The work; ends when it is cancelled.</param>
    /// <param name="log">Where a defect is said.</param>
    /// <param name="consequence">What does not work any more after a defect, and what to do.</param>
    internal BackgroundTask(Func<CancellationToken, Task> run, ILogger log, string consequence) => _task = RunAsync(run, log, consequence);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        await _task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
    }

    private async Task RunAsync(Func<CancellationToken, Task> run, ILogger log, string consequence)
    {
        try
        {
            await run(_end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            // The daemon ends.
        }
        catch (Exception e)
        {
            log.LogError(e, "A defect: {Consequence}", consequence);
        }
    }
}
