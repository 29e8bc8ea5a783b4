using ActorMigration.Actors;
using ActorMigration.Contracts;
using Microsoft.Extensions.Logging;

namespace ActorMigration.Host.Decision;

/// <summary>Runs <see cref="VoterRecovery"/> for as long as the daemon runs.</summary>
internal sealed class VoterAdmissionTask : IAsyncDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly Task _task;

    internal VoterAdmissionTask(VoterRecovery recovery, Voter voter, HostName self, ILogger log) => _task = RunAsync(recovery, voter, self, log);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        await _task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
    }

    private async Task RunAsync(VoterRecovery recovery, Voter voter, HostName self, ILogger log)
    {
        try
        {
            await recovery.RunAsync(voter, sentence => log.LogWarning("{Sentence}", sentence), _end.Token).ConfigureAwait(false);
            log.LogInformation("Voter {Host} votes", self);
            await recovery.CountAsync(voter, sentence => log.LogWarning("{Sentence}", sentence), _end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            // The daemon ends.
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Silent is safe, but nobody would know why.
            log.LogError(e, "A defect ended what lets voter {Host} vote: if it does not vote ('amig voters'), start its daemon again", self);
        }
    }
}
