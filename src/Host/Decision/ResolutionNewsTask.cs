using ActorMigration.Actors;
using Microsoft.Extensions.Logging;

namespace ActorMigration.Host.Decision;

/// <summary>Runs <see cref="ResolutionNews"/> for as long as the daemon runs.</summary>
internal sealed class ResolutionNewsTask : IAsyncDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly Task _task;

    internal ResolutionNewsTask(ResolutionNews news, ILogger log) => _task = RunAsync(news, log);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        await _task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
    }

    private async Task RunAsync(ResolutionNews news, ILogger log)
    {
        try
        {
            await news.RunAsync(_end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            // The daemon ends.
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            log.LogError(e, "A defect ended what tells other hosts of an operator's resolutions: start this daemon again before hosts that were off come back");
        }
    }
}
