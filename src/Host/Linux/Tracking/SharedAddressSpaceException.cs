namespace ActorMigration.Host.Linux.Tracking;

/// <summary>
/// Two frozen processes have one address space, so neither can be carried as it is. When a vfork was in flight the caller
/// thaws, lets the container run for a moment and freezes again; otherwise the attempt is refused.
/// </summary>
public sealed class SharedAddressSpaceException(int first, int second, bool isVforkInFlight)
    : Exception($"processes {first} ({ProcTask.Program(first)}) and {second} ({ProcTask.Program(second)}) have one address space: " + (isVforkInFlight
        ? "a vfork was in flight at the freeze; thaw and freeze again"
        : "CRIU cannot restore that; the container must run on here"))
{
    public int First { get; } = first;

    public int Second { get; } = second;

    /// <summary>True: it passes by itself as soon as the child calls exec, which takes microseconds.</summary>
    public bool IsRetryable { get; } = isVforkInFlight;
}
