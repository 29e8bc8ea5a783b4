using ActorMigration.Contracts.Memory;
using Microsoft.Win32.SafeHandles;
using static ActorMigration.Host.Linux.Interop.LazyFault;

namespace ActorMigration.Host.Linux.Pager;

/// <summary>How a successor comes to the spaces of a dead pager.</summary>
internal sealed partial class FillEngine
{
    /// <summary>End of what four-level page tables can map; CRIU restores no mapping above it.</summary>
    private const ulong UserAddressEnd = (1UL << 47) - (ulong)PageSize.Bytes;

    /// <summary>Lowest address that a mapping may have (vm.mmap_min_addr is not above it anywhere).</summary>
    private const ulong LowestAddress = 0x10000;

    /// <summary>Rebuilds the spaces of a dead pager: <paramref name="take"/> gives a duplicate of a descriptor by its number there.</summary>
    internal void Replay(List<LoggedEvent> history, Func<int, SafeFileHandle> take)
    {
        var gone = history.Where(entry => entry.Message.@event == EventLog.SpaceGone).Select(entry => entry.Space).ToHashSet();
        SafeFileHandle Take(uint space, int number) => gone.Contains(space) ? new SafeFileHandle(-1, ownsHandle: false) : take(number);
        foreach (var (id, message) in history)
        {
            var space = _spaces.Find(candidate => candidate.Id == id);
            switch (message.@event)
            {
                case EventLog.SpaceAdded:
                    Add((int)message.second, (int)message.third, Take(_nextId, message.ufd));
                    break;
                case EventLog.SpaceGone:
                    break;
                case UFFD_EVENT_FORK:
                    AddChild(space!, Take(_nextId, message.ufd));
                    break;
                default:
                    Apply(space!, message);
                    break;
            }
        }

        foreach (var ended in _spaces.Where(space => gone.Contains(space.Id)).ToArray())
        {
            _spaces.Remove(ended);
            ended.Dispose();
        }

        // Who was in the middle of a fault that the dead pager had read waits in the kernel without a message: fault again.
        foreach (var space in _spaces)
        {
            space.Wake(LowestAddress, UserAddressEnd - LowestAddress);
        }
    }
}
