using ActorMigration.Contracts;

namespace ActorMigration.Actors.Trust;

/// <summary>
/// Lets the containers of this host stand while it is not trusted, and go on when that is over. What stands is marked on disk by the runtime, so that a daemon that is started anew lets go of these and of nothing else. A container that an attempt is busy with
/// is left to the attempt, which does not get past its next quote. One look at a time; one that comes while another is under way is none.
/// </summary>
/// <param name="runtime">This host's containers.</param>
/// <param name="leases">Who is busy with them.</param>
internal sealed class ContainerHolds(IContainerRuntime runtime, ContainerLeases leases)
{
    private int _isLooking;

    /// <summary>Something may stand: as nothing is known at the start, too.</summary>
    private bool _mayHold = true;

    /// <summary>Brings this host's containers to where they are to be.</summary>
    /// <param name="isStopped">They are to stand.</param>
    /// <param name="mayGoOn">They may go on. When neither holds, all stays as it is.</param>
    public async Task<HoldOutcome> LookAsync(bool isStopped, bool mayGoOn)
    {
        if ((!isStopped && !(mayGoOn && _mayHold)) || Interlocked.Exchange(ref _isLooking, 1) == 1)
        {
            return HoldOutcome.Nothing;
        }

        try
        {
            return await ChangeAsync(isStopped).ConfigureAwait(false);
        }
        finally
        {
            Volatile.Write(ref _isLooking, 0);
        }
    }

    private async Task<HoldOutcome> ChangeAsync(bool isStopped)
    {
        var (done, troubles, isBusy) = (new List<string>(), new List<string>(), false);
        _mayHold = true;
        foreach (var one in (await runtime.ListAsync(CancellationToken.None).ConfigureAwait(false)).Where(c => isStopped ? c.State == ContainerState.Running : c.State is ContainerState.Running or ContainerState.Frozen))
        {
            if (!leases.TryTake(one.Name, this))
            {
                isBusy = true;
                continue;
            }

            try
            {
                if (isStopped)
                {
                    await runtime.HoldAsync(one.Name).ConfigureAwait(false);
                    done.Add($"Container {one.Name} stands: this host is not trusted");
                }
                else if (await runtime.ReleaseAsync(one.Name).ConfigureAwait(false))
                {
                    done.Add($"Container {one.Name} goes on");
                }
            }
            catch (AttemptException e)
            {
                troubles.Add(e.Message);
            }
            finally
            {
                leases.Return(one.Name, this);
            }
        }

        _mayHold = isStopped || isBusy || troubles.Count > 0;
        return new HoldOutcome([.. done], [.. troubles]);
    }
}

/// <summary>What a look at this host's containers has done, a sentence each.</summary>
/// <param name="Done">What has changed.</param>
/// <param name="Troubles">What could not be done, and is tried again at the next look.</param>
internal sealed record HoldOutcome(string[] Done, string[] Troubles)
{
    public static HoldOutcome Nothing { get; } = new([], []);
}
