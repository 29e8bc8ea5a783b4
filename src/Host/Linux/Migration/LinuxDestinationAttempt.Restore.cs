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

        if (_gate is { TreeIsAlive: true })
        {
            return new GateReport(_gate.InitPid, []);
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
        try
        {
            return await RestoreAsync(manifest, streams, mounted, clock, cancel).ConfigureAwait(false);
        }
        catch
        {
            // What was begun beside it ends first: the clean-up that follows looks only once for a mount.
            streams.Dispose();
            await mounted.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
    });

    private async Task<GateReport> RestoreAsync(Manifest manifest, DestinationStreams streams, Task mounted, StopClock clock, CancellationToken cancel)
    {
        Compare("images", await clock.Of("images", () => streams.Images).ConfigureAwait(false), manifest.ImagesDigest);
        var (encoded, digest) = await clock.Of("pages", () => streams.Pages).ConfigureAwait(false);
        Compare("pages", digest, manifest.PagesDigest);
        Compare("final index", SHA256.HashData(encoded), manifest.FinalIndexDigest);
        var pagemaps = await clock.OnThread("checks", () => CheckImages(FinalIndexEncoding.Decode(encoded))).ConfigureAwait(false);
        await mounted.ConfigureAwait(false);

        await _gate!.GoAsync().ConfigureAwait(false);
        var gate = clock.Of("restore", () => _gate.WaitGateAsync(cancel));
        // Durable before DEST is proposed, and not before: it may take its time beside the restore.
        Compare("files", await clock.Of("files", () => streams.Files).ConfigureAwait(false), manifest.FilesDigest);
        var init = await gate.ConfigureAwait(false);
        await clock.Of("armed", () => _pager!.WaitArmedAsync(pagemaps, cancel)).ConfigureAwait(false);
        if (_witness is not null)
        {
            await clock.Of("digest at the gate", () => CompareMemoryAsync(_witness, cancel)).ConfigureAwait(false);
        }

        return new GateReport(init.Pid, clock.Spans);
    }

    /// <summary>Versions of all pages, and the images against the spec, before CRIU sees them. Returns the number of processes with memory.</summary>
    private int CheckImages(FinalIndex index)
    {
        TakeHeldFrames();
        _witness = MemoryWitness.Take(Path.Combine(ImagesDirectory, MemoryWitness.FileName));
        ImageCheck.Check(ImagesDirectory, Spec, _maxImageBytes);
        var pagemaps = PagemapImage.ReadAll(ImagesDirectory);
        _store!.Seal();
        return StoreCheck.Compare(index, _store, pagemaps) is StoreCheckResult.Different different
            ? throw new AttemptException(MigrationFailure.ContentMismatch, $"the received memory is not what the source froze: {different}")
            : pagemaps.Count;
    }

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
