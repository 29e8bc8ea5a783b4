using ActorMigration.Host.Linux.Pager;

namespace ActorMigration.Host;

internal static class Program
{
    private static int Main(string[] args) => HelperCommands.TryRun(args) ?? 0;
}
