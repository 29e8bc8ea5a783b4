using ActorMigration.Host.Cli;
using ActorMigration.Host.Linux.Pager;

namespace ActorMigration.Host;

internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        // The pager and its keeper are this program as well: small processes that outlive the node.
        if (HelperCommands.TryRun(args) is { } helperExit)
        {
            return helperExit;
        }

        using var interrupted = new CancellationTokenSource();
        Console.CancelKeyPress += (_, pressed) =>
        {
            pressed.Cancel = true;
            interrupted.Cancel();
        };
        return await AmigCommandLine.RunAsync(args, new CliContext(Terminal.OfProcess(), TimeProvider.System), interrupted.Token).ConfigureAwait(false);
    }
}
