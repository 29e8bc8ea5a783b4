using System.CommandLine;
using System.Globalization;
using ActorMigration.Contracts;
using ActorMigration.Host.Http;
using Spectre.Console;

namespace ActorMigration.Host.Cli;

/// <summary><c>amig load</c>: what hosts carry, or what the containers of one host use.</summary>
internal static class LoadCommand
{
    internal static Command Create(CliContext context)
    {
        var host = new Argument<string?>("HOST") { Description = "Show the containers of this host.", Arity = ArgumentArity.ZeroOrOne };
        host.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } text && !HostName.IsValid(text))
            {
                result.AddError($"'{text}' cannot name a host: {ContainerName.Rule.Replace("container", "host", StringComparison.Ordinal)}.");
            }
        });
        return context.Ask("load", "Show what the hosts carry, or what the containers of one host use.", async (parsed, client, cancel) =>
        {
            var answer = await client.GetAsync("/v1/load", ApiJson.Default.LoadJson, cancel).ConfigureAwait(false);
            if (parsed.GetValue(host) is { } only)
            {
                context.Print(parsed, Find(answer, only), ApiJson.Default.HostLoadJson, it => context.Terminal.Write(Containers(it)));
                return ExitCode.Ok;
            }

            context.Print(parsed, answer, ApiJson.Default.LoadJson, it => context.Terminal.Write(Hosts(it)));
            foreach (var unknown in answer.Unknown)
            {
                context.Terminal.Error.WriteLine($"amig: {unknown.Sentence}.");
            }

            return ExitCode.Ok;
        }, host);
    }

    internal static Table Hosts(LoadJson load)
    {
        var table = Terminal.Table("HOST", "STANDING", "CPU", "MEMORY", "DISK", "NETWORK", "PRESSURE", "CONTAINERS");
        foreach (var one in load.Hosts)
        {
            table.AddRow(
                Markup.Escape(one.Host),
                one.Standing == nameof(HostStanding.Accepts) ? $"[green]{one.Standing}[/]" : $"[yellow]{Markup.Escape(one.Standing)}[/]",
                $"{Quantities.Cores(one.Used.CpuCores)}/{Quantities.Cores(one.Capacity.CpuCores)}",
                $"{Quantities.Bytes(one.Used.MemoryBytes)}/{Quantities.Bytes(one.Capacity.MemoryBytes)}",
                Quantities.Rate(one.Used.DiskBytesPerSecond),
                Quantities.Rate(one.Used.NetworkBytesPerSecond),
                (100 * one.Pressure).ToString("0", CultureInfo.InvariantCulture) + " %",
                one.Containers.Length.ToString(CultureInfo.InvariantCulture));
        }

        return table;
    }

    internal static Table Containers(HostLoadJson load)
    {
        var table = Terminal.Table("CONTAINER", "CPU", "MEMORY", "DIRTY", "DISK", "NETWORK");
        foreach (var one in load.Containers)
        {
            table.AddRow(
                Markup.Escape(one.Name),
                Quantities.Cores(one.Used.CpuCores),
                Quantities.Bytes(one.Used.MemoryBytes),
                Quantities.Rate(one.DirtyBytesPerSecond),
                Quantities.Rate(one.Used.DiskBytesPerSecond),
                Quantities.Rate(one.Used.NetworkBytesPerSecond));
        }

        return table;
    }

    private static HostLoadJson Find(LoadJson load, string host)
        => Array.Find(load.Hosts, one => one.Host == host)
            ?? throw (Array.Find(load.Unknown, one => one.Host == host) is { } unknown
                ? new CliException(ExitCode.Failed, $"{unknown.Sentence}.")
                : new CliException(ExitCode.NotFound, $"Host {host} is not a reachable member of the cluster; 'amig hosts' lists those there are."));
}
