using ActorMigration.Actors.Trust;
using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>
/// Lets this host's voter vote when that is safe: at once when the TPM's counter says that its memory is its newest, else when the other voters have told it enough.
/// Runs beside the daemon's other work from its start; needs nothing of the cluster.
/// </summary>
/// <param name="self">This host.</param>
/// <param name="membership">What the state directory says of itself.</param>
/// <param name="counter">What the TPM says.</param>
/// <param name="poll">Asks the others.</param>
/// <param name="clock">Time.</param>
public sealed class VoterRecovery(HostName self, IVoterMembership membership, IFreshnessCounter counter, VoterPoll poll, TimeProvider clock)
{
    /// <summary>Between two rounds of questions: a new cluster is usable this long after its last voter is up.</summary>
    public static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// Between two counts of a daemon that runs on. A copy of the state directory that is older than this, or than the daemon's start, is noticed when it is put back. Four a
    /// day are some 1 500 a year, far from what wears a TPM's memory out.
    /// </summary>
    public static readonly TimeSpan CountEvery = TimeSpan.FromHours(6);

    /// <summary>In the place of a counter that was never incremented: a TPM's first count is higher.</summary>
    private const ulong NeverCounted = 0;

    /// <summary>Returns when the voter may vote. <paramref name="waiting"/> hears what is waited for, whenever that changes.</summary>
    public async Task RunAsync(Voter voter, Action<string> waiting, CancellationToken cancel)
    {
        for (var said = ""; ;)
        {
            cancel.ThrowIfCancellationRequested();
            string wait;
            try
            {
                if (await TryAsync(voter, cancel).ConfigureAwait(false) is not { } why)
                {
                    return;
                }

                wait = why;
            }
            catch (TpmUnavailableException e)
            {
                wait = $"voter {self} does not vote before its TPM has said whether its memory is its newest: {e.Message}";
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A full disk, for instance: what was not written was not said either.
                wait = $"voter {self} does not vote before its disk takes what it has to note: {e.Message}";
            }

            if (wait != said)
            {
                said = wait;
                waiting(said);
            }

            await Task.Delay(AskEvery, clock, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Never returns by itself: counts on while the voter votes.</summary>
    public async Task CountAsync(Action<string> failed, CancellationToken cancel)
    {
        while (true)
        {
            await Task.Delay(CountEvery, clock, cancel).ConfigureAwait(false);
            try
            {
                if (await counter.ReadAsync(cancel).ConfigureAwait(false) is { } now)
                {
                    await CountOnAsync(now, cancel).ConfigureAwait(false);
                }
            }
            catch (Exception e) when (e is TpmUnavailableException or IOException or UnauthorizedAccessException)
            {
                failed($"the counter that says how new the memory of voter {self} is could not be moved on: {e.Message}");
            }
        }
    }

    /// <summary>Null when the voter may vote, else what is waited for.</summary>
    private async Task<string?> TryAsync(Voter voter, CancellationToken cancel)
    {
        var now = await counter.ReadAsync(cancel).ConfigureAwait(false) ?? NeverCounted;
        var isNewest = membership.Counter is { } recorded && (now == recorded || (membership.IsAdmitted && now + 1 == recorded));
        if (!isNewest)
        {
            // Also before the first count: an admission counts, so that a copy of this incarnation from before it would not be taken for it.
            await voter.DistrustAsync(now).ConfigureAwait(false);
        }
        else if (membership.IsAdmitted)
        {
            await CountOnAsync(now, cancel).ConfigureAwait(false);
            await voter.ConfirmAsync().ConfigureAwait(false);
            return null;
        }

        var others = await Task.WhenAll(poll.Voters.Where(v => v != self).Select(poll.MemoryOfAsync)).ConfigureAwait(false);
        switch (VoterAdmission.Decide(new RegisteredVoter(self, membership.Incarnation), membership.HasVoted, poll.Voters, others.OfType<VoterReply.Memory>()))
        {
            case AdmissionStep.Admit admit:
                await voter.AdmitAsync(admit, await counter.IncrementAsync(cancel).ConfigureAwait(false)).ConfigureAwait(false);
                return null;
            case AdmissionStep.Wait wait:
                return wait.Sentence;
            default:
                throw new InvalidOperationException("an admission is granted or waited for");
        }
    }

    /// <summary>The disk first: a crash between the two leaves the counter one below what is written, which is as good.</summary>
    private async Task CountOnAsync(ulong now, CancellationToken cancel)
    {
        await membership.CountAsync(now + 1).ConfigureAwait(false);
        var counted = await counter.IncrementAsync(cancel).ConfigureAwait(false);
        if (counted != now + 1)
        {
            await membership.CountAsync(counted).ConfigureAwait(false);
        }
    }
}
