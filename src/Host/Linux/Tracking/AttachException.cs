namespace ActorMigration.Host.Linux.Tracking;

/// <summary>A process could not be tracked; without tracking all its memory is copied under the freeze.</summary>
public sealed class AttachException(AttachFailure failure, int pid, string why)
    : Exception($"tracking of process {pid} ({ProcTask.Program(pid)}) could not begin: {why}")
{
    /// <summary>What callers match on.</summary>
    public AttachFailure Failure { get; } = failure;

    /// <summary>Host pid.</summary>
    public int Pid { get; } = pid;
}
