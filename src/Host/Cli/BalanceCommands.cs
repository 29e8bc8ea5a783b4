using System.CommandLine;
using System.Globalization;
using ActorMigration.Actors;
using ActorMigration.Contracts;
using ActorMigration.Host.Balancing;
using ActorMigration.Host.Http;
using Spectre.Console;

namespace ActorMigration.Host.Cli;

/// <summary><c>amig balance …</c> and <c>amig explain</c>.</summary>
internal static class BalanceCommands
{
    internal static Command Balance(CliContext context) => new("balance", "How the cluster is balanced.") { Status(context), Plan(context), Apply(context), Mode(context), Replay(context) };

    internal static Command Explain(CliContext context)
    {
        var move = new Argument<string>("MOVE") { Description = "Id of a move, as 'amig balance' shows it." };
        return context.Ask("explain", "Say why a container was moved, or is to be, with all numbers.", async (parsed, client, cancel) =>
        {
            var answer = await client.GetAsync($"/v1/balance/moves/{Uri.EscapeDataString(parsed.GetValue(move)!)}", ApiJson.Default.BalanceMoveExplainedJson, cancel).ConfigureAwait(false);
            context.Print(parsed, answer, ApiJson.Default.BalanceMoveExplainedJson, it => Write(context.Terminal, it));
            return ExitCode.Ok;
        }, move);
    }

    private static Command Status(CliContext context)
        => context.Ask("status", "Show mode, hosts, the last decision and the last moves.", async (parsed, client, cancel) =>
        {
            var answer = await client.GetAsync("/v1/balance", ApiJson.Default.BalanceStatusJson, cancel).ConfigureAwait(false);
            context.Print(parsed, answer, ApiJson.Default.BalanceStatusJson, it => Write(context.Terminal, it));
            return ExitCode.Ok;
        });

    private static Command Plan(CliContext context)
        => context.Ask("plan", "Look at all hosts now and show what would be moved, and why no more.", async (parsed, client, cancel) =>
        {
            var answer = await client.PostAsync("/v1/balance/look", ApiJson.Default.BalanceDecisionJson, cancel).ConfigureAwait(false);
            context.Print(parsed, answer, ApiJson.Default.BalanceDecisionJson, it => Write(context.Terminal, it));
            return ExitCode.Ok;
        });

    private static Command Apply(CliContext context)
    {
        var round = new Option<long>("--round") { Description = "Only if the last plan is still the one of this round.", HelpName = "ROUND", DefaultValueFactory = _ => 0 };
        return context.Ask("apply", "Make the moves of the last plan.", async (parsed, client, cancel) =>
        {
            var answer = await client.PostAsync("/v1/balance/apply", new BalanceApplyRequest(parsed.GetValue(round)), ApiJson.Default.BalanceApplyRequest, ApiJson.Default.BalanceDecisionJson, cancel).ConfigureAwait(false);
            context.Print(parsed, answer, ApiJson.Default.BalanceDecisionJson, it => Write(context.Terminal, it));
            return ExitCode.Ok;
        }, round);
    }

    private static Command Mode(CliContext context)
    {
        var mode = new Argument<string?>("MODE") { Description = "off: nothing is moved for balance. recommend: plans are shown, and made by 'amig balance apply'. auto: they are made. Without it the mode is shown.", Arity = ArgumentArity.ZeroOrOne };
        mode.AcceptOnlyFromAmong(BalanceModes.Names);
        return context.Ask("mode", "Show or set what is done with plans, for the whole cluster.", async (parsed, client, cancel) =>
        {
            var answer = parsed.GetValue(mode) is { } wanted
                ? await client.PostAsync("/v1/balance/mode", new BalanceModeRequest(wanted), ApiJson.Default.BalanceModeRequest, ApiJson.Default.BalanceStatusJson, cancel).ConfigureAwait(false)
                : await client.GetAsync("/v1/balance", ApiJson.Default.BalanceStatusJson, cancel).ConfigureAwait(false);
            context.Print(parsed, answer, ApiJson.Default.BalanceStatusJson, it => context.Terminal.Out.WriteLine(it.Mode));
            return ExitCode.Ok;
        }, mode);
    }

    /// <summary>Needs no daemon: the planner is in this program.</summary>
    private static Command Replay(CliContext context)
    {
        var log = new Argument<FileInfo>("LOG") { Description = "A balance.log from a host's state directory." };
        var command = new Command("replay", "Decide everything in a log again, and say where this program decides otherwise.") { log };
        command.SetAction((parsed, _) => Task.FromResult((int)Replay(context.Terminal, parsed.GetValue(log)!)));
        return command;
    }

    private static ExitCode Replay(Terminal terminal, FileInfo log)
    {
        var (decisions, others, torn) = (0, 0, 0);
        try
        {
            foreach (var line in BalanceFiles.Read(log.FullName))
            {
                if (line is not { } record)
                {
                    torn++;
                    continue;
                }

                decisions++;
                var again = BalanceRounds.See(record.Memory, record.Self, record.Snapshot, record.Policy, record.Mode).Decision;
                var isSame = BalanceFiles.Text(again) == BalanceFiles.Text(record.Decision);
                others += isSame ? 0 : 1;
                terminal.Out.WriteLine($"{Time(record.Decision.AtUnixMs)} {record.Self} round {record.Decision.Round}: {record.Decision.Sentence}");
                foreach (var move in record.Decision.Moves)
                {
                    terminal.Out.WriteLine($"  {move.Id} {move.Sentence}");
                }

                if (!isSame)
                {
                    terminal.Out.WriteLine($"  OTHERWISE now: {again.Sentence}");
                    foreach (var move in again.Moves)
                    {
                        terminal.Out.WriteLine($"  {move.Id} {move.Sentence}");
                    }
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.Failed, $"The log {log.FullName} cannot be replayed: {e.Message}", e);
        }

        if (decisions == 0)
        {
            throw new CliException(ExitCode.Failed, $"The log {log.FullName} cannot be replayed: none of its {torn} lines is a decision.");
        }

        terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{decisions} decisions, {others} of them otherwise now{(torn > 0 ? $"; {torn} lines that are none, as a crash leaves them" : "")}."));
        return others == 0 ? ExitCode.Ok : ExitCode.Failed;
    }

    private static string Time(long unixMs) => DateTimeOffset.FromUnixTimeMilliseconds(unixMs).ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static void Write(Terminal terminal, BalanceStatusJson status)
    {
        terminal.Out.WriteLine($"mode {status.Mode}; host {status.By} balances, every {Quantities.Milliseconds(status.IntervalMs)}; threshold {status.Threshold.ToString("0.000", CultureInfo.InvariantCulture)} for {status.HoldRounds} rounds");
        if (status.Last is { } last)
        {
            terminal.Out.WriteLine($"round {last.Round}: {last.Sentence}");
            WriteStuck(terminal, last);
        }

        terminal.Out.WriteLine();
        var hosts = Terminal.Table("HOST", "STANDING", "CPU", "MEMORY", "DISK", "NETWORK", "PRESSURE", "CONTAINERS");
        foreach (var host in status.Hosts)
        {
            hosts.AddRow(
                Markup.Escape(host.Host), host.Standing == nameof(HostStanding.Accepts) ? "[green]Accepts[/]" : $"[yellow]{Markup.Escape(host.Standing)}[/]",
                Percent(host.Cpu), Percent(host.Memory), Percent(host.Disk), Percent(host.Network), Percent(host.Pressure), host.Containers.ToString(CultureInfo.InvariantCulture));
        }

        terminal.Write(hosts);
        if (status.Moves.Length > 0)
        {
            terminal.Out.WriteLine();
            terminal.Write(Table(status.Moves));
        }
    }

    private static void Write(Terminal terminal, BalanceDecisionJson decision)
    {
        terminal.Out.WriteLine($"round {decision.Round}: {decision.Sentence}");
        foreach (var move in decision.Moves)
        {
            terminal.Out.WriteLine($"  {move.Id}  {move.Sentence}");
        }

        WriteStuck(terminal, decision);
        if (decision is { Moves.Length: > 0, Ordered: false })
        {
            terminal.Out.WriteLine($"Nothing of it is ordered: 'amig balance apply --round {decision.Round}' does that.");
        }
    }

    private static void WriteStuck(Terminal terminal, BalanceDecisionJson decision)
    {
        foreach (var one in decision.Stuck)
        {
            terminal.Out.WriteLine($"  {one.Container} stays on {one.Host}: {one.Sentence}");
        }
    }

    private static void Write(Terminal terminal, BalanceMoveExplainedJson it)
    {
        terminal.Out.WriteLine(it.Move.Move.Sentence + ".");
        terminal.Out.WriteLine($"Decided by host {it.Decision.By} in round {it.Decision.Round} at {it.Decision.At.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture)}, mode {it.Decision.Mode}: {it.Decision.Sentence}.");
        terminal.Out.WriteLine(it.Move switch
        {
            { Migration: null, Outcome: nameof(AttemptOutcome.Open) } => $"It has no migration yet{(it.Move.Sentence.Length > 0 ? $": {it.Move.Sentence}" : "")}.",
            { Outcome: nameof(AttemptOutcome.Open) } => $"Migration {it.Move.Migration} is under way; see 'amig migration show {it.Move.Migration}'.",
            { Migration: null } => $"{it.Move.Outcome}: {it.Move.Sentence}.",
            _ => $"Migration {it.Move.Migration}: {it.Move.Outcome}{(it.Move.Sentence.Length > 0 ? $": {it.Move.Sentence}" : "")}.",
        });
    }

    internal static Table Table(BalanceMoveJson[] moves)
    {
        var table = Terminal.Table("MOVE", "REASON", "CONTAINER", "FROM", "TO", "OUTCOME", "ENDED");
        foreach (var one in moves)
        {
            table.AddRow(
                Markup.Escape(one.Move.Id), one.Move.Reason, Markup.Escape(one.Move.Container), Markup.Escape(one.Move.From), Markup.Escape(one.Move.To),
                one.Outcome switch { nameof(AttemptOutcome.Committed) => "[green]Committed[/]", nameof(AttemptOutcome.Open) => "[yellow]Open[/]", var other => $"[red]{other}[/]" },
                one.EndedAt?.ToString("HH:mm:ss'Z'", CultureInfo.InvariantCulture) ?? "-");
        }

        return table;
    }

    private static string Percent(double share) => (share * 100).ToString("0", CultureInfo.InvariantCulture) + " %";
}
