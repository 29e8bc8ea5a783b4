using ActorMigration.Actors;
using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Containers;
using ActorMigration.Host.Linux.Network;
using ActorMigration.Host.Linux.Processes;
using ActorMigration.Host.Linux.Tracking;
using Microsoft.Extensions.Logging;

namespace ActorMigration.Host.Linux.Migration;

/// <summary>
/// Containers of this host outside an attempt. The record is written before the start and says what was ordered; what is, is found by
/// looking. A start that fails takes back everything it made, in the opposite order.
/// </summary>
internal sealed class LinuxContainerRuntime(LinuxNode node) : IContainerRuntime
{
    public async Task<ContainerStatus> RunAsync(ContainerSpec spec, Fence fence, CancellationToken cancel)
    {
        if (ContainerRecord.Load(node.StateDirectory, spec.Name) is not null)
        {
            throw new AttemptException(MigrationFailure.AttemptInProgress, $"container {spec.Name} is on this host already; remove it first (amig rm {spec.Name})");
        }

        if (PortInventory.Find(node.NetnsDirectory).FirstOrDefault(port => port.Container == spec.Name) is { Container.Value: not null } left)
        {
            throw new AttemptException(MigrationFailure.LeftoversFound, $"container {spec.Name} still has a port of fence {left.Fence} on this host, of an attempt that has not been cleaned up");
        }

        var directory = new RootFileSystem(node.StateDirectory, spec.Name).ContainerDirectory;
        if (!TryDeleteEmpty(directory))
        {
            throw new AttemptException(MigrationFailure.LeftoversFound, $"this host still has files of an earlier container {spec.Name}, which a new one must not see: look at {directory}, and delete it when it is not needed");
        }

        var undo = new Stack<Func<Task>>();
        try
        {
            return await StartAsync(spec, fence, undo, cancel).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            // What follows a step that failed stays, above all the record: by it the rest is found.
            while (undo.TryPop(out var step) && await TryUndoAsync(spec.Name, step).ConfigureAwait(false))
            {
            }

            throw Named(failure, spec.Name);
        }
    }

    public Task<ContainerStatus?> TakeUpAsync(ContainerName name, Fence fence) => AttemptErrors.Of($"taking up the start of container {name}", async () =>
    {
        if (ContainerRecord.Load(node.StateDirectory, name) is not { } record)
        {
            // Nothing is made before the record, and the record goes last.
            TryDeleteEmpty(new RootFileSystem(node.StateDirectory, name).ContainerDirectory);
            return null;
        }

        if (record.Fence != fence)
        {
            return null;
        }

        if (record.Init is null)
        {
            await node.Container(name, record.Fence).RemoveAsync().ConfigureAwait(false);
            RemoveFiles(name);
            return null;
        }

        if (record.InitIsAlive)
        {
            using var port = ContainerPort.Adopt(node.NetnsDirectory, name, record.Fence, record.Spec.Network, node.Bridge);
            Connect(port, record);
        }

        return Look(record);
    });

    /// <summary>The reason of the failure is what the operator has to hear; what could not be undone for another one is in the log, and the record of the container says that it is there.</summary>
    private async Task<bool> TryUndoAsync(ContainerName name, Func<Task> step)
    {
        try
        {
            await step().ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is IOException or LinuxException or UnauthorizedAccessException)
        {
            node.Log.LogError("Of container {Name}, whose start failed, something is left: {Reason}", name, e.Message);
            return false;
        }
    }

    /// <summary>Takes away a container's directory that holds nothing, not even its record: a daemon died when it made or had emptied it. False when there is something in it.</summary>
    private static bool TryDeleteEmpty(string directory)
    {
        if (!Directory.Exists(directory))
        {
            return true;
        }

        if (Directory.GetDirectories(directory).Length > 0)
        {
            return false;
        }

        Directory.Delete(directory, recursive: true);
        return true;
    }

    public async Task RemoveAsync(ContainerName name, TimeSpan grace, CancellationToken cancel)
    {
        var record = ContainerRecord.Load(node.StateDirectory, name)
            ?? throw new AttemptException(MigrationFailure.UnknownContainer, $"container {name} is not on this host");
        await node.Container(name, record.Fence).StopAsync(record.Spec.StopSignal, grace, cancel).ConfigureAwait(false);
        RemoveFiles(name);
    }

    public Task<ContainerStatus[]> ListAsync(CancellationToken cancel)
        => AttemptErrors.Of("listing containers", () => Task.FromResult<ContainerStatus[]>([.. ContainerRecord.LoadAll(node.StateDirectory).Select(Look)]));

    /// <summary>Everything of a container on this host but its processes, which are gone: ports of any fence, mount, files, record.</summary>
    internal void RemoveFiles(ContainerName name)
    {
        PortInventory.RemoveStale(node.NetnsDirectory, name, new Fence(long.MaxValue, int.MaxValue));
        new RootFileSystem(node.StateDirectory, name).Delete();
    }

    private async Task<ContainerStatus> StartAsync(ContainerSpec spec, Fence fence, Stack<Func<Task>> undo, CancellationToken cancel)
    {
        var layers = await node.Images.LayerDirectoriesAsync(spec.Image, cancel).ConfigureAwait(false);
        var root = new RootFileSystem(node.StateDirectory, spec.Name);
        var container = node.Container(spec.Name, fence);
        var netns = Path.Combine(node.NetnsDirectory, new PortName(spec.Name, fence).NetnsFile);
        var record = new ContainerRecord(spec, fence, ContainerState.Running, netns, container.Id, container.Cgroup.Path, null, ProcessIdentity.BootId());
        undo.Push(() => Done(root.Delete));
        // Before anything else of it is here: a daemon that comes after this one finds it all by the record.
        record.Save(node.StateDirectory);
        root.Create();
        root.Mount(layers);

        Directory.CreateDirectory(node.NetnsDirectory);
        using var port = ContainerPort.Create(node.NetnsDirectory, spec.Name, fence, spec.Network, node.Bridge);
        // By its name: the port's handles are closed by the time a failure is undone.
        undo.Push(() => Done(() => PortInventory.Remove(node.NetnsDirectory, new PortName(spec.Name, fence))));

        undo.Push(() => container.RemoveAsync(CancellationToken.None));
        var init = await container.StartAsync(root.Bundle, spec, root.MountPoint, port.NetnsPath, cancel).ConfigureAwait(false);
        // First of all: what is half undone is no container that has ended by itself.
        undo.Push(() => Done(() => (record with { Init = null }).Save(node.StateDirectory)));
        record = record with { Init = init };
        record.Save(node.StateDirectory);
        Connect(port, record);
        node.Log.LogInformation("Container {Name} runs at {Fence} with pid {Pid}", spec.Name, fence, init.Pid);
        return Look(record);
    }

    private void Connect(ContainerPort port, ContainerRecord record)
    {
        port.Plug();
        port.Announce();
        node.Claims.TryAct(record.Spec.Name, record.Fence);
    }

    public Task AnnounceAsync(ContainerName name) => AttemptErrors.Of("announcing the address", () =>
    {
        if (ContainerRecord.Load(node.StateDirectory, name) is { State: ContainerState.Running, InitIsAlive: true } record)
        {
            using var port = ContainerPort.Adopt(node.NetnsDirectory, name, record.Fence, record.Spec.Network, node.Bridge);
            port.Announce();
        }

        return Task.CompletedTask;
    });

    public Task HoldAsync(ContainerName name) => AttemptErrors.Of($"freezing container {name}", async () =>
    {
        var record = ContainerRecord.Load(node.StateDirectory, name) ?? throw new AttemptException(MigrationFailure.UnknownContainer, $"container {name} is not on this host");
        var cgroup = node.Layout.Open(record.CgroupsPath);
        DurableFile.Write(HoldMark(name), []);
        try
        {
            await cgroup.FreezeAsync(node.Time).ConfigureAwait(false);
        }
        catch
        {
            // It runs on: what failed may have been the look at whether it stands. Only then is the mark taken away.
            cgroup.Thaw();
            File.Delete(HoldMark(name));
            throw;
        }
    });

    public Task<bool> ReleaseAsync(ContainerName name) => AttemptErrors.Of($"letting container {name} go on", () =>
    {
        if (!File.Exists(HoldMark(name)) || ContainerRecord.Load(node.StateDirectory, name) is not { } record)
        {
            return Task.FromResult(false);
        }

        // A daemon that died between mark and freeze, or between thaw and this, has left the mark of a container that runs.
        var stands = node.Layout.Open(record.CgroupsPath) is { Exists: true } cgroup && cgroup.IsFrozen ? cgroup : null;
        stands?.Thaw();
        File.Delete(HoldMark(name));
        return Task.FromResult(stands is not null);
    });

    public Task<ContainerObstacle[]> ObstaclesAsync(CancellationToken cancel) => AttemptErrors.Of("looking for what keeps containers here", () =>
    {
        var found = new List<ContainerObstacle>();
        foreach (var record in ContainerRecord.LoadAll(node.StateDirectory).Where(record => record is { State: ContainerState.Running, InitIsAlive: true }))
        {
            cancel.ThrowIfCancellationRequested();
            if (ObstacleOf(record) is { } why)
            {
                found.Add(new ContainerObstacle(record.Spec.Name, why));
            }
        }

        return Task.FromResult<ContainerObstacle[]>([.. found]);
    });

    private string? ObstacleOf(ContainerRecord record)
    {
        var container = node.Container(record.Spec.Name, record.Fence);
        try
        {
            return container.Cgroup.IsFrozen ? "it is frozen: by another move of it, because this host is not trusted, or by somebody's hand" : MoveObstacles.Find(container, TrackingHazards.Find(container.Cgroup.Processes()));
        }
        catch (Exception e) when (e is IOException or LinuxException or UnauthorizedAccessException)
        {
            // It has ended meanwhile; or nobody can look at it, and then its survey could not either. The others are told of all the same.
            return record.InitIsAlive ? $"it cannot be looked at: {e.Message}" : null;
        }
    }

    /// <summary>Goes with the container's directory when the container goes.</summary>
    private string HoldMark(ContainerName name) => Path.Combine(new RootFileSystem(node.StateDirectory, name).ContainerDirectory, "held");

    private ContainerStatus Look(ContainerRecord record)
    {
        var (state, memory) = StateOf(record);
        return new ContainerStatus(
            record.Spec.Name, record.Fence, state, state == ContainerState.Exited ? 0 : record.Init!.Value.Pid, record.Spec.Image, record.Spec.Network.Address, memory);
    }

    private (ContainerState State, long MemoryBytes) StateOf(ContainerRecord record)
    {
        var cgroup = node.Layout.Open(record.CgroupsPath);
        try
        {
            var state = !record.InitIsAlive || !cgroup.Exists ? ContainerState.Exited
                : record.State == ContainerState.Gated ? ContainerState.Gated
                : cgroup.IsFrozen ? ContainerState.Frozen
                : ContainerState.Running;
            return (state, cgroup.Exists ? cgroup.MemoryBytes() : 0);
        }
        catch (IOException) when (!record.InitIsAlive || !cgroup.Exists)
        {
            // It went while it was looked at.
            return (ContainerState.Exited, 0);
        }
    }

    private static AttemptException Named(Exception failure, ContainerName name) => failure switch
    {
        AttemptException named => named,
        OperationCanceledException => new AttemptException(MigrationFailure.Cancelled, $"the start of container {name} was cancelled; nothing of it is left", failure),
        _ => new AttemptException(MigrationFailure.Internal, $"container {name} could not be started: {failure.Message}", failure),
    };

    private static Task Done(Action action)
    {
        action();
        return Task.CompletedTask;
    }
}
