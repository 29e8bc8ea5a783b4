using ActorMigration.Contracts;

namespace ActorMigration.Actors.Trust;

/// <summary>
/// Lets the containers of this host stand while it is not trusted, and go on when it is again. What stands is marked on disk by the runtime, so that a daemon that is started anew lets go of these and of nothing else. A container with an open attempt is left to
/// the attempt, which does not get past its next quote. Not thread-safe: one look at a time.
/// </summary>
/// <param name="runtime">This host's containers.</param>
/// <param name="isInMove">Whether a container has an open attempt here.</param>
internal sealed class ContainerHolds(IContainerRuntime runtime, Func<ContainerName, bool> isInMove)
{
    /// <summary>Something may stand: as nothing is known at the start, too.</summary>
    private bool _mayHold = true;

    private bool _isStopped;

    /// <summary>Brings this host's containers to where they are to be.</summary>
    /// <param name="isStopped">They are to stand.</param>
    /// <param name="isProved">They may go on. When neither holds, all stays as it is.</param>
    /// <returns>What was done, and what could not be, a sentence each; a failure is tried again at the next look and said once.</returns>
    public async Task<string[]> LookAsync(bool isStopped, bool isProved)
    {
        if (!isStopped && !(isProved && _mayHold))
        {
            _isStopped = false;
            return [];
        }

        var (said, failed, first) = (new List<string>(), false, isStopped && !_isStopped);
        (_isStopped, _mayHold) = (isStopped, true);
        foreach (var one in await runtime.ListAsync(CancellationToken.None).ConfigureAwait(false))
        {
            try
            {
                if (isStopped && one.State == ContainerState.Running && !isInMove(one.Name))
                {
                    await runtime.HoldAsync(one.Name).ConfigureAwait(false);
                    said.Add($"Container {one.Name} stands: this host is not trusted");
                }
                else if (!isStopped && await runtime.ReleaseAsync(one.Name).ConfigureAwait(false))
                {
                    said.Add($"Container {one.Name} goes on: this host is trusted again");
                }
            }
            catch (AttemptException e)
            {
                failed = true;
                if (first || !isStopped)
                {
                    said.Add(e.Message);
                }
            }
        }

        _mayHold = isStopped || failed;
        return [.. said];
    }
}
