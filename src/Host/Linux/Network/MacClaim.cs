using ActorMigration.Contracts;

namespace ActorMigration.Host.Linux.Network;

/// <summary>
/// Takes a container's MAC over to this host's uplink: from the first frame on, the switches of the segment send here what is
/// meant for the container. Made in prepare, used in stop-and-copy by the destination, after its frame holder holds. A claim is not given
/// back by a frame: the source announces when its port is plugged in again, and that moves the switches back.
/// </summary>
internal sealed class MacClaim : IDisposable
{
    private readonly ClaimLedger _ledger;
    private readonly PacketSocket _uplink;
    private readonly ContainerName _container;
    private readonly Fence _fence;
    private readonly byte[][] _frames;

    private MacClaim(ClaimLedger ledger, PacketSocket uplink, ContainerName container, Fence fence, ContainerNetwork network)
    {
        _ledger = ledger;
        _uplink = uplink;
        _container = container;
        _fence = fence;
        _frames = ArpAnnouncement.Frames(network);
    }

    /// <summary>Opens in the node's network namespace; sends nothing yet.</summary>
    internal static MacClaim Open(ClaimLedger ledger, string uplink, ContainerName container, Fence fence, ContainerNetwork network)
        => new(ledger, PacketSocket.Open(HostInterface.Index(uplink), uplink, metadata: false, receiveBytes: 0), container, fence, network);

    /// <summary>Sends the claim; may be repeated. <see cref="StaleFenceException"/> when a newer attempt has acted here.</summary>
    internal void Claim()
    {
        _ledger.Demand(_container, _fence, "Claiming the address");
        foreach (var frame in _frames)
        {
            _uplink.Send(frame);
        }
    }

    public void Dispose() => _uplink.Dispose();
}
