using System.Net;
using ActorMigration.Actors;
using ActorMigration.Host.Http;
using ActorMigration.Host.Linux.Containers;
using ActorMigration.Host.Linux.Criu;
using ActorMigration.Host.Linux.Load;
using ActorMigration.Host.Linux.Migration;
using ActorMigration.Host.Linux.Network;
using ActorMigration.Host.Linux.Processes;
using ActorMigration.Host.Linux.Store;
using ActorMigration.Host.Linux.Tracking;
using ActorMigration.Host.Stream;
using Microsoft.Extensions.Logging;

namespace ActorMigration.Host.Node;

/// <summary>
/// The Linux side of a node's ports, built once at start. What this host lacks is a <see cref="SettingsException"/> here, and not a failure of the
/// first migration.
/// </summary>
internal sealed class LinuxPorts : IAsyncDisposable
{
    private readonly LinuxNode _node;

    private LinuxPorts(LinuxNode node) => _node = node;

    /// <summary>Containers that leave.</summary>
    internal ISourceHost SourceHost => new LinuxSourceHost(_node);

    /// <summary>Containers that come.</summary>
    internal IDestinationHost DestinationHost => new LinuxDestinationHost(_node);

    /// <summary>Containers outside an attempt.</summary>
    internal IContainerRuntime Runtime => new LinuxContainerRuntime(_node);

    /// <summary>What this host and its containers use.</summary>
    internal ILoadSource Load => new LinuxLoadSource(_node.Layout, _node.StateDirectory, _node.Uplink, _node.Time);

    /// <summary>Images of this host.</summary>
    internal IImageCatalog Images => new ImageCatalog(_node.Images, _node.Time);

    /// <summary>Finds tools and kernel features, opens the data plane.</summary>
    internal static async Task<LinuxPorts> OpenAsync(NodeSettings settings, TimeProvider time, ILoggerFactory logs, CancellationToken cancel)
    {
        var log = logs.CreateLogger("linux");
        var probed = TrackingSupport.Probe();
        var tracking = settings.Tracking ? probed : probed.SwitchedOff();
        if (!tracking.IsSupported)
        {
            log.LogWarning("Pre-copy is not possible on this kernel ({Reason}): containers are copied under the freeze.", tracking.WhyNot);
        }

        var claims = new ClaimLedger();
        var node = new LinuxNode
        {
            Host = settings.Host,
            StateDirectory = settings.StateDirectory,
            RunDirectory = settings.RunDirectory,
            Bridge = settings.Bridge,
            Uplink = settings.Uplink,
            Address = settings.Address,
            DiskReserve = settings.DiskReserve,
            Program = Environment.ProcessPath ?? throw new SettingsException("This program does not know its own path, so it cannot start its helpers."),
            Layout = CgroupLayout.Find() ?? throw new SettingsException("No cgroup freezer is mounted: a container could not be frozen, so none can be moved."),
            Policy = new HostPolicy("/" + settings.CgroupPrefix.Trim('/')),
            Images = new ImageStore(settings.StateDirectory),
            Runc = new RuncTool(settings.Runc, Path.Combine(settings.RunDirectory, "runc"), time),
            Criu = await FindCriuAsync(settings, time, cancel).ConfigureAwait(false),
            Listener = Listen(settings, time, logs),
            Reservations = new ReservationLedger(ReservationLedger.MemAvailable, settings.MemoryReserve),
            Claims = claims,
            Tracking = tracking,
            Time = time,
            Log = log,
        };
        Directory.CreateDirectory(node.NetnsDirectory);
        foreach (var record in ContainerRecord.LoadAll(settings.StateDirectory))
        {
            claims.TryAct(record.Spec.Name, record.Fence);
        }

        return new LinuxPorts(node);
    }

    /// <summary>CRIU as this host has it.</summary>
    public CriuTool Criu => _node.Criu;

    public ValueTask DisposeAsync() => _node.Listener.DisposeAsync();

    private static async Task<CriuTool> FindCriuAsync(NodeSettings settings, TimeProvider time, CancellationToken cancel)
    {
        try
        {
            return await CriuTool.FindAsync(settings.Criu, time, cancel).ConfigureAwait(false);
        }
        catch (Exception missing) when (missing is ToolFailedException or NotSupportedException)
        {
            throw new SettingsException($"CRIU cannot be used (amig.criu): {missing.Message}. Run deploy/setup.sh, or name one of version {CriuTool.Oldest} or later.", missing);
        }
    }

    private static DataListener Listen(NodeSettings settings, TimeProvider time, ILoggerFactory logs)
    {
        var endPoint = new IPEndPoint(settings.Address, settings.DataPort);
        try
        {
            return DataListener.Start(endPoint, time, logs.CreateLogger("data"));
        }
        catch (System.Net.Sockets.SocketException taken)
        {
            throw new SettingsException($"The data plane cannot listen on {endPoint} (amig.address, amig.data.port): {taken.Message}.", taken);
        }
    }
}
