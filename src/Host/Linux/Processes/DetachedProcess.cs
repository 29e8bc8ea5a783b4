namespace ActorMigration.Host.Linux.Processes;

/// <summary>
/// A child in a session of its own that goes on when this process ends. <see cref="Exited"/> completes with its exit code while this process lives
/// and has to be kept only by who wants it: the child is reaped in any case.
/// </summary>
public sealed class DetachedProcess
{
    private readonly SpawnedProcess _process;

    internal DetachedProcess(SpawnedProcess process)
    {
        _process = process;
        // Not yet reaped, so its stat is there even when it has ended by now.
        Identity = ProcessIdentity.Find(process.Pid) ?? new ProcessIdentity(process.Pid, 0);
        Exited = Task.Factory.StartNew(Reap, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>To find it again after a restart; start time 0 when it ended at once.</summary>
    public ProcessIdentity Identity { get; }

    /// <summary>Exit code, or 128 + signal.</summary>
    public Task<int> Exited { get; }

    /// <summary>SIGKILL to it and its descendants; no error when it has ended.</summary>
    public void KillTree()
    {
        if (!Exited.IsCompleted)
        {
            _process.KillTree();
        }
    }

    private int Reap()
    {
        var code = _process.WaitForExit();
        _process.Dispose();
        return code;
    }
}
