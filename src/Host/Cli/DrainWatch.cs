using System.Globalization;
using ActorMigration.Contracts;
using ActorMigration.Host.Http;

namespace ActorMigration.Host.Cli;

/// <summary>How far the drain of a host is, for <c>amig drain</c>: a line per move as it ends, and the end.</summary>
/// <param name="context">Where it is said.</param>
/// <param name="client">The daemon.</param>
/// <param name="host">The drained host.</param>
/// <param name="told">Moves of which nothing is said any more.</param>
/// <param name="since">The look that the drain began with: older ones are not believed, as a host that balances again may have one.</param>
internal sealed class DrainWatch(CliContext context, ApiClient client, string host, HashSet<string> told, DateTimeOffset since)
{
    /// <summary>Between two looks at how far it is.</summary>
    internal static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    /// <summary>
    /// So long nobody may answer: the balancing goes over to another host in some 15 s when its host dies. And so long a container has to be without a place before that counts as the end: a host whose daemon
    /// is started again takes nothing for some seconds.
    /// </summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, long> _stuckSince = [];

    /// <summary>Until nothing is there that can be moved, nothing that was on its way to the host, and nothing that stands in a move.</summary>
    /// <param name="seconds">Longest wait; 0 for none.</param>
    /// <param name="cancel">The person has had enough.</param>
    internal async Task<BalanceDecisionJson> UntilEmptyAsync(int seconds, CancellationToken cancel)
    {
        var (began, answered) = (context.Time.GetTimestamp(), context.Time.GetTimestamp());
        while (true)
        {
            try
            {
                if (await LookAsync(cancel).ConfigureAwait(false) is { } end)
                {
                    return end;
                }

                answered = context.Time.GetTimestamp();
            }
            catch (CliException failure) when (failure.Code != ExitCode.Conflict && context.Time.GetElapsedTime(answered) < Patience)
            {
                // Another host takes the balancing over, or this one's daemon is started again.
            }

            if (seconds > 0 && context.Time.GetElapsedTime(began).TotalSeconds > seconds)
            {
                throw new CliException(ExitCode.Failed, $"Host {host} is not empty after {seconds} s; the drain goes on: see 'amig balance status'.");
            }

            await Task.Delay(LookEvery, context.Time, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Null while it goes on.</summary>
    private async Task<BalanceDecisionJson?> LookAsync(CancellationToken cancel)
    {
        var status = await client.GetAsync("/v1/balance", ApiJson.Default.BalanceStatusJson, cancel).ConfigureAwait(false);
        foreach (var move in status.Moves.Where(m => m.Move.From == host && m.Outcome != nameof(AttemptOutcome.Open)).OrderBy(m => m.EndedAt).Where(m => told.Add(m.Move.Id)))
        {
            context.Terminal.Error.WriteLine($"  {move.Move.Container} -> {move.Move.To}: {move.Outcome}{(move.Sentence.Length > 0 ? $", {move.Sentence}" : "")}");
        }

        if (status.Last is not { } last || last.At < since || status.Hosts.FirstOrDefault(h => h.Host == host) is not { } seen)
        {
            // It does not tell its load: nothing is moved from there, and whether it is empty is not known.
            return null;
        }

        if (seen.Standing is nameof(HostStanding.Accepts) or nameof(HostStanding.Unproved))
        {
            throw new CliException(ExitCode.Conflict, $"Host {host} takes containers again: somebody has ended its drain.");
        }

        var stuck = Stuck(last);
        var containers = await client.GetAsync("/v1/containers", ApiJson.Default.ContainersJson, cancel).ConfigureAwait(false);
        var here = containers.Containers.Where(c => c.Host == host).ToLookup(c => c.State == nameof(ContainerState.Exited));
        // Nothing of it is moved, whatever it is in.
        var isLeft = seen.Standing == nameof(HostStanding.Untrusted);
        if (containers.SilentHosts.Contains(host) || (!isLeft && here[false].Any(c => !stuck.Contains(c.Name))))
        {
            return null;
        }

        var migrations = await client.GetAsync("/v1/migrations", ApiJson.Default.MigrationsJson, cancel).ConfigureAwait(false);
        if (migrations.Migrations.Any(m => m.Outcome == nameof(AttemptOutcome.Open) && (m.Source == host || m.Destination == host)))
        {
            return null;
        }

        if (isLeft && here[false].Any())
        {
            throw new CliException(ExitCode.NotPossible, $"Host {host} keeps {Count(here[false].Count())}: it is not trusted, and nobody takes the memory of such a host; 'amig hosts' says why.");
        }

        var (left, exited) = (here[false].Count(), here[true].Count());
        context.Terminal.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"Host {host} {(left == 0 ? "is empty" : $"keeps {Count(left)} that cannot be moved")}{(exited == 0 ? "" : $", but for the files of {Count(exited)} that {(exited == 1 ? "has" : "have")} ended")}."));
        return last;
    }

    /// <summary>What cannot leave for good, or has not been able to for long enough.</summary>
    private HashSet<string> Stuck(BalanceDecisionJson last)
    {
        var now = last.Stuck.Where(s => s.Host == host).ToArray();
        foreach (var moving in _stuckSince.Keys.Except(now.Select(s => s.Container)).ToArray())
        {
            _stuckSince.Remove(moving);
        }

        foreach (var one in now)
        {
            _stuckSince.TryAdd(one.Container, context.Time.GetTimestamp());
        }

        return [.. now.Where(s => s.ForGood || context.Time.GetElapsedTime(_stuckSince[s.Container]) >= Patience).Select(s => s.Container)];
    }

    private static string Count(int containers) => containers == 1 ? "1 container" : string.Create(CultureInfo.InvariantCulture, $"{containers} containers");
}
