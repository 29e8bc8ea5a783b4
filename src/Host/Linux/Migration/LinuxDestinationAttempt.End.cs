using ActorMigration.Actors;
using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Containers;
using ActorMigration.Host.Linux.Criu;
using ActorMigration.Host.Linux.Network;
using ActorMigration.Host.Linux.Pager;
using ActorMigration.Host.Linux.Processes;
using ActorMigration.Host.Linux.Store;
using Microsoft.Extensions.Logging;

namespace ActorMigration.Host.Linux.Migration;

/// <summary>What follows the verdict. Each call looks first and may be repeated, by this daemon or by a later one.</summary>
internal sealed partial class LinuxDestinationAttempt
{
    public Task OpenGateAsync(VerdictCertificate certificate) => AttemptErrors.Of("opening the gate", async () =>
    {
        if (certificate.Value != Verdict.Dest || certificate.Register != new RegisterId(_name, _fence, _attempt))
        {
            throw new AttemptException(MigrationFailure.Internal, $"the verdict {certificate.Value} of {certificate.Register.Attempt} does not open the gate of attempt {_attempt}");
        }

        // The record is written last: an earlier call came through, or found the tree dead.
        if (ContainerRecord.Load(_node.StateDirectory, _name) is { } written && written.Fence == _fence)
        {
            if (written.State == ContainerState.Exited && _gate is not { MayHaveRun: true })
            {
                throw Lost();
            }

            return;
        }

        // Asked before the port is plugged in: a container that is not there must not answer.
        if (_gate is not { IsOpenOrMayBe: true })
        {
            Write(ContainerState.Exited, null);
            if (_gate is { MayHaveRun: true })
            {
                _node.Log.LogWarning("Container {Name} has ended right behind its gate", _name);
                return;
            }

            throw Lost();
        }

        var init = _gate.InitPid;
        RemoveHoldPortOfEarlierDaemon();
        Port.Plug();
        Port.Announce();
        Port.ForgetUnansweredNeighbours();
        if (_holder?.ReplayInto(Port) is { } replay)
        {
            _node.Log.LogInformation("Container {Name}: {Replayed} held frames replayed, {Dropped} given up, {Lost} not taken", _name, replay.Replayed, replay.Dropped, replay.Lost);
        }

        var filling = _pager!.FillAsync(CancellationToken.None);
        try
        {
            await _gate.OpenAsync().ConfigureAwait(false);
        }
        catch (RestoreFailedException dead) when (!_gate.IsOpenOrMayBe)
        {
            // A tree that lives is none of these, whatever else is wrong with it: that is tried again, with an alarm.
            _node.Log.LogError("Container {Name}: {Reason}", _name, dead.Message);
            Write(ContainerState.Exited, null);
            if (_gate.MayHaveRun)
            {
                return;
            }

            throw Lost();
        }

        await filling.ConfigureAwait(false);
        _node.Claims.TryAct(_name, _fence);
        var running = ProcessIdentity.Find(init);
        Write(running is null ? ContainerState.Exited : ContainerState.Running, running);
    });

    private void Write(ContainerState state, ProcessIdentity? init)
        => new ContainerRecord(Spec, _fence, state, Path.Combine(_node.NetnsDirectory, new PortName(_name, _fence).NetnsFile), _container.Id, _container.Cgroup.Path, init, ProcessIdentity.BootId()).Save(_node.StateDirectory);

    private AttemptException Lost() => new(
        MigrationFailure.ContainerLost,
        $"container {_name} is lost: its restored tree on host {_node.Host} died after the voters had given it to that host and before it ran, so it runs nowhere; its files are kept there in {_root.Upper}, 'amig rm {_name}' removes them");

    public Task KillGatedAsync() => AttemptErrors.Of("killing the gated tree", async () =>
    {
        _holder?.Release();
        if (_gate is not null)
        {
            await _gate.KillAsync().ConfigureAwait(false);
        }

        if (_pager is not null)
        {
            await _pager.EndAsync(CancellationToken.None).ConfigureAwait(false);
        }
    });

    public Task RefuseTreeAsync() => _container.Cgroup.Processes().Length == 0
        ? KillGatedAsync()
        : throw new AttemptException(
            MigrationFailure.LeftoversFound,
            $"an operator took container {_name} for lost and said that host {_node.Host} was off, but its restored tree stands here: it stays frozen at its gate. "
            + $"When the container is not to be had from it any more, remove this tree by 'runc --root {_node.Runc.Root} delete --force {_container.Id}'");

    public Task<FillReport> AwaitFillAsync(CancellationToken cancel) => AttemptErrors.Of("the fill", async () =>
    {
        if (_pager is null)
        {
            return new FillReport(0, 0, TimeSpan.Zero);
        }

        PagerStatus status;
        try
        {
            status = await _pager.WaitFilledAsync(cancel).ConfigureAwait(false);
        }
        catch (PagerException lost) when (lost.Failure == PagerFailure.Lost && _container.Cgroup.Processes().Length == 0)
        {
            // The container has been removed or has ended: nobody misses a page.
            return new FillReport(0, 0, TimeSpan.Zero);
        }

        return new FillReport(status.PagesFilled, status.Faults, TimeSpan.FromMilliseconds(status.FillMilliseconds));
    });

    public Task CleanAsync(Verdict verdict) => AttemptErrors.Of("cleaning up", async () =>
    {
        _streams?.Dispose();
        if (verdict == Verdict.Source)
        {
            await KillGatedAsync().ConfigureAwait(false);
        }

        else if (_pager is not null)
        {
            // They have ended, unless they were killed: then their twin has not.
            await _pager.EndAsync(CancellationToken.None).ConfigureAwait(false);
        }

        _gate?.RemoveRefuge();
        await DisposeAsync().ConfigureAwait(false);
        RemoveHoldPortOfEarlierDaemon();
        PageStore.Wipe(StoreDirectory);
        if (verdict == Verdict.Source)
        {
            PortInventory.Remove(_node.NetnsDirectory, new PortName(_name, _fence));
            // Only what this attempt made: a record would mean that the container is here by another right.
            if (ContainerRecord.Load(_node.StateDirectory, _name) is null && DestinationRecord.Load(StateDirectory)?.Attempt == _attempt)
            {
                _root.Delete();
            }
        }

        if (Directory.Exists(RunDirectory))
        {
            Directory.Delete(RunDirectory, recursive: true);
        }

        DestinationRecord.Delete(StateDirectory);
    });

    /// <summary>It would swallow every frame for the container: its forwarding entry stays when the daemon that held the frames is gone.</summary>
    private void RemoveHoldPortOfEarlierDaemon()
    {
        if (_holder is null)
        {
            FrameHolder.RemoveLeftover(_name, _fence);
        }
    }
}
