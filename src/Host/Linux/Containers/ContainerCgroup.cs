using System.Globalization;
using ActorMigration.Host.Linux.Processes;

namespace ActorMigration.Host.Linux.Containers;

/// <summary>
/// The freezer cgroup of one container: freeze, thaw, list, kill. Written directly, since a runc process for a pause costs about 10 ms
/// of every stop and does the same write. Idempotent; nothing here decides whether a container may run.
/// </summary>
public sealed class ContainerCgroup
{
    /// <summary>A freeze that takes longer is stuck on a task that the kernel cannot stop (vfork, dead disk): far above the 0.2 ms of a good one.</summary>
    public static readonly TimeSpan FreezeDeadline = TimeSpan.FromSeconds(2);

    /// <summary>Tasks that got SIGKILL are gone after this, or sleep in the kernel for ever.</summary>
    public static readonly TimeSpan KillDeadline = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(1);

    private readonly CgroupLayout _layout;

    internal ContainerCgroup(CgroupLayout layout, string cgroupsPath)
    {
        _layout = layout;
        Path = cgroupsPath;
        Directory = layout.FreezerMount + cgroupsPath;
        StateFile = System.IO.Path.Combine(Directory, layout.IsV2 ? "cgroup.freeze" : "freezer.state");
    }

    /// <summary>As in the OCI config.</summary>
    public string Path { get; }

    /// <summary>Directory in the hierarchy that has the freezer; given to CRIU as --freeze-cgroup.</summary>
    public string Directory { get; }

    /// <summary>File that is written to freeze and thaw.</summary>
    public string StateFile { get; }

    /// <summary>What is written to <see cref="StateFile"/> to freeze.</summary>
    public string FrozenWord => _layout.IsV2 ? "1" : "FROZEN";

    /// <summary>What is written to <see cref="StateFile"/> to thaw.</summary>
    public string ThawedWord => _layout.IsV2 ? "0" : "THAWED";

    public bool Exists => System.IO.Directory.Exists(Directory);

    /// <summary>True when every task stands.</summary>
    public bool IsFrozen
        => _layout.IsV2
            ? File.ReadAllText(System.IO.Path.Combine(Directory, "cgroup.events")).Contains("frozen 1", StringComparison.Ordinal)
            : File.ReadAllText(StateFile).TrimEnd() == FrozenWord;

    /// <summary>Host pids of all processes, ascending; empty when the cgroup is gone.</summary>
    public int[] Processes()
    {
        try
        {
            return [.. File.ReadLines(System.IO.Path.Combine(Directory, "cgroup.procs")).Select(line => int.Parse(line, CultureInfo.InvariantCulture)).Distinct().Order()];
        }
        catch (IOException e) when (IsGone(e))
        {
            return [];
        }
    }

    /// <summary>Bytes that the kernel counts for the container now; 0 when it does not count.</summary>
    public long MemoryBytes()
    {
        var file = System.IO.Path.Combine(_layout.MemoryMount + Path, _layout.IsV2 ? "memory.current" : "memory.usage_in_bytes");
        return File.Exists(file) && long.TryParse(File.ReadAllText(file), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var bytes) ? bytes : 0;
    }

    /// <summary>Freezes and waits until every task stands.</summary>
    /// <exception cref="LinuxException">Not frozen within <see cref="FreezeDeadline"/>; the container has been thawed again. errno EBUSY: try once more.</exception>
    public async Task FreezeAsync(TimeProvider time)
    {
        var start = time.GetTimestamp();
        File.WriteAllText(StateFile, FrozenWord);
        while (!IsFrozen)
        {
            if (time.GetElapsedTime(start) > FreezeDeadline)
            {
                Thaw();
                throw new LinuxException("freeze", Directory, Interop.Errno.EBUSY);
            }

            await Task.Delay(Poll, time).ConfigureAwait(false);
            if (!_layout.IsV2)
            {
                // v1 gives up on a task that was in vfork when it tried; writing again makes it try again (runc does the same).
                File.WriteAllText(StateFile, FrozenWord);
            }
        }
    }

    /// <summary>Lets the tasks run.</summary>
    public void Thaw() => File.WriteAllText(StateFile, ThawedWord);

    /// <summary>
    /// Kills every process without any of them executing another instruction: frozen first, so that none forks or is let go by a tracer that dies before it,
    /// then signalled, then thawed (a task takes SIGKILL on its way out of the freezer). Returns when the cgroup is empty or gone.
    /// </summary>
    /// <exception cref="LinuxException">ETIMEDOUT: something was still there after <see cref="KillDeadline"/>.</exception>
    public async Task KillAllAsync(TimeProvider time)
    {
        await SignalAllAsync(time).ConfigureAwait(false);
        await WaitEmptyAsync(time).ConfigureAwait(false);
    }

    /// <summary>The first half of <see cref="KillAllAsync"/>, for a caller that must end a tracer before its victims can go.</summary>
    internal async Task SignalAllAsync(TimeProvider time)
    {
        if (Processes().Length == 0)
        {
            return;
        }

        try
        {
            await FreezeAsync(time).ConfigureAwait(false);
        }
        catch (LinuxException e) when (e.Errno == Interop.Errno.EBUSY)
        {
            // A task that cannot be frozen can still be killed.
        }
        catch (IOException e) when (IsGone(e))
        {
            return;
        }

        foreach (var pid in Processes())
        {
            Signals.Send(pid, Signals.SIGKILL);
        }

        try
        {
            Thaw();
        }
        catch (IOException e) when (IsGone(e))
        {
            // The last process has gone, and with it whoever removes the cgroup has come.
        }
    }

    /// <summary>The cgroup was removed before its file was opened (ENOENT), or between opening and reading it (ENODEV).</summary>
    private static bool IsGone(IOException e) => e is DirectoryNotFoundException or FileNotFoundException || e.HResult == Interop.Errno.ENODEV;

    /// <summary>
    /// Removes the empty cgroup from every hierarchy. runc does it only for containers it knows, and forgets one whose restore was cut off before its tasks are
    /// gone.
    /// </summary>
    /// <exception cref="IOException">Something is in it.</exception>
    public void Delete()
    {
        foreach (var directory in _layout.Mounts.Select(mount => mount + Path).Where(System.IO.Directory.Exists))
        {
            System.IO.Directory.Delete(directory);
        }
    }

    internal async Task WaitEmptyAsync(TimeProvider time)
    {
        var start = time.GetTimestamp();
        while (Processes() is { Length: > 0 } pids)
        {
            if (time.GetElapsedTime(start) > KillDeadline)
            {
                throw new LinuxException("kill", $"{Directory} (pids {string.Join(", ", pids)})", Interop.Errno.ETIMEDOUT);
            }

            await Task.Delay(Poll, time).ConfigureAwait(false);
        }
    }
}
