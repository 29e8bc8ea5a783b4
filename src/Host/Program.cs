using ActorMigration.Host.Cli;

namespace ActorMigration.Host;

internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        using var interrupted = new CancellationTokenSource();
        Console.CancelKeyPress += (_, pressed) =>
        {
            pressed.Cancel = true;
            interrupted.Cancel();
        };
        return await AmigCommandLine.RunAsync(args, new CliContext(Terminal.OfProcess(), TimeProvider.System), interrupted.Token).ConfigureAwait(false);
    }
}
