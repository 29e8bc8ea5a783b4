using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;

namespace ActorMigration.Host.Linux.Containers;

/// <summary>What an image is: its layers, lowest first, and how its program starts. Its name in a cluster is the digest of its bytes.</summary>
/// <param name="Layers">Digests of the layer blobs (tar, plain or gzip).</param>
/// <param name="Config">Defaults for a container.</param>
public sealed record ImageManifest(string[] Layers, ImageConfig Config)
{
    /// <summary>Overlayfs takes 500 lower layers, one mount call takes 4096 bytes of options; Docker stops at 127.</summary>
    public const int MaxLayers = 30;

    /// <summary>Bytes of a manifest.</summary>
    public const int MaxBytes = 256 * 1024;

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web);

    /// <summary>The bytes that the digest is of.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, Options);

    /// <summary>Reads and checks a manifest that may come from another host.</summary>
    /// <exception cref="ImageStoreException">Not a manifest.</exception>
    public static ImageManifest Parse(ReadOnlySpan<byte> bytes)
    {
        ImageManifest? manifest = null;
        try
        {
            manifest = bytes.Length <= MaxBytes ? JsonSerializer.Deserialize<ImageManifest>(bytes, Options) : null;
        }
        catch (JsonException)
        {
            // Said below, as for everything else that is no manifest.
        }

        var good = manifest is { Layers.Length: > 0 and <= MaxLayers, Config: { Args: not null, Env: not null, WorkingDirectory: not null } }
            && Array.TrueForAll(manifest.Layers, BlobDigest.IsValid);
        return good ? manifest! : throw new ImageStoreException($"these {bytes.Length} bytes are not an image manifest with 1 to {MaxLayers} layers");
    }
}

/// <summary>Defaults of an image.</summary>
/// <param name="Args">Program and arguments.</param>
/// <param name="Env">KEY=VALUE.</param>
/// <param name="WorkingDirectory">Absolute.</param>
public sealed record ImageConfig(string[] Args, string[] Env, string WorkingDirectory);

/// <summary>Digests as they are written: <c>sha256:</c> and 64 lower-case hex digits.</summary>
public static class BlobDigest
{
    public const string Prefix = "sha256:";

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    public static bool IsValid(string? text)
        => text is { Length: 71 } && text.StartsWith(Prefix, StringComparison.Ordinal) && text.AsSpan(Prefix.Length).IndexOfAnyExcept(HexDigits) < 0;

    public static string Of(ReadOnlySpan<byte> bytes) => Prefix + Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>The 64 digits.</summary>
    /// <exception cref="ImageStoreException">Not a digest: a text from outside never becomes part of a path.</exception>
    public static string Hex(string digest) => IsValid(digest) ? digest[Prefix.Length..] : throw new ImageStoreException($"'{digest}' is not a digest of the form sha256:<64 hex digits>");
}

/// <summary>An image, layer or name that cannot be taken or is not there. Nothing was kept of it.</summary>
public sealed class ImageStoreException(string message, Exception? inner = null) : IOException(message, inner);
