using System.Security.Cryptography;
using ActorMigration.Actors;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Memory;
using ActorMigration.Host.Linux.Criu;
using ActorMigration.Host.Linux.Criu.Images;
using ActorMigration.Host.Linux.Store;
using Microsoft.Extensions.Logging;

namespace ActorMigration.Host.Linux.Migration;

/// <summary>From the manifest to the gate.</summary>
internal sealed partial class LinuxDestinationAttempt
{
    public bool GatedTreeIsAlive => _gate is { TreeIsAlive: true };

    public Task<GateReport> RestoreToGateAsync(Manifest manifest, CancellationToken cancel) => AttemptErrors.Of("the restore", async () =>
    {
        if (manifest.Attempt != _attempt || manifest.Container != _name || manifest.Fence != _fence)
        {
            throw new AttemptException(MigrationFailure.ContentMismatch, $"the manifest is of attempt {manifest.Attempt} of {manifest.Container} at {manifest.Fence}, not of this one");
        }

        // Only a restore that came through every check is one; a tree that merely stands at its gate is none.
        if (_gateReport is not null && _gate is { TreeIsAlive: true })
        {
            return _gateReport;
        }

        var clock = new StopClock(_node.Time);
        var streams = _streams ?? throw new AttemptException(MigrationFailure.Internal, $"attempt {_attempt} has no streams: it was not prepared, or its daemon was restarted");
        await using var stopped = cancel.Register(streams.Dispose).ConfigureAwait(false);
        Compare("spec", SpecDigest.Of(Spec), manifest.SpecDigest);
        await streams.Layers.ConfigureAwait(false);
        var layers = await _node.Images.LayerDirectoriesAsync(Spec.Image, cancel).ConfigureAwait(false);
        var mounted = clock.Of("mount", async () =>
        {
            await streams.Settled.ConfigureAwait(false);
            _root.Mount(layers);
        });
        var beside = new List<Task> { mounted };
        try
        {
            return await RestoreAsync(manifest, streams, beside, clock, cancel).ConfigureAwait(false);
        }
        catch
        {
            // What was begun beside it ends first: the clean-up that follows looks only once for a mount, and takes the store away.
            streams.Dispose();
            await Task.WhenAll(beside).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
    });

    /// <param name="manifest">What the source says it has sent.</param>
    /// <param name="streams">What came.</param>
    /// <param name="beside">Has the mount of the files; gets what is begun beside other work and ends by itself.</param>
    /// <param name="clock">Measures.</param>
    /// <param name="cancel">Ends the wait for the gate.</param>
    private async Task<GateReport> RestoreAsync(Manifest manifest, DestinationStreams streams, List<Task> beside, StopClock clock, CancellationToken cancel)
    {
        Compare("images", await clock.Of("images", () => streams.Images).ConfigureAwait(false), manifest.ImagesDigest);
        var (encoded, digest) = await clock.Of("pages", () => streams.Pages).ConfigureAwait(false);
        Compare("pages", digest, manifest.PagesDigest);
        Compare("final index", SHA256.HashData(encoded), manifest.FinalIndexDigest);
        var pagemaps = await clock.OnThread("checks", CheckImages).ConfigureAwait(false);
        await Task.WhenAll(beside).ConfigureAwait(false);

        await _gate!.GoAsync(cancel).ConfigureAwait(false);
        var gate = clock.Of("restore", () => _gate.WaitGateAsync(cancel));
        // Right and durable before DEST is proposed, and not before: both may take their time beside the restore.
        var versions = clock.OnThread("versions", () => CheckVersions(FinalIndexEncoding.Decode(encoded), pagemaps));
        beside.Add(versions);
        Compare("files", await clock.Of("files", () => streams.Files).ConfigureAwait(false), manifest.FilesDigest);
        var init = await gate.ConfigureAwait(false);
        await versions.ConfigureAwait(false);
        await clock.Of("armed", () => _pager!.WaitArmedAsync(pagemaps.Count, cancel)).ConfigureAwait(false);
        if (_witness is not null)
        {
            await clock.Of("digest at the gate", () => CompareMemoryAsync(_witness, cancel)).ConfigureAwait(false);
        }

        _gateReport = new GateReport(init.Pid, clock.Spans);
        return _gateReport;
    }

    /// <summary>The images against the spec, before CRIU sees them. Returns what it will restore of each process's memory.</summary>
    private IReadOnlyDictionary<int, PagemapImage> CheckImages()
    {
        TakeHeldFrames();
        _witness = MemoryWitness.Take(Path.Combine(ImagesDirectory, MemoryWitness.FileName));
        ImageCheck.Check(ImagesDirectory, Spec, _maxImageBytes);
        var pagemaps = PagemapImage.ReadAll(ImagesDirectory);
        _store!.Seal();
        return pagemaps;
    }

    /// <summary>Every page of the index in the store at its last version, and every page that CRIU will ask for in the index. Returns the pages that the pager brings.</summary>
    private long CheckVersions(FinalIndex index, IReadOnlyDictionary<int, PagemapImage> pagemaps)
        => StoreCheck.Compare(index, _store!, pagemaps) switch
        {
            StoreCheckResult.Complete complete => complete.LazyPages,
            var different => throw new AttemptException(MigrationFailure.ContentMismatch, $"the received memory is not what the source froze: {different}"),
        };

    /// <summary>Fills everything at the gate and compares it with what the source saw under the freeze: the destination then proposes DEST only for equal memory.</summary>
    private async Task CompareMemoryAsync(MemoryWitness source, CancellationToken cancel)
    {
        await _pager!.FillAsync(cancel).ConfigureAwait(false);
        await _pager.WaitFilledAsync(cancel).ConfigureAwait(false);
        var here = await Blocking.Run(() => source.Repeat(_container.Cgroup.Processes())).ConfigureAwait(false);
        if (source.Difference(here) is { } difference)
        {
            throw new AttemptException(MigrationFailure.ContentMismatch, $"the restored memory of container {_name} is not what the source froze: {difference}");
        }

        _node.Log.LogInformation("Memory of container {Name} at the gate equals that under the freeze: {Pages} pages by digest", _name, here.Pages);
    }

    private void TakeHeldFrames()
    {
        var path = Path.Combine(ImagesDirectory, LinuxSourceAttempt.HeldFramesName);
        if (File.Exists(path))
        {
            _holder!.AddOlder(File.ReadAllBytes(path));
            File.Delete(path);
        }
    }

    private static void Compare(string what, byte[] received, byte[] announced)
    {
        if (!CryptographicOperations.FixedTimeEquals(received, announced))
        {
            throw new AttemptException(
                MigrationFailure.ContentMismatch, $"the {what} that arrived have digest {Convert.ToHexStringLower(received)}, the source's manifest says {Convert.ToHexStringLower(announced)}");
        }
    }
}
