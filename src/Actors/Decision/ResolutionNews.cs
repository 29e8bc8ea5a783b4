using System.Collections.Immutable;
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
    /// How long a host that was booted waits for a voter that does not answer. Nothing of its attempts stands here any more, so nothing waits for it but their end; and the one host that it waits
    /// for may be the only one that knows that all of this is decided.
    /// </summary>
    public static readonly TimeSpan BootPatience = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a host that may form a cluster by itself asks again while no other voter answers at all: a first connection takes seconds on a busy host, and one that does not wait for it stands beside the cluster that the others have until it sees
    /// that and starts anew (a minute there).
    /// </summary>
    public static readonly TimeSpan FounderPatience = TimeSpan.FromSeconds(6);

    /// <summary>
    /// Before anything is taken up on this host: asks the others, and waits for all that answer in time. What it has on its disk may be void, and the majority that it belonged to too.
    /// </summary>
    /// <param name="poll">Asks them.</param>
    /// <param name="awaited">Voters that are asked again while they do not answer, for <see cref="BootPatience"/>; see <see cref="Awaited"/>.</param>
    /// <param name="isFounder">This host forms a cluster by itself where no other host is a member of one.</param>
    /// <param name="say">For the log: whom it waits for, and that it has given up.</param>
    /// <param name="cancel">The daemon is to stop.</param>
    /// <returns>True when another host is a member of a cluster, which this one is to join.</returns>
    public async Task<bool> CatchUpAsync(VoterPoll poll, ImmutableHashSet<HostName> awaited, bool isFounder, Action<string> say, CancellationToken cancel)
    {
        var began = clock.GetTimestamp();
        var isJoining = false;
        var said = "";
        var silent = awaited.Intersect(poll.Voters).Remove(self);
        while (true)
        {
            var told = (await poll.AskAllAsync(new VoterRequest.AskResolutions()).ConfigureAwait(false)).OfType<VoterReply.Resolutions>().ToArray();
            foreach (var register in told.SelectMany(r => r.Registers))
            {
                await voter.AnswerAsync(self, new VoterRequest.SpreadResolution(register)).ConfigureAwait(false);
            }

            isJoining |= told.Any(r => r.Voter != self && r.IsMember);
            var left = silent.Except(told.Select(r => r.Voter));
            var names = string.Join(", ", left.Select(h => h.Value).Order(StringComparer.Ordinal));
            var isAlone = isFounder && poll.Voters.Any(v => v != self) && Array.TrueForAll(told, r => r.Voter == self) && clock.GetElapsedTime(began) < FounderPatience;
            if (left.IsEmpty && !isAlone)
            {
                return isJoining;
            }

            if (!left.IsEmpty && clock.GetElapsedTime(began) >= BootPatience)
            {
                say($"No answer from {names}: this host goes on without, and takes up what its journal says");
                return isJoining;
            }

            if (!left.IsEmpty && said != names)
            {
                said = names;
                say($"This host was booted while a migration was open: it waits for {names}, at most {BootPatience.TotalSeconds} s, who may know what became of it");
            }

            silent = left;
            await Task.Delay(TellEvery, clock, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Whom a host that was booted has to ask: the voters of all attempts of which it had frozen or proposed something, and which it has not ended.</summary>
    public static ImmutableHashSet<HostName> Awaited(JournalState journal)
        => [.. journal.Open.Values.Where(open => open.Frozen || open.Proposed is not null).SelectMany(open => open.Begun.Registration.Voters).Select(v => v.Host)];

    /// <summary>Never returns by itself.</summary>
    /// <param name="say">For the log, once each: who does not take it, and why.</param>
    /// <param name="cancel">The daemon is to stop.</param>
    public async Task RunAsync(Action<string> say, CancellationToken cancel)
    {
        var refused = new HashSet<string>(StringComparer.Ordinal);
        while (true)
        {
            foreach (var kept in voter.Resolutions())
            {
                var answers = await Task.WhenAll(kept.Untold.Select(host => TellAsync(kept.Register, host, cancel))).ConfigureAwait(false);
                foreach (var sentence in answers.OfType<VoterReply.Refused>().Select(answer => $"Host {answer.Voter} does not take an operator's resolution: {answer.Sentence}").Where(refused.Add))
                {
                    say(sentence);
                }
            }

            await Task.Delay(TellEvery, clock, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Its answer; null when there was none.</summary>
    private async Task<VoterReply?> TellAsync(ClosedRegister register, HostName host, CancellationToken cancel)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var passed = clock.CreateTimer(_ => deadline.Cancel(), null, times.Reply, Timeout.InfiniteTimeSpan);
        try
        {
            var answer = host == self ? new VoterReply.Done(self) : await client.AskAsync(host, new VoterRequest.SpreadResolution(register), deadline.Token).ConfigureAwait(false);
            if (answer is VoterReply.Done)
            {
                await voter.NoteToldAsync(register.Registration.Register, host).ConfigureAwait(false);
            }

            return answer;
        }
        catch (Exception e) when ((e is VoterUnreachableException or IOException || (e is OperationCanceledException && !cancel.IsCancellationRequested)))
        {
            // Still off, or this disk is full: told, or noted, in a later round.
            return null;
        }
    }
}
