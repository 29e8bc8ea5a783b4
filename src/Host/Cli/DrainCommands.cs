using System.CommandLine;
using ActorMigration.Contracts;
using ActorMigration.Host.Http;

namespace ActorMigration.Host.Cli;

/// <summary><c>amig drain</c> and <c>amig undrain</c>.</summary>
internal static class DrainCommands
{
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
            var said = context.Terminal.Error;
            said.WriteLine($"Host {name} takes no containers{(drained.Changed ? "" : ", as before")}.");

            // It is marked: from here on the balancing may go over to another host, and what is asked is asked again.
            var before = await PersistAsync(context, () => client.GetAsync("/v1/balance", ApiJson.Default.BalanceStatusJson, cancel), cancel).ConfigureAwait(false);
            var first = await PersistAsync(context, () => client.PostAsync("/v1/balance/look", ApiJson.Default.BalanceDecisionJson, cancel), cancel).ConfigureAwait(false);
            foreach (var stuck in first.Stuck.Where(s => s.Host == name))
            {
                said.WriteLine($"  {stuck.Container} stays: {stuck.Sentence}");
            }

            if (!parsed.GetValue(noWait))
            {
                var told = before.Moves.Where(m => m.Outcome != nameof(AttemptOutcome.Open)).Select(m => m.Move.Id).ToHashSet();
                first = await new DrainWatch(context, client, name, told, first.At).UntilEmptyAsync(parsed.GetValue(timeout), cancel).ConfigureAwait(false);
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

    /// <summary>Asks again for <see cref="DrainWatch.Patience"/> while the host that balances changes or takes over.</summary>
    private static async Task<T> PersistAsync<T>(CliContext context, Func<Task<T>> ask, CancellationToken cancel)
    {
        for (var since = context.Time.GetTimestamp(); ;)
        {
            try
            {
                return await ask().ConfigureAwait(false);
            }
            catch (CliException failure) when (failure.Code != ExitCode.NoDaemon && context.Time.GetElapsedTime(since) < DrainWatch.Patience)
            {
                await Task.Delay(DrainWatch.LookEvery, context.Time, cancel).ConfigureAwait(false);
            }
        }
    }
}
