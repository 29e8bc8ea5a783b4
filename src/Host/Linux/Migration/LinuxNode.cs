using System.Net;
using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Containers;
using ActorMigration.Host.Linux.Criu;
using ActorMigration.Host.Linux.Network;
using ActorMigration.Host.Linux.Store;
using ActorMigration.Host.Linux.Tracking;
using ActorMigration.Host.Stream;
using Microsoft.Extensions.Logging;

namespace ActorMigration.Host.Linux.Migration;

/// <summary>What all containers and attempts of one host share: its tools, its ledgers, and where things lie. Built once by the node.</summary>
internal sealed record LinuxNode
{
    /// <summary>Name of this host, for sentences that are read on another one.</summary>
    public required HostName Host { get; init; }

    /// <summary>Survives a reboot.</summary>
    public required string StateDirectory { get; init; }

    /// <summary>On a tmpfs; gone with the boot.</summary>
    public required string RunDirectory { get; init; }

    /// <summary>Bridge into which ports of containers are plugged.</summary>
    public required string Bridge { get; init; }

    /// <summary>Interface that joins the bridge to the other hosts.</summary>
    public required string Uplink { get; init; }

    /// <summary>Address under which other hosts reach the data plane.</summary>
    public required IPAddress Address { get; init; }

    /// <summary>Bytes of the state directory's disk that a container that comes never gets.</summary>
    public required long DiskReserve { get; init; }

    /// <summary>Path of this program, for the helpers that outlive the daemon.</summary>
    public required string Program { get; init; }

    public required CgroupLayout Layout { get; init; }

    public required HostPolicy Policy { get; init; }

    public required ImageStore Images { get; init; }

    public required RuncTool Runc { get; init; }

    public required CriuTool Criu { get; init; }

    public required DataListener Listener { get; init; }

    public required ReservationLedger Reservations { get; init; }

    public required ClaimLedger Claims { get; init; }

    public required TrackingSupport Tracking { get; init; }

    public required TimeProvider Time { get; init; }

    public required ILogger Log { get; init; }

    /// <summary>Network namespaces of this host's containers.</summary>
    public string NetnsDirectory => Path.Combine(RunDirectory, "netns");

    /// <summary>Where the blobs of images are named by their digest.</summary>
    public string BlobDirectory => Path.Combine(StateDirectory, "images", "blobs", "sha256");

    /// <summary>Cgroup of pager and keeper: outside the daemon's and every container's.</summary>
    public string HelperCgroup => Layout.FreezerMount + Policy.CgroupParent + "/helpers";

    /// <summary>What this host offers a container that comes.</summary>
    public Platform Platform => PlatformFacts.Read(Criu.Version.ToString(), Tracking.IsSupported);

    /// <summary>A container of one fence in the kernel.</summary>
    public RuncContainer Container(ContainerName name, Fence fence) => new(Runc, Layout, Policy, name, fence, Time);

    /// <summary>Files of an attempt that need not survive a boot: images, page store. On a tmpfs.</summary>
    public string AttemptRunDirectory(ContainerName name, Fence fence) => Path.Combine(RunDirectory, "attempts", ContainerPlace.IdOf(name, fence));

    /// <summary>Files of an attempt on the disk, where scripts may be executed: a /run is often mounted noexec.</summary>
    public string AttemptStateDirectory(ContainerName name, Fence fence) => Path.Combine(StateDirectory, "attempts", ContainerPlace.IdOf(name, fence));
}
