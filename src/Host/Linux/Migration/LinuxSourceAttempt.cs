using ActorMigration.Actors;
using ActorMigration.Actors.Streaming;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Memory;
using ActorMigration.Host.Linux.Containers;
using ActorMigration.Host.Linux.Criu;
using ActorMigration.Host.Linux.Files;
using ActorMigration.Host.Linux.Network;
using ActorMigration.Host.Linux.Tracking;
using ActorMigration.Host.Stream;

namespace ActorMigration.Host.Linux.Migration;

/// <summary>
/// The source's side of one attempt on this kernel. Up to the freeze in this file; the stop is in LinuxSourceAttempt.Stop.cs, what follows the verdict
/// in LinuxSourceAttempt.End.cs.
/// </summary>
internal sealed partial class LinuxSourceAttempt : ISourceAttempt
{
    private readonly LinuxNode _node;
    private readonly AttemptId _attempt;
    private readonly ContainerRecord _record;
    private readonly Fence _fence;
    private readonly bool _verifyMemory;
    private readonly RuncContainer _container;
    private readonly RootFileSystem _root;
    private readonly CgroupProcesses _processes;
    private readonly AttemptKey _key;
    private ContainerPort? _port;
    private FrameHolder? _holder;
    private ContainerTracker? _tracker;
    private SourceStreams? _streams;
    private LayerSync? _layer;
    private SkeletonDump? _dump;
    private ulong[] _rseqAreas = [];
    private long _lastScan;
    private int _nextRound;
    private bool _isCopied;

    internal LinuxSourceAttempt(LinuxNode node, AttemptId attempt, ContainerRecord record, Fence fence, bool verifyMemory)
    {
        _node = node;
        _attempt = attempt;
        _record = record;
        _fence = fence;
        _verifyMemory = verifyMemory;
        _container = node.Container(record.Spec.Name, record.Fence);
        _root = new RootFileSystem(node.StateDirectory, record.Spec.Name);
        _processes = new CgroupProcesses(_container.Cgroup.Directory);
        _key = AttemptKey.Create(node.Time);
    }

    public byte[] KeyDigest => _key.SpkiSha256.ToArray();

    public IPagePump Pump => Streams.Pump;

    private ContainerSpec Spec => _record.Spec;

    private string ImagesDirectory => Path.Combine(_node.AttemptRunDirectory(Spec.Name, _fence), "dump");

    private string WorkDirectory => DumpDirectoryOf(_node, Spec.Name, _fence);

    private SourceStreams Streams => _streams ?? throw new AttemptException(MigrationFailure.Internal, $"attempt {_attempt} has no stream yet");

    public Task<SourceSurvey> SurveyAsync(CancellationToken cancel) => AttemptErrors.Of("the survey", async () =>
    {
        if (!_record.InitIsAlive)
        {
            throw new AttemptException(MigrationFailure.UnknownContainer, $"container {Spec.Name} does not run: its first process has ended");
        }

        if (_container.Cgroup.IsFrozen)
        {
            throw new AttemptException(MigrationFailure.NotDumpable, $"container {Spec.Name} is frozen by somebody else: thaw it before it is moved");
        }

        var pids = _container.Cgroup.Processes();
        var hazards = TrackingHazards.Find(pids);
        RefuseFor(MoveObstacles.Find(_container, hazards));
        var layers = _node.Images.Manifest(Spec.Image).Layers;
        return new SourceSurvey(
            Spec,
            ResidentMemory.PrivateBytes(pids),
            hazards.Where(hazard => hazard.Kind == TrackingHazardKind.SharedMemory).Sum(hazard => hazard.Bytes),
            await WritableLayer.BytesAsync(_root.Upper, _node.Time, cancel).ConfigureAwait(false),
            pids.Length,
            [BlobDigest.Hex(Spec.Image), .. layers.Select(BlobDigest.Hex)],
            _node.Platform);
    });

    public Task ConnectAsync(DataEndpoint destination, CancellationToken cancel) => AttemptErrors.Of("opening the streams", async () =>
    {
        _streams ??= await SourceStreams.OpenAsync(_node, _key, _attempt, _fence, destination, cancel).ConfigureAwait(false);
        _port ??= ContainerPort.Adopt(_node.NetnsDirectory, Spec.Name, _record.Fence, Spec.Network, _node.Bridge);
        _holder ??= FrameHolder.Open(Spec.Name, _fence, Spec.Network, _node.Bridge, _node.Uplink);
    });

    public Task<RoundReport> RunRoundAsync(int round, CancellationToken cancel) => AttemptErrors.Of($"round {round}", async () =>
    {
        var streams = Streams;
        DemandAlive();
        var began = _node.Time.GetTimestamp();
        var sinceLastScan = _lastScan == 0 ? TimeSpan.Zero : _node.Time.GetElapsedTime(_lastScan, began);
        _lastScan = began;
        _tracker ??= new ContainerTracker(_processes, _node.Time, _node.Tracking);
        _layer ??= new LayerSync(_root.Upper, _node.Time);
        _dump ??= SkeletonDump.Prepare(
            _node.Criu, _container, _record.Init!.Value.Pid, _root.MountPoint, _record.NetworkNamespace, ImagesDirectory, WorkDirectory, _node.Time, SkeletonPages.Library);

        // A stream that is closed ends a thread that waits in it: that is how a cancel reaches blocking calls.
        await using var stopped = cancel.Register(streams.Dispose).ConfigureAwait(false);
        var pages = Blocking.Run(() => SendRound(round, cancel));
        var files = Blocking.Run(() => SendFiles(LayerPassKind.Running, cancel));
        var sentPages = await pages.ConfigureAwait(false);
        var sentFiles = await files.ConfigureAwait(false);
        await streams.Pump.RoundStoredAsync(round).WaitAsync(cancel).ConfigureAwait(false);
        if (_verifyMemory)
        {
            _rseqAreas = [.. _container.Cgroup.Processes().SelectMany(pid => RseqAreas.Find(pid, _node.Time)).Distinct()];
        }

        _nextRound = round + 1;
        return new RoundReport(
            round,
            sentPages?.ContentPages ?? 0,
            sentPages?.ZeroPages ?? 0,
            (sentPages?.Bytes ?? 0) + sentFiles.DataBytes,
            sentFiles.DataBytes,
            sentPages?.UntrackedPages ?? (ResidentMemory.PrivateBytes(_container.Cgroup.Processes()) >> PageSize.Shift),
            _node.Time.GetElapsedTime(began),
            sinceLastScan);
    });

    public async ValueTask DisposeAsync()
    {
        await _released.CancelAsync().ConfigureAwait(false);
        _streams?.Dispose();
        _layer?.Dispose();
        _dump?.Dispose();
        _holder?.Dispose();
        _port?.Dispose();
        _key.Dispose();
        // Not in the stop: it takes the longer the more memory there is. After a verdict for the destination that memory is gone.
        if (_tracker is not null)
        {
            await _tracker.ReleaseAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Null where this kernel cannot track: then everything is copied under the freeze.</summary>
    private RoundResult? SendRound(int round, CancellationToken cancel)
    {
        var result = _node.Tracking.IsSupported ? _tracker!.RunRound(round, Streams.Sender, cancel) : null;
        Streams.Sender.EndRound(round);
        return result;
    }

    /// <summary>One pass over the writable layer, durable at the destination when this returns.</summary>
    private PassReport SendFiles(LayerPassKind kind, CancellationToken cancel)
    {
        foreach (var mapped in TrackingHazards.Find(_container.Cgroup.Processes()).Where(hazard => hazard.Kind == TrackingHazardKind.SharedWritableFile))
        {
            _layer!.MarkMapped(mapped.Detail.TrimStart('/'));
        }

        var report = _layer!.Run(Streams.Files, kind, cancel);
        DurableAnswer.Await(Streams.FilesBack, report.Pass, Streams.Files.Digest());
        return report;
    }

    /// <summary>A program may end while it is moved; what is left of it is nothing that could be dumped, and nobody is to look for the fault in CRIU.</summary>
    private void DemandAlive()
    {
        if (!_record.InitIsAlive)
        {
            throw new AttemptException(MigrationFailure.UnknownContainer, $"container {Spec.Name} ended by itself during the move: its first process is gone");
        }
    }

    /// <summary>What nobody carries: named before anything is stopped, and asked again under the freeze.</summary>
    private void RefuseFor(string? obstacle)
    {
        if (obstacle is not null)
        {
            throw new AttemptException(MigrationFailure.NotDumpable, $"container {Spec.Name} cannot be moved: {obstacle}");
        }
    }
}
