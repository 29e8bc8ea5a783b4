using System.Security.Cryptography;
using ActorMigration.Actors;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Memory;
using ActorMigration.Host.Linux.Criu;
using ActorMigration.Host.Linux.Files;
using ActorMigration.Host.Linux.Tracking;

namespace ActorMigration.Host.Linux.Migration;

/// <summary>The stop: every call here costs the container's clients time, so what can run side by side does.</summary>
internal sealed partial class LinuxSourceAttempt
{
    /// <summary>Name under which the source's held frames travel among the images.</summary>
    internal const string HeldFramesName = "held-frames.bin";

    public Task FreezeAsync() => AttemptErrors.Of("the freeze", () =>
    {
        MarkStopped();
        return _container.Cgroup.FreezeAsync(_node.Time);
    });

    public Task UnplugAsync() => AttemptErrors.Of("unplugging the port", () =>
    {
        DemandFrozen();
        if (_holder is null || _port is null)
        {
            throw OutOfOrder("it has not been connected");
        }

        _holder.Hold();
        _port.Unplug();
        return Task.CompletedTask;
    });

    public Task<FrozenCopy> CopyFrozenAsync(CancellationToken cancel) => AttemptErrors.Of("the copy under freeze", async () =>
    {
        DemandFrozen();
        if (_tracker is null || _dump is null || _isCopied)
        {
            throw OutOfOrder("no round has been run, or it has been copied already");
        }

        DemandAlive();
        _isCopied = true;
        // As in a round: a stream that is closed ends a thread that waits for the other host in it.
        await using var stopped = cancel.Register(Streams.Dispose).ConfigureAwait(false);
        var beside = new List<Task>();
        try
        {
            return await CopyAsync(_tracker, _dump, beside, cancel).ConfigureAwait(false);
        }
        catch
        {
            // A failed copy ends with a thaw: nothing of it may still read the tree or take held frames then.
            Streams.Dispose();
            await Task.WhenAll(beside).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
    });

    /// <param name="tracker">Has run the rounds.</param>
    /// <param name="dump">Waits to be let go.</param>
    /// <param name="beside">Gets what is begun beside other work.</param>
    /// <param name="cancel">Closes the streams.</param>
    private async Task<FrozenCopy> CopyAsync(ContainerTracker tracker, SkeletonDump dump, List<Task> beside, CancellationToken cancel)
    {
        var clock = new StopClock(_node.Time);
        var pids = _container.Cgroup.Processes();
        var digest = _verifyMemory ? await clock.OnThread("digest", () => WriteDigests(pids)).ConfigureAwait(false) : null;

        var files = clock.OnThread("files", () => SendFiles(LayerPassKind.Frozen, cancel));
        beside.Add(files);

        // CRIU puts its parasite into the tasks, so the last scan comes before it.
        var index = await clock.OnThread("last scan", () => HarvestAndCheck(tracker, dump, pids)).ConfigureAwait(false);
        var encoded = FinalIndexEncoding.Encode(index);
        var pages = clock.OnThread("last pages", () => Streams.Sender.Finish(encoded));
        beside.Add(pages);
        await clock.Of("skeleton", dump.RunAsync).ConfigureAwait(false);
        await files.ConfigureAwait(false);

        var images = clock.OnThread("images", SendImages);
        beside.Add(images);
        // Once more and final: a dump may leave a link to a file that has no name any more. Next to nothing else has changed.
        var last = await clock.OnThread("last files", () => SendFiles(LayerPassKind.Final, cancel)).ConfigureAwait(false);
        var manifest = new Manifest(
            _attempt, Spec.Name, _fence, await pages.ConfigureAwait(false), SHA256.HashData(encoded), Streams.Files.Digest(), await images.ConfigureAwait(false), SpecDigest.Of(Spec));
        var sentPages = index.Processes.Sum(process => process.Runs.Where(run => run.Round == _nextRound).Sum(run => run.PageCount));
        return new FrozenCopy(manifest, sentPages, (sentPages * PageSize.Bytes) + last.DataBytes + Streams.Images.Bytes, clock.Spans, digest);
    }

    public HandOverToken SignHandOver(Manifest manifest, byte[] destinationKeyDigest) => _key.SignHandOver(manifest, destinationKeyDigest);

    private void DemandFrozen()
    {
        if (!_container.Cgroup.Exists || !_container.Cgroup.IsFrozen)
        {
            throw OutOfOrder("it is not frozen");
        }
    }

    private AttemptException OutOfOrder(string why)
        => new(MigrationFailure.Internal, $"attempt {_attempt} cannot go on with container {Spec.Name}: {why}");

    private FinalIndex HarvestAndCheck(ContainerTracker tracker, SkeletonDump dump, int[] pids)
    {
        RefuseFor(MoveObstacles.In(TrackingHazards.Find(pids)));
        return tracker.HarvestFrozen(_nextRound, Streams.Sender, dump.LookAhead);
    }

    /// <summary>For the destination, which compares at its gate: not one instruction has run between the two.</summary>
    private FrozenDigest WriteDigests(int[] pids)
    {
        var witness = MemoryWitness.Of(pids, _rseqAreas);
        witness.Save(Path.Combine(ImagesDirectory, MemoryWitness.FileName));
        return witness.Digest;
    }

    private byte[] SendImages()
    {
        // By now the destination has the address or will have it: what comes here goes out to the segment again.
        File.WriteAllBytes(Path.Combine(ImagesDirectory, HeldFramesName), _holder!.TakeForDestination());
        return DirectoryTransfer.Send(ImagesDirectory, Streams.Images);
    }
}
