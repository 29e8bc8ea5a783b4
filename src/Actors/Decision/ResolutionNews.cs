using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>
/// Tells the operator's verdicts to hosts that were off, again and again until each has it on its disk: their own memory of that register, a majority of theirs even, is void. Every host that
/// has such a verdict does it.
/// </summary>
/// <param name="self">This host.</param>
/// <param name="voter">What it has heard.</param>
/// <param name="client">Reaches the others.</param>
/// <param name="times">How long a reply may take.</param>
/// <param name="clock">Time.</param>
public sealed class ResolutionNews(HostName self, Voter voter, IVoterClient client, VoterTimes times, TimeProvider clock)
{
    /// <summary>Between two rounds: a host that comes back hears it within this.</summary>
    public static readonly TimeSpan TellEvery = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Before anything is taken up on this host: asks the others, and waits for all that answer in time. What it has on its disk may be void, and the majority that it belonged to too.
    /// </summary>
    /// <returns>True when another host is a member of a cluster, which this one is to join.</returns>
    public async Task<bool> CatchUpAsync(VoterPoll poll)
    {
        var replies = await poll.AskAllAsync(new VoterRequest.AskResolutions()).ConfigureAwait(false);
        var told = replies.OfType<VoterReply.Resolutions>().ToArray();
        foreach (var register in told.SelectMany(r => r.Registers))
        {
            await voter.AnswerAsync(self, new VoterRequest.SpreadResolution(register)).ConfigureAwait(false);
        }

        return told.Any(r => r.Voter != self && r.IsMember);
    }

    /// <summary>Never returns by itself.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        while (true)
        {
            foreach (var kept in voter.Resolutions())
            {
                await Task.WhenAll(kept.Untold.Select(host => TellAsync(kept.Register, host, cancel))).ConfigureAwait(false);
            }

            await Task.Delay(TellEvery, clock, cancel).ConfigureAwait(false);
        }
    }

    private async Task TellAsync(ClosedRegister register, HostName host, CancellationToken cancel)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var passed = clock.CreateTimer(_ => deadline.Cancel(), null, times.Reply, Timeout.InfiniteTimeSpan);
        try
        {
            if (host == self || await client.AskAsync(host, new VoterRequest.SpreadResolution(register), deadline.Token).ConfigureAwait(false) is VoterReply.Done)
            {
                await voter.NoteToldAsync(register.Registration.Register, host).ConfigureAwait(false);
            }
        }
        catch (Exception e) when ((e is VoterUnreachableException or IOException || (e is OperationCanceledException && !cancel.IsCancellationRequested)))
        {
            // Still off, or this disk is full: told, or noted, in a later round.
        }
    }
}
