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
            var drained = await client.PostAsync($"/v1/hosts/{Uri.EscapeDataString(name)}/drain", new DrainRequest(parsed.GetValue(forShutdown)), ApiJson.Default.DrainRequest, ApiJson.Default.HostDrainedJson, cancel).ConfigureAwait(false);
            var first = await client.PostAsync("/v1/balance/look", ApiJson.Default.BalanceDecisionJson, cancel).ConfigureAwait(false);
            var said = context.Terminal.Error;
            said.WriteLine($"Host {name} takes no containers{(drained.Changed ? "" : ", as before")}. {first.Sentence}.");
            foreach (var stuck in first.Stuck.Where(s => s.Host == name))
            {
                said.WriteLine($"  {stuck.Container} stays: {stuck.Sentence}");
            }

            if (!parsed.GetValue(noWait))
            {
                first = await FollowAsync(context, client, name, parsed.GetValue(timeout), cancel).ConfigureAwait(false);
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

    /// <summary>Until nothing is left that can be moved; a line per move as it ends.</summary>
    private static async Task<BalanceDecisionJson> FollowAsync(CliContext context, ApiClient client, string host, int seconds, CancellationToken cancel)
    {
        var (told, since) = (new HashSet<string>(), context.Time.GetTimestamp());
        while (true)
        {
            var status = await client.GetAsync("/v1/balance", ApiJson.Default.BalanceStatusJson, cancel).ConfigureAwait(false);
            var moves = status.Moves.Where(m => m.Move.From == host && m.Move.Reason == "Drain").ToArray();
            foreach (var move in moves.Where(m => m.Outcome != "Open" && told.Add(m.Move.Id)).OrderBy(m => m.EndedAt))
            {
                context.Terminal.Error.WriteLine($"  {move.Move.Container} -> {move.Move.To}: {move.Outcome}{(move.Sentence.Length > 0 ? $", {move.Sentence}" : "")}");
            }

            var left = status.Hosts.FirstOrDefault(h => h.Host == host)?.Containers;
            if (status.Last is { } last && left is { } count && !moves.Any(m => m.Outcome == "Open") && count <= last.Stuck.Count(s => s.Host == host))
            {
                context.Terminal.Error.WriteLine(count == 0 ? $"Host {host} is empty." : string.Create(CultureInfo.InvariantCulture, $"Host {host} keeps {count} containers that cannot be moved."));
                return last;
            }

            if (seconds > 0 && context.Time.GetElapsedTime(since).TotalSeconds > seconds)
            {
                throw new CliException(ExitCode.Failed, $"Host {host} is not empty after {seconds} s; the drain goes on: see 'amig balance status'.");
            }

            await Task.Delay(LookEvery, context.Time, cancel).ConfigureAwait(false);
        }
    }
}
