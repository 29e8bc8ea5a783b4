using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>Asks the other voters until this host's voter may vote. Runs beside the daemon's other work from its start; needs no actor system.</summary>
/// <param name="self">This voter.</param>
/// <param name="poll">Asks the others.</param>
/// <param name="clock">Time.</param>
public sealed class VoterRecovery(RegisteredVoter self, VoterPoll poll, TimeProvider clock)
{
    /// <summary>Between two rounds of questions: a new cluster is usable this long after its last voter is up.</summary>
    public static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(500);

    /// <summary>Returns when it is admitted. <paramref name="waiting"/> hears what is waited for, whenever that changes.</summary>
    public async Task RunAsync(Voter voter, Action<string> waiting, CancellationToken cancel)
    {
        for (var said = ""; ;)
        {
            cancel.ThrowIfCancellationRequested();
            var memories = await Task.WhenAll(poll.Voters.Where(v => v != self.Host).Select(poll.MemoryOfAsync)).ConfigureAwait(false);
            switch (VoterAdmission.Decide(self, poll.Voters, memories.OfType<VoterReply.Memory>()))
            {
                case AdmissionStep.Admit admit:
                    await voter.AdmitAsync(admit).ConfigureAwait(false);
                    return;
                case AdmissionStep.Wait wait when wait.Sentence != said:
                    said = wait.Sentence;
                    waiting(said);
                    break;
            }

            await Task.Delay(AskEvery, clock, cancel).ConfigureAwait(false);
        }
    }
}
