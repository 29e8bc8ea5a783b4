using System.Formats.Tar;
using System.IO.Compression;
using System.Text;

namespace ActorMigration.Host.Linux.Containers;

/// <summary>
/// Extracts one layer, a tar that may be gzipped and that nobody vouches for, into a fresh directory. No entry reaches beyond it: names are taken apart, and no
/// part of a path may be a symbolic link. Whiteouts of OCI become those of overlayfs. Device nodes are left out (a container has its own /dev).
/// </summary>
internal sealed class LayerArchive
{
    /// <summary>Entries of one layer; a full distribution has about a tenth.</summary>
    internal const int MaxEntries = 2_000_000;

    /// <summary>Bytes of all files of one layer: a bound against archives that unpack without end.</summary>
    internal const long MaxBytes = 64L << 30;

    private const string WhiteoutPrefix = ".wh.";
    private const string OpaqueMarker = ".wh..wh..opq";
    private const string XattrPrefix = "SCHILY.xattr.";

    /// <summary>The one attribute that programs need from an image. trusted.overlay.* would steer the overlay mount.</summary>
    private const string FileCapabilities = "security.capability";

    private readonly string _root;
    private readonly List<(string Path, DateTimeOffset Time)> _directoryTimes = [];
    private long _bytes;

    private LayerArchive(string root) => _root = root;

    /// <exception cref="ImageStoreException">Malformed, hostile or compressed in an unknown way; the directory holds a part.</exception>
    internal static async Task ExtractAsync(string blob, string directory, CancellationToken cancel)
    {
        await using var file = File.OpenRead(blob);
        await using var tar = Open(file);
        try
        {
            await new LayerArchive(directory).ExtractAsync(tar, cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or FormatException)
        {
            throw new ImageStoreException($"layer {Path.GetFileName(blob)} is not a readable tar: {e.Message}", e);
        }
    }

    private static System.IO.Stream Open(FileStream file)
    {
        Span<byte> magic = stackalloc byte[4];
        var count = file.ReadAtLeast(magic, 4, throwOnEndOfStream: false);
        file.Position = 0;
        return count == 4 && magic[..4].SequenceEqual((ReadOnlySpan<byte>)[0x28, 0xB5, 0x2F, 0xFD])
            ? throw new ImageStoreException("a layer is compressed with zstd, which is not supported; gzip and plain tar are")
            : magic is [0x1F, 0x8B, ..] ? new GZipStream(file, CompressionMode.Decompress) : file;
    }

    private async Task ExtractAsync(System.IO.Stream tar, CancellationToken cancel)
    {
        await using var reader = new TarReader(tar);
        var entries = 0;
        while (await reader.GetNextEntryAsync(copyData: false, cancel).ConfigureAwait(false) is { } entry)
        {
            Require(++entries <= MaxEntries, entry, $"is entry number {MaxEntries + 1}");
            await ExtractAsync(entry, cancel).ConfigureAwait(false);
        }

        // Files that came later have touched their directories.
        foreach (var (path, time) in Enumerable.Reverse(_directoryTimes))
        {
            Directory.SetLastWriteTimeUtc(path, time.UtcDateTime);
        }
    }

    private async Task ExtractAsync(TarEntry entry, CancellationToken cancel)
    {
        var parts = Parts(entry, entry.Name);
        if (parts.Length == 0)
        {
            Require(entry.EntryType == TarEntryType.Directory, entry, "names the root and is no directory");
            ApplyOwner(entry, _root);
            return;
        }

        var name = parts[^1];
        var parent = Parent(entry, parts);
        if (name == OpaqueMarker)
        {
            SetAttribute(entry, parent, "trusted.overlay.opaque", "y"u8.ToArray());
            return;
        }

        if (name.StartsWith(WhiteoutPrefix, StringComparison.Ordinal))
        {
            name = name[WhiteoutPrefix.Length..];
            Require(name is not ("" or "." or ".."), entry, "is a whiteout of nothing");
            var whiteout = Path.Combine(parent, name);
            MakeRoom(entry, whiteout);
            Check(Interop.Ownership.MkNod(whiteout, Interop.Ownership.S_IFCHR, 0), "mknod", whiteout);
            return;
        }

        await CreateAsync(entry, Path.Combine(parent, name), cancel).ConfigureAwait(false);
    }

    private async Task CreateAsync(TarEntry entry, string path, CancellationToken cancel)
    {
        switch (entry.EntryType)
        {
            case TarEntryType.Directory:
                if (new FileInfo(path) is { LinkTarget: not null } || File.Exists(path))
                {
                    MakeRoom(entry, path);
                }

                Directory.CreateDirectory(path);
                _directoryTimes.Add((path, entry.ModificationTime));
                break;
            case TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile:
                _bytes += entry.Length;
                Require(_bytes <= MaxBytes, entry, $"makes the layer larger than {MaxBytes >> 30} GiB");
                MakeRoom(entry, path);
                await using (var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write))
                {
                    await (entry.DataStream ?? System.IO.Stream.Null).CopyToAsync(file, cancel).ConfigureAwait(false);
                }

                break;
            case TarEntryType.SymbolicLink:
                // Its target is text that only the container's own root ever follows; nothing here walks through it.
                MakeRoom(entry, path);
                File.CreateSymbolicLink(path, entry.LinkName);
                Check(Interop.Ownership.LChown(path, (uint)entry.Uid, (uint)entry.Gid), "lchown", path);
                return;
            case TarEntryType.HardLink:
                var target = Parts(entry, entry.LinkName);
                Require(target.Length > 0, entry, "is a hard link to the root");
                var existing = Path.Combine(Parent(entry, target), target[^1]);
                MakeRoom(entry, path);
                Check(Interop.Ownership.Link(existing, path), "link", path);
                return;
            case TarEntryType.Fifo:
                MakeRoom(entry, path);
                Check(Interop.Ownership.MkNod(path, Interop.Ownership.S_IFIFO, 0), "mknod", path);
                break;
            case TarEntryType.CharacterDevice or TarEntryType.BlockDevice or TarEntryType.GlobalExtendedAttributes:
                return;
            default:
                Require(false, entry, $"has the unknown type {entry.EntryType}");
                return;
        }

        ApplyOwner(entry, path);
        if (entry.EntryType != TarEntryType.Directory)
        {
            File.SetLastWriteTimeUtc(path, entry.ModificationTime.UtcDateTime);
        }
    }

    /// <summary>Owner before mode (chown clears set-user-id), then file capabilities (a change of owner clears those too).</summary>
    private static void ApplyOwner(TarEntry entry, string path)
    {
        Check(Interop.Ownership.LChown(path, (uint)entry.Uid, (uint)entry.Gid), "lchown", path);
        File.SetUnixFileMode(path, entry.Mode);
        // System.Formats.Tar hands the bytes on as UTF-8 text; a capability is binary, so it is taken only when it survived that.
        if (entry is PaxTarEntry pax && pax.ExtendedAttributes.TryGetValue(XattrPrefix + FileCapabilities, out var value) && !value.Contains('\uFFFD'))
        {
            SetAttribute(entry, path, FileCapabilities, Encoding.UTF8.GetBytes(value));
        }
    }

    private static void SetAttribute(TarEntry entry, string path, string name, byte[] value)
    {
        if (Interop.Ownership.LSetXAttr(path, name, value, (nuint)value.Length, 0) != 0)
        {
            throw LinuxException.FromLastError("lsetxattr", $"{path} ({name} of {entry.Name})");
        }
    }

    /// <summary>The parts of a name without <c>.</c>; refuses <c>..</c> and control characters. A leading slash means the layer's root, as in tar.</summary>
    private static string[] Parts(TarEntry entry, string name)
    {
        var parts = name.Split('/').Where(part => part is not ("" or ".")).ToArray();
        Require(Array.TrueForAll(parts, part => part != ".." && !part.Contains('\0') && part.Length < 256), entry, "reaches beyond the layer");
        return parts;
    }

    /// <summary>The directory of a path, made where it is missing; no part may be a link, since extraction would follow it out of the layer.</summary>
    private string Parent(TarEntry entry, string[] parts)
    {
        var path = _root;
        foreach (var part in parts.AsSpan(0, parts.Length - 1))
        {
            path = Path.Combine(path, part);
            var info = new DirectoryInfo(path);
            Require(info.LinkTarget is null, entry, $"goes through the symbolic link {part}");
            Directory.CreateDirectory(path);
        }

        return path;
    }

    /// <summary>A later entry of a tar replaces an earlier one.</summary>
    private static void MakeRoom(TarEntry entry, string path)
    {
        var isLink = new FileInfo(path).LinkTarget is not null;
        Require(isLink || !Directory.Exists(path), entry, "would replace a directory");
        File.Delete(path);
    }

    private static void Check(int result, string call, string path)
    {
        if (result != 0)
        {
            throw LinuxException.FromLastError(call, path);
        }
    }

    private static void Require(bool condition, TarEntry entry, string what)
    {
        if (!condition)
        {
            throw new ImageStoreException($"layer entry '{entry.Name}' {what}; the layer is refused");
        }
    }
}
