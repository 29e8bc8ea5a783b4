using ActorMigration.Actors.Trust;
using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>
/// Lets this host's voter vote when that is safe: at once when the TPM's counter says that its memory is its newest, else when the other voters have told it enough.
/// Does what <see cref="RecoveryMachine"/> decides. Runs beside the daemon's other work from its start; needs nothing of the cluster.
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

    /// <summary>Returns when the voter may vote. <paramref name="waiting"/> hears what is waited for, whenever that changes.</summary>
    public async Task RunAsync(Voter voter, Action<string> waiting, CancellationToken cancel)
    {
        for (var said = ""; ;)
        {
            cancel.ThrowIfCancellationRequested();
            string wait;
            try
            {
                if (await TryAsync(voter, votes: false, cancel).ConfigureAwait(false) is not { } why)
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
    public async Task CountAsync(Voter voter, Action<string> failed, CancellationToken cancel)
    {
        while (true)
        {
            await Task.Delay(CountEvery, clock, cancel).ConfigureAwait(false);
            try
            {
                await TryAsync(voter, votes: true, cancel).ConfigureAwait(false);
            }
            catch (Exception e) when (e is TpmUnavailableException or IOException or UnauthorizedAccessException)
            {
                failed($"the counter that says how new the memory of voter {self} is could not be moved on: {e.Message}");
            }
        }
    }

    /// <summary>Null when the voter may vote, else what is waited for.</summary>
    private async Task<string?> TryAsync(Voter voter, bool votes, CancellationToken cancel)
    {
        var machine = new RecoveryMachine(self, new VoterSet(poll.SetNumber, [.. poll.Voters]), Guid.NewGuid, votes) { Before = poll.Before };
        for (RecoveryEvent happened = new RecoveryEvent.Begun(); ;)
        {
            (machine, var action) = machine.Step(membership.Current, happened);
            switch (action)
            {
                case RecoveryAction.ReadCounter:
                    happened = new RecoveryEvent.CounterRead(await counter.ReadAsync(cancel).ConfigureAwait(false));
                    break;
                case RecoveryAction.Increment:
                    happened = new RecoveryEvent.Counted(await counter.IncrementAsync(cancel).ConfigureAwait(false));
                    break;
                case RecoveryAction.Note note:
                    await voter.NoteAsync(note.Membership).ConfigureAwait(false);
                    happened = new RecoveryEvent.Written();
                    break;
                case RecoveryAction.TakeOver takeOver:
                    await voter.TakeOverAsync(takeOver.Containers).ConfigureAwait(false);
                    happened = new RecoveryEvent.Written();
                    break;
                case RecoveryAction.AskOthers:
                    var others = await Task.WhenAll(poll.Voters.Where(v => v != self).Select(poll.MemoryOfAsync)).ConfigureAwait(false);
                    happened = new RecoveryEvent.Heard([.. others.OfType<VoterReply.Memory>()]);
                    break;
                case RecoveryAction.Vote:
                    await voter.ConfirmAsync().ConfigureAwait(false);
                    return null;
                case RecoveryAction.Wait wait:
                    return wait.Sentence;
                default:
                    throw new InvalidOperationException($"nobody does {action.GetType().Name}");
            }
        }
    }
}
