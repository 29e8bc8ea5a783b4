using System.Globalization;
using ActorMigration.Actors;
using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Containers;
using ActorMigration.Host.Linux.Criu;
using ActorMigration.Host.Linux.Network;
using Microsoft.Extensions.Logging;

namespace ActorMigration.Host.Linux.Migration;

/// <summary>What follows the verdict. Each call looks first and may be repeated, by this daemon or by a later one.</summary>
internal sealed partial class LinuxSourceAttempt
{
    /// <summary>Says that this attempt may have stopped the container. It lies where the frozen tree does, in the memory of this boot, so that it cannot be older than the tree as a journal can.</summary>
    private const string StopMark = "stopped";

    public Task PlugAndThawAsync() => AttemptErrors.Of("plugging in and thawing", async () =>
    {
        DemandNoLaterStop();
        await LetGoAsync().ConfigureAwait(false);
        if (!_container.Cgroup.Exists)
        {
            // The host has been down since the freeze, and the container went with it: it is listed as ended, and can be removed when the attempt has ended.
            _node.Log.LogWarning("Container {Name} went with its host while it stood for attempt {Attempt}: there is nothing to thaw", Spec.Name, _attempt);
            return;
        }

        if (_holder is null)
        {
            // An earlier daemon's: its forwarding entry would swallow every frame for the container.
            FrameHolder.RemoveLeftover(Spec.Name, _fence);
        }

        // An earlier daemon may have ended together with the CRIU of its dump.
        SocketsInRepair.TakeOut(_container.Cgroup.Processes());
        _port ??= ContainerPort.Adopt(_node.NetnsDirectory, Spec.Name, _record.Fence, Spec.Network, _node.Bridge);
        _port.Plug();
        _port.Announce();
        _holder?.ReplayInto(_port);
        _container.Cgroup.Thaw();
    });

    public Task RefuseCopyAsync() => _container.Cgroup.Processes().Length == 0
        ? KillAsync()
        : throw new AttemptException(
            MigrationFailure.LeftoversFound,
            $"an operator gave container {Spec.Name} to the destination and said that host {_node.Host} was off, but its copy stands here: it stays frozen. "
            + $"When the container runs at the destination, remove this copy by 'runc --root {_node.Runc.Root} delete --force {_container.Id}'");

    public Task KillAsync() => AttemptErrors.Of("killing the frozen copy", async () =>
    {
        await LetGoAsync().ConfigureAwait(false);
        await _container.Cgroup.KillAllAsync(_node.Time).ConfigureAwait(false);
        await _container.RemoveAsync().ConfigureAwait(false);
    });

    public Task CleanAsync(Verdict verdict) => AttemptErrors.Of("cleaning up", async () =>
    {
        await DisposeAsync().ConfigureAwait(false);
        RemoveLeftovers(_node, Spec.Name, _fence);
        if (verdict == Verdict.Dest)
        {
            await _container.RemoveAsync().ConfigureAwait(false);
            new LinuxContainerRuntime(_node).RemoveFiles(Spec.Name);
        }
    });

    private void MarkStopped()
    {
        var directory = _node.AttemptRunDirectory(Spec.Name, _fence);
        Directory.CreateDirectory(directory);
        File.WriteAllBytes(Path.Combine(directory, StopMark), []);
    }

    /// <summary>A journal that went back in time still has the verdict of an earlier attempt; what a later one has stopped since is not that verdict's to thaw.</summary>
    private void DemandNoLaterStop()
    {
        var attempts = Path.GetDirectoryName(_node.AttemptRunDirectory(Spec.Name, _fence))!;
        var ofThisOwner = ContainerPlace.IdOf(Spec.Name, _fence)[..^_fence.Ordinal.ToString(CultureInfo.InvariantCulture).Length];
        foreach (var directory in Directory.Exists(attempts) ? Directory.EnumerateDirectories(attempts, ofThisOwner + "*") : [])
        {
            if (int.TryParse(Path.GetFileName(directory)[ofThisOwner.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var ordinal)
                && ordinal > _fence.Ordinal && File.Exists(Path.Combine(directory, StopMark)))
            {
                throw new AttemptException(
                    MigrationFailure.LeftoversFound,
                    $"container {Spec.Name} was stopped by a later attempt, at {_fence with { Ordinal = ordinal }}: the journal of host {_node.Host} is older than its container");
            }
        }
    }

    private static string DumpDirectoryOf(LinuxNode node, ContainerName container, Fence fence) => Path.Combine(node.AttemptStateDirectory(container, fence), "dump");

    /// <summary>Files of the attempt, a criu that waits for its word, and a hold port that an earlier daemon made for it.</summary>
    internal static void RemoveLeftovers(LinuxNode node, ContainerName container, Fence fence)
    {
        using var held = SkeletonDump.HoldLeftover(DumpDirectoryOf(node, container, fence));
        foreach (var directory in (string[])[node.AttemptRunDirectory(container, fence), node.AttemptStateDirectory(container, fence)])
        {
            if (Directory.Exists(directory))
            {
                Directory.Delete(directory, recursive: true);
            }
        }

        FrameHolder.RemoveLeftover(container, fence);
    }
}
