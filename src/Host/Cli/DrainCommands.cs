using System.CommandLine;
using System.Globalization;
using ActorMigration.Contracts;
using ActorMigration.Host.Http;

namespace ActorMigration.Host.Cli;

/// <summary><c>amig drain</c> and <c>amig undrain</c>.</summary>
internal static class DrainCommands
{
    /// <summary>Between two looks at how far it is.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    /// <summary>So long nobody may answer: the balancing goes over to another host in some 15 s when its host dies.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    internal static Command Drain(CliContext context)
    {
        var host = Host();
        var noWait = new Option<bool>("--no-wait") { Description = "Return as soon as the first moves are ordered; the rest goes on by itself." };
        var timeout = new Option<int>("--timeout") { Description = "Stop waiting after so long; the drain goes on. 0 waits for as long as it takes.", HelpName = "SECONDS", DefaultValueFactory = _ => 0 };
        var forShutdown = new Option<bool>("--for-shutdown") { Description = "Only until 'undrain --after-shutdown', as deploy/amig-drain.service says when the host is up again." };
        timeout.RefuseIf(seconds => seconds < 0 ? "--timeout cannot be negative." : null);
        return context.Ask("drain", "Have a host take no more containers, and move away those that it has.", async (parsed, client, cancel) =>
        {
            var name = await NameAsync(parsed.GetValue(host), client, cancel).ConfigureAwait(false);
            var before = await client.GetAsync("/v1/balance", ApiJson.Default.BalanceStatusJson, cancel).ConfigureAwait(false);
            var drained = await client.PostAsync($"/v1/hosts/{Uri.EscapeDataString(name)}/drain", new DrainRequest(parsed.GetValue(forShutdown)), ApiJson.Default.DrainRequest, ApiJson.Default.HostDrainedJson, cancel).ConfigureAwait(false);
            var first = await client.PostAsync("/v1/balance/look", ApiJson.Default.BalanceDecisionJson, cancel).ConfigureAwait(false);
            var said = context.Terminal.Error;
            said.WriteLine($"Host {name} takes no containers{(drained.Changed ? "" : ", as before")}.");
            foreach (var stuck in first.Stuck.Where(s => s.Host == name))
            {
                said.WriteLine($"  {stuck.Container} stays: {stuck.Sentence}");
            }

            if (!parsed.GetValue(noWait))
            {
                var told = before.Moves.Where(m => m.Outcome != "Open").Select(m => m.Move.Id).ToHashSet();
                first = await FollowAsync(context, client, name, told, parsed.GetValue(timeout), cancel).ConfigureAwait(false);
            }

            context.Print(parsed, first, ApiJson.Default.BalanceDecisionJson, _ => { });
            return first.Stuck.Any(s => s.Host == name) ? ExitCode.NotPossible : ExitCode.Ok;
        }, host, noWait, timeout, forShutdown);
    }

    internal static Command Undrain(CliContext context)
    {
        var host = Host();
        var afterShutdown = new Option<bool>("--after-shutdown") { Description = "Only if it was drained for a shutdown." };
        return context.Ask("undrain", "Have a host take containers again.", async (parsed, client, cancel) =>
        {
            var name = await NameAsync(parsed.GetValue(host), client, cancel).ConfigureAwait(false);
            var answer = await client.PostAsync($"/v1/hosts/{Uri.EscapeDataString(name)}/undrain", new DrainRequest(parsed.GetValue(afterShutdown)), ApiJson.Default.DrainRequest, ApiJson.Default.HostDrainedJson, cancel).ConfigureAwait(false);
            context.Print(parsed, answer, ApiJson.Default.HostDrainedJson, it => context.Terminal.Out.WriteLine(
                it.Drains ? $"Host {it.Host} stays drained, as the operator has said." : $"Host {it.Host} takes containers{(it.Changed ? " again" : ", as before")}."));
            return ExitCode.Ok;
        }, host, afterShutdown);
    }

    private static Argument<string?> Host()
    {
        var host = new Argument<string?>("HOST") { Description = "Name of the host; without it this one.", Arity = ArgumentArity.ZeroOrOne };
        host.Validators.Add(result =>
        {
            if (result.Tokens is [var only] && !HostName.IsValid(only.Value))
            {
                result.AddError($"'{only.Value}' is not a name of a host.");
            }
        });
        return host;
    }

    private static async Task<string> NameAsync(string? host, ApiClient client, CancellationToken cancel)
        => host ?? (await client.GetAsync("/v1/node", ApiJson.Default.NodeJson, cancel).ConfigureAwait(false)).Host;

    /// <summary>Until nothing is there that can be moved, nothing that was on its way to the host, and nothing that stands in a move; a line per move as it ends.</summary>
    /// <param name="context">Where it is said.</param>
    /// <param name="client">The daemon.</param>
    /// <param name="host">The drained host.</param>
    /// <param name="told">Moves of which nothing is said any more.</param>
    /// <param name="seconds">Longest wait; 0 for none.</param>
    /// <param name="cancel">The person has had enough.</param>
    private static async Task<BalanceDecisionJson> FollowAsync(CliContext context, ApiClient client, string host, HashSet<string> told, int seconds, CancellationToken cancel)
    {
        var (since, answered) = (context.Time.GetTimestamp(), context.Time.GetTimestamp());
        while (true)
        {
            try
            {
                if (await LookAsync(context, client, host, told, cancel).ConfigureAwait(false) is { } end)
                {
                    return end;
                }

                answered = context.Time.GetTimestamp();
            }
            catch (CliException failure) when (failure.Code != ExitCode.Conflict && context.Time.GetElapsedTime(answered) < Patience)
            {
                // Another host takes the balancing over, or this one's daemon is started again.
            }

            if (seconds > 0 && context.Time.GetElapsedTime(since).TotalSeconds > seconds)
            {
                throw new CliException(ExitCode.Failed, $"Host {host} is not empty after {seconds} s; the drain goes on: see 'amig balance status'.");
            }

            await Task.Delay(LookEvery, context.Time, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Null while it goes on.</summary>
    private static async Task<BalanceDecisionJson?> LookAsync(CliContext context, ApiClient client, string host, HashSet<string> told, CancellationToken cancel)
    {
        var status = await client.GetAsync("/v1/balance", ApiJson.Default.BalanceStatusJson, cancel).ConfigureAwait(false);
        foreach (var move in status.Moves.Where(m => m.Move.From == host && m.Outcome != "Open").OrderBy(m => m.EndedAt).Where(m => told.Add(m.Move.Id)))
        {
            context.Terminal.Error.WriteLine($"  {move.Move.Container} -> {move.Move.To}: {move.Outcome}{(move.Sentence.Length > 0 ? $", {move.Sentence}" : "")}");
        }

        if (status.Last is not { } last || status.Hosts.FirstOrDefault(h => h.Host == host) is not { } seen)
        {
            // It does not tell its load: nothing is moved from there, and whether it is empty is not known.
            return null;
        }

        if (seen.Standing == nameof(HostStanding.Accepts))
        {
            throw new CliException(ExitCode.Conflict, $"Host {host} takes containers again: somebody has ended its drain.");
        }

        var containers = await client.GetAsync("/v1/containers", ApiJson.Default.ContainersJson, cancel).ConfigureAwait(false);
        var here = containers.Containers.Where(c => c.Host == host).ToLookup(c => c.State == nameof(ContainerState.Exited));
        var stuck = last.Stuck.Where(s => s.Host == host).Select(s => s.Container).ToHashSet();
        if (containers.SilentHosts.Contains(host) || here[false].Any(c => !stuck.Contains(c.Name)))
        {
            return null;
        }

        var migrations = await client.GetAsync("/v1/migrations", ApiJson.Default.MigrationsJson, cancel).ConfigureAwait(false);
        if (migrations.Migrations.Any(m => m.Outcome == nameof(AttemptOutcome.Open) && (m.Source == host || m.Destination == host)))
        {
            return null;
        }

        var (left, exited) = (here[false].Count(), here[true].Count());
        context.Terminal.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"Host {host} {(left == 0 ? "is empty" : $"keeps {Count(left)} that cannot be moved")}{(exited == 0 ? "" : $", but for the files of {Count(exited)} that {(exited == 1 ? "has" : "have")} ended")}."));
        return last;
    }

    private static string Count(int containers) => containers == 1 ? "1 container" : string.Create(CultureInfo.InvariantCulture, $"{containers} containers");
}
