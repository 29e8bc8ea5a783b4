using System.Security.Cryptography;

namespace ActorMigration.Host.Linux.Containers;

/// <summary>
/// Images of this host below <c>STATE/images</c>, by content: <c>blobs/sha256/HEX</c> holds layers and manifests, <c>layers/HEX</c> a layer
/// that was extracted once, <c>names/NAME</c> the digest of a manifest. Everything is written beside its place and renamed, so a crash
/// leaves whole blobs or none. Safe for several callers: what two write at once is equal.
/// </summary>
public sealed class ImageStore
{
    private const int BufferBytes = 1 << 20;

    private readonly string _blobs;
    private readonly string _layers;
    private readonly string _names;
    private readonly string _staging;

    /// <summary>Opens the store, making it when it is not there.</summary>
    public ImageStore(string stateDirectory)
    {
        var root = Path.Combine(stateDirectory, "images");
        _blobs = Directory.CreateDirectory(Path.Combine(root, "blobs", "sha256")).FullName;
        _layers = Directory.CreateDirectory(Path.Combine(root, "layers")).FullName;
        _names = Directory.CreateDirectory(Path.Combine(root, "names")).FullName;
        _staging = Directory.CreateDirectory(Path.Combine(root, "staging")).FullName;
    }

    public bool HasBlob(string digest) => File.Exists(BlobPath(digest));

    /// <summary>File of a blob; what a sender reads.</summary>
    public string BlobPath(string digest) => Path.Combine(_blobs, BlobDigest.Hex(digest));

    /// <summary>Manifest and layers that are not here; the manifest alone when that is missing.</summary>
    public string[] MissingBlobs(string manifestDigest)
        => HasBlob(manifestDigest) ? [.. Manifest(manifestDigest).Layers.Where(layer => !HasBlob(layer)).Distinct()] : [manifestDigest];

    /// <summary>Takes a blob from another host or a file; keeps it only when it is what its digest says.</summary>
    /// <param name="content">Read to its end.</param>
    /// <param name="digest">What it has to be.</param>
    /// <param name="maxBytes">Refused beyond: what the sender announced, or the room that was reserved.</param>
    /// <param name="cancel">Nothing is kept then.</param>
    public async Task AddBlobAsync(System.IO.Stream content, string digest, long maxBytes, CancellationToken cancel = default)
    {
        var path = BlobPath(digest);
        var found = await StageAsync(content, maxBytes, staged => staged == digest ? path : null, cancel).ConfigureAwait(false);
        if (found != digest)
        {
            throw new ImageStoreException($"a blob that was announced as {digest} is {found}; it was not kept");
        }
    }

    /// <summary>Takes a blob whose digest is not known yet; returns it.</summary>
    public Task<string> AddBlobAsync(System.IO.Stream content, CancellationToken cancel = default) => StageAsync(content, long.MaxValue, BlobPath, cancel);

    /// <summary>Keeps a manifest whose layers are here; returns its digest.</summary>
    public async Task<string> AddManifestAsync(ImageManifest manifest, CancellationToken cancel = default)
    {
        var missing = manifest.Layers.FirstOrDefault(layer => !HasBlob(layer));
        return missing is null
            ? await AddBlobAsync(new MemoryStream(manifest.ToBytes()), cancel).ConfigureAwait(false)
            : throw new ImageStoreException($"the image's layer {missing} is not in the store");
    }

    /// <exception cref="ImageStoreException">Not here, or not a manifest.</exception>
    public ImageManifest Manifest(string digest)
    {
        var path = BlobPath(digest);
        return File.Exists(path) && new FileInfo(path).Length <= ImageManifest.MaxBytes
            ? ImageManifest.Parse(File.ReadAllBytes(path))
            : throw new ImageStoreException($"there is no image {digest} here");
    }

    /// <summary>Directories of the extracted layers, highest first as overlayfs wants them; extracts what is not yet.</summary>
    public async Task<string[]> LayerDirectoriesAsync(string manifestDigest, CancellationToken cancel = default)
    {
        var directories = new List<string>();
        foreach (var layer in Manifest(manifestDigest).Layers.Reverse())
        {
            var directory = Path.Combine(_layers, BlobDigest.Hex(layer));
            if (!Directory.Exists(directory))
            {
                await ExtractAsync(layer, directory, cancel).ConfigureAwait(false);
            }

            directories.Add(directory);
        }

        return [.. directories];
    }

    /// <summary>Gives a manifest a name, replacing what had it.</summary>
    /// <exception cref="ImageStoreException">Not a name: letters, digits, dot, dash, underscore and colon.</exception>
    public void SetName(string name, string manifestDigest)
    {
        Manifest(manifestDigest);
        DurableFile.Write(NamePath(name), System.Text.Encoding.ASCII.GetBytes(manifestDigest));
    }

    /// <summary>The manifest's digest of a name or of a digest itself.</summary>
    /// <exception cref="ImageStoreException">Unknown.</exception>
    public string Resolve(string nameOrDigest)
    {
        if (BlobDigest.IsValid(nameOrDigest))
        {
            Manifest(nameOrDigest);
            return nameOrDigest;
        }

        var path = NamePath(nameOrDigest);
        return File.Exists(path) ? File.ReadAllText(path) : throw new ImageStoreException($"there is no image named '{nameOrDigest}' here");
    }

    /// <summary>All names with the digest of their manifest, ordered.</summary>
    public IReadOnlyList<(string Name, string Digest)> List()
        => [.. Directory.EnumerateFiles(_names).Order(StringComparer.Ordinal).Select(path => (Path.GetFileName(path), File.ReadAllText(path)))];

    internal string NewStagingPath() => Path.Combine(_staging, Path.GetRandomFileName());

    private string NamePath(string name)
        => name is { Length: > 0 and <= 128 } && char.IsAsciiLetterOrDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or ':')
            ? Path.Combine(_names, name)
            : throw new ImageStoreException($"'{name}' is not an image name: up to 128 letters, digits and . - _ :, beginning with a letter or digit");

    private async Task ExtractAsync(string layer, string directory, CancellationToken cancel)
    {
        var staged = Directory.CreateDirectory(NewStagingPath()).FullName;
        try
        {
            await LayerArchive.ExtractAsync(BlobPath(layer), staged, cancel).ConfigureAwait(false);
            try
            {
                Directory.Move(staged, directory);
            }
            catch (IOException) when (Directory.Exists(directory))
            {
                // Another caller was first, with equal content.
            }
        }
        finally
        {
            if (Directory.Exists(staged))
            {
                Directory.Delete(staged, recursive: true);
            }
        }
    }

    private async Task<string> StageAsync(System.IO.Stream content, long maxBytes, Func<string, string?> placeOf, CancellationToken cancel)
    {
        var staged = NewStagingPath();
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            await using (var file = new FileStream(staged, FileMode.CreateNew, FileAccess.Write))
            {
                var buffer = new byte[BufferBytes];
                long total = 0;
                int count;
                while ((count = await content.ReadAsync(buffer, cancel).ConfigureAwait(false)) > 0)
                {
                    total += count;
                    if (total > maxBytes)
                    {
                        throw new ImageStoreException($"a blob is larger than the {maxBytes} bytes that were announced; it was not kept");
                    }

                    hash.AppendData(buffer, 0, count);
                    await file.WriteAsync(buffer.AsMemory(0, count), cancel).ConfigureAwait(false);
                }

                file.Flush(flushToDisk: true);
            }

            var digest = BlobDigest.Prefix + Convert.ToHexStringLower(hash.GetHashAndReset());
            if (placeOf(digest) is { } path)
            {
                File.Move(staged, path, overwrite: true);
            }

            return digest;
        }
        finally
        {
            File.Delete(staged);
        }
    }
}
