using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text;
using ActorMigration.Host.Cli.Trust;
using ActorMigration.Host.Node;
using ActorMigration.Host.Trust;

namespace ActorMigration.Host.Cli;

/// <summary>The whole command line of <c>amig</c>: which commands there are, and how each ends. <see cref="Program"/> calls <see cref="RunAsync"/> once.</summary>
internal static class AmigCommandLine
{
    /// <summary>Bytes; sun_path of unix(7) without its NUL.</summary>
    private const int LongestSocketPath = 107;

    internal static RootCommand Build(CliContext context)
    {
        var root = new RootCommand("Moves running containers between hosts.")
        {
            NodeCommand.Create(context),
            RunCommand.Create(context),
            ContainerCommands.Ps(context),
            ContainerCommands.Rm(context),
            MigrateCommand.Create(context),
            MigrationCommands.List(context),
            MigrationCommands.Migration(context),
            MigrationCommands.Cancel(context),
            HostCommands.Hosts(context),
            DrainCommands.Drain(context),
            DrainCommands.Undrain(context),
            BalanceCommands.Balance(context),
            BalanceCommands.Explain(context),
            LoadCommand.Create(context),
            VoterCommands.Voters(context),
            ImageCommands.Create(context),
            DoctorCommand.Create(context),
        };
        foreach (var command in TrustCommands.All())
        {
            root.Subcommands.Add(command);
        }

        context.Socket.RefuseIf(path => Encoding.UTF8.GetByteCount(path) is > 0 and <= LongestSocketPath ? null : $"--socket must be a path of 1 to {LongestSocketPath} bytes.");
        root.Options.Add(context.Socket);
        root.Options.Add(context.Json);
        return root;
    }

    /// <summary>Parses and runs; all failures that have a sentence end here, as one line on stderr and an <see cref="ExitCode"/>.</summary>
    internal static async Task<int> RunAsync(string[] args, CliContext context, CancellationToken cancel)
    {
        // Without this an argument that begins with '@' would be read as the name of a file with more arguments.
        var parsed = Build(context).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0 && !AsksForHelp(parsed))
        {
            var path = string.Join(' ', Ancestors(parsed.CommandResult).Reverse().Select(command => command.Command.Name));
            context.Terminal.Error.WriteLine($"amig: {parsed.Errors[0].Message} See '{path} --help'.");
            return (int)ExitCode.Usage;
        }

        try
        {
            var configuration = new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                Output = context.Terminal.Out,
                Error = context.Terminal.Error,
                // The daemon stops on SIGTERM by itself, in order; the default would cut it off.
                ProcessTerminationTimeout = null,
            };
            return await parsed.InvokeAsync(configuration, cancel).ConfigureAwait(false);
        }
        catch (CliException e)
        {
            return Fail(context, e.Code, e.Message);
        }
        catch (Exception e) when (e is SettingsException or TrustException)
        {
            return Fail(context, ExitCode.Failed, e.Message);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return Fail(context, ExitCode.Failed, "Interrupted; what the daemon has begun goes on.");
        }
    }

    private static int Fail(CliContext context, ExitCode code, string sentence)
    {
        context.Terminal.Error.WriteLine($"amig: {sentence}");
        return (int)code;
    }

    private static bool AsksForHelp(ParseResult parsed) => parsed.Action is System.CommandLine.Help.HelpAction;

    private static IEnumerable<CommandResult> Ancestors(CommandResult? result)
    {
        for (SymbolResult? at = result; at is not null; at = at.Parent)
        {
            if (at is CommandResult command)
            {
                yield return command;
            }
        }
    }
}
