namespace ActorMigration.Host.Linux;

/// <summary>Runs what blocks (scans, sockets, fsync) on a thread of its own and gives it back as a task.</summary>
internal static class Blocking
{
    internal static Task<T> Run<T>(Func<T> body) => Task.Factory.StartNew(body, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    internal static Task Run(Action body) => Task.Factory.StartNew(body, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
