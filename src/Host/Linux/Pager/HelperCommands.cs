namespace ActorMigration.Host.Linux.Pager;

/// <summary>
/// The two hidden commands that run as processes of their own. Looked at before any other argument is parsed: a helper loads
/// nothing that it does not need.
/// </summary>
public static class HelperCommands
{
    /// <summary>Exit code of a helper, or null when <paramref name="args"/> are not for one.</summary>
    public static int? TryRun(string[] args)
    {
        try
        {
            return args switch
            {
                ["pager", var work, var store, var images, var cgroup] => PagerProcess.Run(work, store, images, cgroup, TimeProvider.System),
                ["keeper", var work, var store, var images, var cgroup, var freezer] => KeeperProcess.Run(work, store, images, cgroup, freezer, TimeProvider.System),
                _ => null,
            };
        }
        catch (Exception failure) when (failure is IOException or InvalidDataException or System.Net.Sockets.SocketException or UnauthorizedAccessException or EventLogFullException)
        {
            Console.Error.WriteLine($"amig {args[0]}: {failure.Message}");
            return 1;
        }
    }
}
