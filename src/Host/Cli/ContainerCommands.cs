using System.CommandLine;
using System.Globalization;
using ActorMigration.Host.Http;
using Spectre.Console;

namespace ActorMigration.Host.Cli;

/// <summary><c>amig ps</c> and <c>amig rm</c>.</summary>
internal static class ContainerCommands
{
    internal static Command Ps(CliContext context)
    {
        var here = new Option<bool>("--this-host") { Description = "Only containers of this host; the default is all hosts." };
        return context.Ask("ps", "List containers.", async (parsed, client, cancel) =>
        {
            var path = parsed.GetValue(here) ? "/v1/containers?host=this" : "/v1/containers";
            var answer = await client.GetAsync(path, ApiJson.Default.ContainersJson, cancel).ConfigureAwait(false);
            context.Print(parsed, answer, ApiJson.Default.ContainersJson, it => context.Terminal.Write(Table(it)));
            foreach (var host in answer.SilentHosts)
            {
                context.Terminal.Error.WriteLine($"amig: {host} did not answer: what is there is not known.");
            }

            return ExitCode.Ok;
        }, here);
    }

    internal static Command Rm(CliContext context)
    {
        var name = new Argument<string>("CONTAINER") { Description = "Name of the container." }.OfName();
        var force = new Option<bool>("--force", "-f") { Description = "KILL at once instead of the stop signal and its grace." };
        return context.Ask("rm", "Stop and remove a container with its files.", async (parsed, client, cancel) =>
        {
            var container = parsed.GetValue(name)!;
            await client.DeleteAsync($"/v1/containers/{Uri.EscapeDataString(container)}?force={(parsed.GetValue(force) ? "true" : "false")}", cancel).ConfigureAwait(false);
            context.Terminal.Out.WriteLine(parsed.GetValue(context.Json) ? "{}" : $"{container} is removed.");
            return ExitCode.Ok;
        }, name, force);
    }

    internal static Table Table(ContainersJson containers)
    {
        var table = Terminal.Table("NAME", "HOST", "STATE", "ADDRESS", "PID", "MEMORY", "EPOCH", "IMAGE");
        foreach (var one in containers.Containers)
        {
            table.AddRow(
                Markup.Escape(one.Name),
                Markup.Escape(one.Host),
                Coloured(one.State),
                Markup.Escape(one.Address),
                one.InitPid == 0 ? "-" : one.InitPid.ToString(CultureInfo.InvariantCulture),
                Quantities.Bytes(one.MemoryBytes),
                one.Epoch.ToString(CultureInfo.InvariantCulture),
                Markup.Escape(ShortDigest(one.Image)));
        }

        return table;
    }

    /// <summary>sha256:0123456789ab…: enough to tell images apart by eye.</summary>
    internal static string ShortDigest(string digest)
    {
        const int Shown = 19;
        return digest.StartsWith("sha256:", StringComparison.Ordinal) && digest.Length > Shown ? digest[..Shown] : digest;
    }

    private static string Coloured(string state) => state switch
    {
        "Running" => "[green]Running[/]",
        "Exited" => "[grey]Exited[/]",
        _ => $"[yellow]{Markup.Escape(state)}[/]",
    };
}
