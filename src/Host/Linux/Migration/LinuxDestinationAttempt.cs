using ActorMigration.Actors;
using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Containers;
using ActorMigration.Host.Linux.Criu;
using ActorMigration.Host.Linux.Files;
using ActorMigration.Host.Linux.Network;
using ActorMigration.Host.Linux.Pager;
using ActorMigration.Host.Linux.Store;
using ActorMigration.Host.Stream;

namespace ActorMigration.Host.Linux.Migration;

/// <summary>
/// The destination's side of one attempt on this kernel. Prepare in this file; the restore is in LinuxDestinationAttempt.Restore.cs, what follows the verdict
/// in LinuxDestinationAttempt.End.cs.
/// </summary>
internal sealed partial class LinuxDestinationAttempt : IDestinationAttempt
{
    /// <summary>Memory may grow while it crosses: a quarter more than now, and so much for small containers.</summary>
    private const long GrowthBytes = 64L << 20;

    /// <summary>Names in a writable layer: far above what images hold; a source that makes more fills this host's inodes.</summary>
    private const long MaxEntries = 4_000_000;

    private readonly LinuxNode _node;
    private readonly AttemptId _attempt;
    private readonly ContainerName _name;
    private readonly Fence _fence;
    private readonly byte[] _sourceKeyDigest;
    private readonly AttemptKey _key;
    private readonly RuncContainer _container;
    private readonly RootFileSystem _root;
    private ContainerSpec? _spec;
    private long _maxImageBytes;
    private Reservation? _reservation;
    private PageStore? _store;
    private PagerClient? _pager;
    private ContainerPort? _port;
    private FrameHolder? _holder;
    private MacClaim? _claim;
    private DestinationStreams? _streams;
    private GatedRestore? _gate;
    private MemoryWitness? _witness;
    private GateReport? _gateReport;
    private DataEndpoint? _endpoint;

    internal LinuxDestinationAttempt(LinuxNode node, AttemptId attempt, ContainerName name, Fence fence, byte[] sourceKeyDigest)
    {
        _node = node;
        _attempt = attempt;
        _name = name;
        _fence = fence;
        _sourceKeyDigest = sourceKeyDigest;
        _key = AttemptKey.Create(node.Time);
        _container = node.Container(name, fence);
        _root = new RootFileSystem(node.StateDirectory, name);
    }

    public byte[] KeyDigest => _key.SpkiSha256.ToArray();

    private string StateDirectory => _node.AttemptStateDirectory(_name, _fence);

    private string RunDirectory => _node.AttemptRunDirectory(_name, _fence);

    private string GateDirectory => GateDirectoryOf(_node, _name, _fence);

    private string ImagesDirectory => Path.Combine(RunDirectory, "images");

    private string StoreDirectory => Path.Combine(RunDirectory, "pages");

    private GatedRestoreOrder Order => new(GateDirectory, ImagesDirectory, Spec, _root.Bundle, _root.MountPoint, Port.NetnsPath, LazyPages: true);

    private ContainerSpec Spec => _spec ?? throw NotPrepared();

    private ContainerPort Port => _port ?? throw new AttemptException(MigrationFailure.Internal, $"attempt {_attempt} has no port on this host");

    public Task<DataEndpoint> PrepareAsync(PrepareOrder order, CancellationToken cancel) => AttemptErrors.Of("preparing", async () =>
    {
        var survey = order.Survey;
        if (_endpoint is not null)
        {
            return _endpoint;
        }

        RefuseLeftovers();
        RefuseUnfit(survey, order.SourceHost);
        _spec = survey.Spec;
        _maxImageBytes = DestinationStreams.MaxImageBytes(survey);
        _reservation = Reserve(survey.MemoryBytes + (survey.MemoryBytes / 4) + GrowthBytes);
        new DestinationRecord(_attempt, _spec, _fence).Save(StateDirectory);
        foreach (var directory in (string[])[ImagesDirectory, GateDirectory, Path.Combine(GateDirectory, "work"), _node.NetnsDirectory, _node.HelperCgroup])
        {
            Directory.CreateDirectory(directory);
        }

        _root.Create();
        _port = ContainerPort.Create(_node.NetnsDirectory, _name, _fence, _spec.Network, _node.Bridge);
        _holder = FrameHolder.Open(_name, _fence, _spec.Network, _node.Bridge, _node.Uplink);
        _claim = MacClaim.Open(_node.Claims, _node.Uplink, _name, _fence, _spec.Network);
        _store = PageStore.Create(StoreDirectory, _reservation);
        _pager = await PagerClient.StartAsync(
            new PagerOptions(_node.Program, Order.WorkDirectory, StoreDirectory, ImagesDirectory, _node.HelperCgroup, _container.Cgroup.Directory), _node.Time, cancel).ConfigureAwait(false);
        _gate = GatedRestore.Prepare(Order, _node.Runc, _node.Criu, _container, _node.Layout, _node.Time);
        var missing = survey.Layers.Where(layer => !_node.Images.HasBlob($"sha256:{layer}")).ToArray();
        _streams = new DestinationStreams(
            _node, _node.Listener.Register(_attempt, _fence, _key, _sourceKeyDigest), _store, survey, missing.Length == 0, _root.Upper, ImagesDirectory, Limits(survey));
        return _endpoint = new DataEndpoint(_node.Address.ToString(), _node.Listener.EndPoint.Port, KeyDigest, missing);
    });

    public Task ClaimAddressAsync() => AttemptErrors.Of("claiming the address", () =>
    {
        if (_holder is null || _claim is null)
        {
            throw NotPrepared();
        }

        _holder.Hold();
        _claim.Claim();
        return Task.CompletedTask;
    });

    public ValueTask DisposeAsync()
    {
        _streams?.Dispose();
        _store?.Dispose();
        _reservation?.Dispose();
        _claim?.Dispose();
        _holder?.Dispose();
        _port?.Dispose();
        _gate?.Dispose();
        _key.Dispose();
        // A teardown that failed half way is repeated on this object: what is let go of is not there any more.
        (_streams, _store, _holder, _port, _gate) = (null, null, null, null, null);
        return ValueTask.CompletedTask;
    }

    /// <summary>Opens what an earlier daemon left of this attempt; what is not there is not needed any more, or never was.</summary>
    internal void TakeUp()
    {
        if (DestinationRecord.Load(StateDirectory) is not { } record || record.Attempt != _attempt)
        {
            return;
        }

        _spec = record.Spec;
        if (PortInventory.Find(_node.NetnsDirectory).Contains(new PortName(_name, _fence)))
        {
            _port = ContainerPort.Adopt(_node.NetnsDirectory, _name, _fence, _spec.Network, _node.Bridge);
        }

        _gate = GatedRestore.Adopt(GateDirectory, _node.Runc, _container, _node.Layout, _node.Time);
        _pager = PagerClient.Attach(Path.Combine(GateDirectory, "work"), _container.Cgroup.Directory, _node.Time);
    }

    internal static string GateDirectoryOf(LinuxNode node, ContainerName container, Fence fence) => Path.Combine(node.AttemptStateDirectory(container, fence), "gate");

    private AttemptException NotPrepared() => new(MigrationFailure.Internal, $"attempt {_attempt} has not been prepared on this host");

    /// <summary>Nothing older of this container may be here: a stale port would answer its clients, a stale record would be started at the next boot.</summary>
    private void RefuseLeftovers()
    {
        var record = ContainerRecord.Load(_node.StateDirectory, _name);
        if (record is not null)
        {
            throw new AttemptException(MigrationFailure.LeftoversFound, $"container {_name} is still on this host at {record.Fence}; look at it (amig ps) and remove it before it may come again");
        }

        Directory.CreateDirectory(_node.NetnsDirectory);
        if (PortInventory.Find(_node.NetnsDirectory).FirstOrDefault(port => port.Container == _name) is { } port)
        {
            throw new AttemptException(MigrationFailure.LeftoversFound, $"this host still has a port of container {_name} at {port.Fence}: that attempt has not been cleaned up");
        }

        if (Directory.Exists(StateDirectory) || Directory.Exists(_root.ContainerDirectory))
        {
            throw new AttemptException(MigrationFailure.LeftoversFound, $"this host still has files of container {_name} ({_root.ContainerDirectory}, {StateDirectory}): an earlier attempt has not been cleaned up");
        }
    }

    private void RefuseUnfit(SourceSurvey survey, HostName source)
    {
        if (survey.Spec.Name != _name)
        {
            throw new AttemptException(MigrationFailure.ContentMismatch, $"{source} announces container {survey.Spec.Name} in an attempt of {_name}");
        }

        try
        {
            SpecCheck.Validate(survey.Spec);
        }
        catch (Exception refusal) when (refusal is ArgumentException or InvalidDataException or NotSupportedException)
        {
            throw new AttemptException(MigrationFailure.Incompatible, $"this host's policy refuses container {_name}: {refusal.Message}", refusal);
        }

        if (PlatformFacts.Refusal(survey.Platform, _node.Platform) is { } unfit)
        {
            throw new AttemptException(MigrationFailure.Incompatible, $"container {_name} cannot run here: {unfit}");
        }

        var free = new DriveInfo(_node.StateDirectory).AvailableFreeSpace - _node.DiskReserve;
        if (survey.FilesBytes + GrowthBytes > free)
        {
            throw new AttemptException(
                MigrationFailure.NoRoom,
                $"host {_node.Host} has no room on its disk for the files of container {_name}: {ToMiB(survey.FilesBytes + GrowthBytes)} MiB are needed, {ToMiB(free)} MiB of {_node.StateDirectory} are free beyond its own reserve (amig.disk.reserve); make room there or choose another host");
        }
    }

    private Reservation Reserve(long bytes)
    {
        try
        {
            return _node.Reservations.Reserve(_attempt, bytes);
        }
        catch (ReservationRefusedException refused)
        {
            throw new AttemptException(
                MigrationFailure.NoRoom,
                $"host {_node.Host} has no room in memory for container {_name}: {ToMiB(refused.Asked)} MiB are needed, {ToMiB(refused.Free)} MiB can be promised beyond its own reserve (amig.memory.reserve) and what other attempts were promised; make room there or choose another host",
                refused);
        }
    }

    private static long ToMiB(long bytes) => Math.Max(0, bytes) >> 20;

    /// <summary>Twice what is there now, and the growth: a writable layer that doubles while it crosses belongs into a later attempt.</summary>
    private static LayerLimits Limits(SourceSurvey survey) => new((2 * survey.FilesBytes) + GrowthBytes, MaxEntries);
}
