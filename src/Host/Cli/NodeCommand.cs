using System.CommandLine;
using ActorMigration.Host.Node;

namespace ActorMigration.Host.Cli;

/// <summary><c>amig node</c>: the daemon itself, in the foreground until SIGTERM or SIGINT.</summary>
internal static class NodeCommand
{
    internal static Command Create(CliContext context)
    {
        var config = new Option<string[]>("--config")
        {
            Description = "HOCON file with this host's values; repeatable, a later file wins.",
            HelpName = "FILE",
            Required = true,
        };
        var check = new Option<bool>("--check") { Description = "Read the configuration, say whether it is complete, and end." };
        var command = new Command("node", "Run the daemon of this host.") { config, check };
        command.SetAction(async (parsed, cancel) =>
        {
            var files = HoconFiles.Load(parsed.GetValue(config)!);
            var settings = NodeSettingsReader.Read(files);
            if (parsed.GetValue(check))
            {
                context.Terminal.Out.WriteLine($"The configuration of {settings.Host} is complete.");
                return (int)ExitCode.Ok;
            }

            return (int)await NodeDaemon.RunAsync(settings, files, context.Time, cancel).ConfigureAwait(false);
        });
        return command;
    }
}
