using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Processes;

namespace ActorMigration.Host.Linux.Containers;

/// <summary>
/// One container of one fence in the kernel: its runc entry and its cgroup. Root file system, netns and record are others' concern and exist
/// before <see cref="StartAsync"/>. Used by the container runtime and by both sides of an attempt.
/// </summary>
public sealed class RuncContainer
{
    private readonly RuncTool _runc;
    private readonly TimeProvider _time;

    public RuncContainer(RuncTool runc, CgroupLayout layout, HostPolicy policy, ContainerName name, Fence fence, TimeProvider time)
    {
        _runc = runc;
        _time = time;
        Id = ContainerPlace.IdOf(name, fence);
        Cgroup = layout.Open($"{policy.CgroupParent}/{Id}");
    }

    /// <summary>Id in runc.</summary>
    public string Id { get; }

    /// <summary>Freeze, thaw, list.</summary>
    public ContainerCgroup Cgroup { get; }

    /// <summary>Generates the config, creates and starts. All or nothing.</summary>
    /// <param name="bundle">Directory for config.json and runc's log; made when missing.</param>
    /// <param name="spec">What was asked for.</param>
    /// <param name="rootFileSystem">Mounted root.</param>
    /// <param name="networkNamespace">Path of its netns.</param>
    /// <param name="cancel">Kills runc; what it made is removed.</param>
    /// <returns>The first process.</returns>
    /// <exception cref="ToolFailedException">runc refused; its reason is in the message.</exception>
    public async Task<ProcessIdentity> StartAsync(string bundle, ContainerSpec spec, string rootFileSystem, string networkNamespace, CancellationToken cancel = default)
    {
        Directory.CreateDirectory(bundle);
        Directory.CreateDirectory(_runc.Root);
        OciConfig.Write(bundle, spec, new ContainerPlace(rootFileSystem, networkNamespace, Cgroup.Path));
        try
        {
            await _runc.RunAsync(Id, bundle, cancel).ConfigureAwait(false);
        }
        catch
        {
            await RemoveAsync(CancellationToken.None).ConfigureAwait(false);
            throw;
        }

        // A program that ended at once has no pid any more: its identity is one that is never alive.
        var state = await _runc.StateAsync(Id, cancel).ConfigureAwait(false);
        return ProcessIdentity.Find(state?.Pid ?? 0) ?? new ProcessIdentity(state?.Pid ?? 0, 0);
    }

    /// <summary>State as found: a restored tree that waits at its gate is told apart by the attempt's own files, not here.</summary>
    public async Task<ContainerState?> StateAsync(CancellationToken cancel = default)
    {
        if (await _runc.StateAsync(Id, cancel).ConfigureAwait(false) is not { } state)
        {
            return null;
        }

        return state.Status == "stopped" || !Cgroup.Exists ? ContainerState.Exited : Cgroup.IsFrozen ? ContainerState.Frozen : ContainerState.Running;
    }

    /// <summary>Asks the first process to end, then kills after <paramref name="grace"/>, then removes. No error when nothing is there.</summary>
    public async Task StopAsync(int signal, TimeSpan grace, CancellationToken cancel = default)
    {
        if (await _runc.StateAsync(Id, cancel).ConfigureAwait(false) is { Pid: > 0 } state && ProcessIdentity.Find(state.Pid) is { } init)
        {
            Signals.Send(init.Pid, signal);
            var start = _time.GetTimestamp();
            while (init.IsAlive && _time.GetElapsedTime(start) < grace)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), _time, cancel).ConfigureAwait(false);
            }
        }

        await RemoveAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>Kills every process, frozen or not, and removes runc's entry and the cgroups. No error when nothing is there.</summary>
    public async Task RemoveAsync(CancellationToken cancel = default)
    {
        await Cgroup.KillAllAsync(_time).ConfigureAwait(false);
        await _runc.DeleteAsync(Id, cancel).ConfigureAwait(false);
        Cgroup.Delete();
    }
}
