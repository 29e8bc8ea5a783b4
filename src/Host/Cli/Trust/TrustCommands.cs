using System.CommandLine;
using ActorMigration.Actors.Trust;
using ActorMigration.Host.Trust;

namespace ActorMigration.Host.Cli.Trust;

/// <summary>The commands that set trust up: <c>amig ca</c>, <c>amig enrol</c>, <c>amig policy</c>. None of them needs a daemon.</summary>
public static class TrustCommands
{
    /// <summary>Exit code of a command that could not do what it was asked.</summary>
    private const int Failed = 1;

    /// <summary>For the root command.</summary>
    public static IReadOnlyList<Command> All() => [CaCommand.Build(TimeProvider.System), EnrolCommand.Build(TimeProvider.System), PolicyCommand.Build()];

    /// <summary>Runs <paramref name="run"/>, whose result is printed; turns the expected failures into one sentence and exit code 1.</summary>
    internal static void Does(this Command command, Func<ParseResult, string> run) => command.SetAction(parsed =>
    {
        try
        {
            parsed.InvocationConfiguration.Output.WriteLine(run(parsed));
            return 0;
        }
        catch (Exception e) when (e is TrustException or TpmRefusedException or TpmUnavailableException)
        {
            parsed.InvocationConfiguration.Error.WriteLine($"amig: {e.Message}");
            return Failed;
        }
    });
}
