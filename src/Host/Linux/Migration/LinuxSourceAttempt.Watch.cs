using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Network;
using Microsoft.Extensions.Logging;

namespace ActorMigration.Host.Linux.Migration;

/// <summary>The frozen copy stands until the verdict, whoever writes to its freezer meanwhile.</summary>
internal sealed partial class LinuxSourceAttempt
{
    /// <summary>Between two looks at the freezer; what a container does in so long reaches nobody, and costs the attempt.</summary>
    private static readonly TimeSpan LookAtFreezer = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource _released = new();

    /// <summary>Held while the copy is stopped again, or is let go by this side.</summary>
    private readonly SemaphoreSlim _freezer = new(1, 1);

    private bool _isLetGo;

    public async Task<string?> AwaitThawByOthersAsync()
    {
        // A daemon that ended between FROZEN and the freeze has stopped nothing.
        while (!_released.IsCancellationRequested && File.Exists(Path.Combine(_node.AttemptRunDirectory(Spec.Name, _fence), StopMark)))
        {
            if (await StopAgainAsync().ConfigureAwait(false) is { } sentence)
            {
                return sentence;
            }

            await Task.Delay(LookAtFreezer, _node.Time, _released.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return null;
    }

    /// <summary>The sentence when it ran.</summary>
    private async Task<string?> StopAgainAsync()
    {
        await _freezer.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_isLetGo || _container.Cgroup.Processes().Length == 0 || _container.Cgroup.IsFrozen)
            {
                return null;
            }

            await _container.Cgroup.FreezeAsync(_node.Time).ConfigureAwait(false);
            _port ??= ContainerPort.Adopt(_node.NetnsDirectory, Spec.Name, _record.Fence, Spec.Network, _node.Bridge);
            _port.Unplug();
            return $"somebody let container {Spec.Name} run on host {_node.Host} while attempt {_attempt} had stopped it; it stands again and its port leads nowhere. Find out who wrote to {_container.Cgroup.StateFile}";
        }
        catch (Exception e) when (e is IOException or LinuxException)
        {
            // It has ended, or could not be stopped at once: looked at again.
            _node.Log.LogWarning(e, "The frozen copy of {Name} could not be looked at", Spec.Name);
            return null;
        }
        finally
        {
            _freezer.Release();
        }
    }

    /// <summary>From here on it may run, or end.</summary>
    private async Task LetGoAsync()
    {
        await _freezer.WaitAsync().ConfigureAwait(false);
        _isLetGo = true;
        _freezer.Release();
    }
}
