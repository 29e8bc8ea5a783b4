using System.Text.Json;
using ActorMigration.Host.Linux.Processes;

namespace ActorMigration.Host.Linux.Containers;

/// <summary>
/// Brings an image into the store, for <c>amig image import</c>: a directory (becomes one layer), a tar (is one layer, as <c>docker export</c> makes it),
/// or an OCI image layout (as <c>skopeo copy … oci:DIR</c> makes it; the first manifest of its index for this architecture).
/// </summary>
public sealed class ImageImport(ImageStore store, TimeProvider time)
{
    /// <summary>Making a tar of a root file system takes seconds; this is for one of tens of GiB.</summary>
    private static readonly TimeSpan TarDeadline = TimeSpan.FromMinutes(30);

    private static readonly string[] DefaultEnvironment = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"];

    /// <summary>Imports and names an image; returns the digest of its manifest.</summary>
    /// <param name="path">Directory, tar or OCI layout directory.</param>
    /// <param name="name">Name in this host's store.</param>
    /// <param name="config">Replaces what the image says; needed for a directory or tar, which say nothing.</param>
    /// <param name="cancel">Nothing is named then; blobs that came stay.</param>
    /// <exception cref="ImageStoreException">The sentence says what is wrong.</exception>
    public async Task<string> ImportAsync(string path, string name, ImageConfig? config = null, CancellationToken cancel = default)
    {
        ImageManifest manifest;
        if (File.Exists(Path.Combine(path, "oci-layout")))
        {
            manifest = await ImportLayoutAsync(path, cancel).ConfigureAwait(false);
            manifest = config is null ? manifest : manifest with { Config = config };
        }
        else
        {
            var layer = Directory.Exists(path) ? await ImportDirectoryAsync(path, cancel).ConfigureAwait(false) : await ImportFileAsync(path, cancel).ConfigureAwait(false);
            manifest = new ImageManifest([layer], config ?? new ImageConfig(["/bin/sh"], DefaultEnvironment, "/"));
        }

        var digest = await store.AddManifestAsync(manifest, cancel).ConfigureAwait(false);
        // Extracted now, so that a bad layer is found by who brings it and not by the first start.
        await store.LayerDirectoriesAsync(digest, cancel).ConfigureAwait(false);
        store.SetName(name, digest);
        return digest;
    }

    private async Task<string> ImportFileAsync(string path, CancellationToken cancel)
    {
        if (!File.Exists(path))
        {
            throw new ImageStoreException($"there is no file or directory {path}");
        }

        await using var file = File.OpenRead(path);
        return await store.AddBlobAsync(file, cancel).ConfigureAwait(false);
    }

    /// <summary>GNU tar, since System.Formats.Tar writes a hard link as a second file; sorted, so that equal trees are equal blobs.</summary>
    private async Task<string> ImportDirectoryAsync(string path, CancellationToken cancel)
    {
        var tar = store.NewStagingPath();
        try
        {
            var command = new ToolCommand(
                "tar", "--create", $"--file={tar}", "--format=posix", "--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime",
                "--sort=name", "--numeric-owner", "--xattrs", "--xattrs-include=security.capability", $"--directory={path}", ".")
            { Deadline = TarDeadline };
            await ToolProcess.RunAsync(command, time, cancel).ConfigureAwait(false);
            return await ImportFileAsync(tar, cancel).ConfigureAwait(false);
        }
        finally
        {
            File.Delete(tar);
        }
    }

    private async Task<ImageManifest> ImportLayoutAsync(string layout, CancellationToken cancel)
    {
        var index = await ReadJsonAsync(Path.Combine(layout, "index.json"), cancel).ConfigureAwait(false);
        var manifest = await ReadJsonAsync(BlobOf(layout, index, "manifests", 0), cancel).ConfigureAwait(false);
        var config = await ReadJsonAsync(LayoutBlob(layout, manifest, "config"), cancel).ConfigureAwait(false);
        var layers = new List<string>();
        var count = manifest.TryGetProperty("layers", out var list) && list.ValueKind == JsonValueKind.Array ? list.GetArrayLength() : 0;
        for (var i = 0; i < count; i++)
        {
            var path = BlobOf(layout, manifest, "layers", i);
            await using var file = File.OpenRead(path);
            await store.AddBlobAsync(file, BlobDigest.Prefix + Path.GetFileName(path), file.Length, cancel).ConfigureAwait(false);
            layers.Add(BlobDigest.Prefix + Path.GetFileName(path));
        }

        if (layers.Count is 0 or > ImageManifest.MaxLayers)
        {
            throw new ImageStoreException($"the image in {layout} has {layers.Count} layers; 1 to {ImageManifest.MaxLayers} are possible");
        }

        var run = config.TryGetProperty("config", out var inner) ? inner : default;
        string[] args = [.. Strings(run, "Entrypoint"), .. Strings(run, "Cmd")];
        var directory = run.ValueKind == JsonValueKind.Object && run.TryGetProperty("WorkingDir", out var cwd) && cwd.GetString() is { Length: > 0 } text ? text : "/";
        return new ImageManifest([.. layers], new ImageConfig(args, [.. Strings(run, "Env")], directory));
    }

    private static string BlobOf(string layout, JsonElement parent, string property, int index)
        => parent.TryGetProperty(property, out var list) && list.ValueKind == JsonValueKind.Array && list.GetArrayLength() > index
            ? LayoutBlob(layout, list[index])
            : throw new ImageStoreException($"the OCI layout {layout} has no {property}");

    private static string LayoutBlob(string layout, JsonElement parent, string property)
        => parent.TryGetProperty(property, out var descriptor) ? LayoutBlob(layout, descriptor) : throw new ImageStoreException($"the OCI layout {layout} has no {property}");

    private static string LayoutBlob(string layout, JsonElement descriptor)
    {
        var digest = descriptor.ValueKind == JsonValueKind.Object && descriptor.TryGetProperty("digest", out var value) ? value.GetString() : null;
        var path = Path.Combine(layout, "blobs", "sha256", BlobDigest.Hex(digest ?? ""));
        return File.Exists(path) ? path : throw new ImageStoreException($"the OCI layout {layout} lacks its blob {digest}");
    }

    private static async Task<JsonElement> ReadJsonAsync(string path, CancellationToken cancel)
    {
        try
        {
            using var document = JsonDocument.Parse(await File.ReadAllBytesAsync(path, cancel).ConfigureAwait(false));
            return document.RootElement.Clone();
        }
        catch (Exception e) when (e is JsonException or FileNotFoundException)
        {
            throw new ImageStoreException($"{path} is not a readable part of an OCI layout", e);
        }
    }

    private static IEnumerable<string> Strings(JsonElement parent, string property)
        => parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(property, out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Select(item => item.GetString() ?? "")
            : [];
}
