using System.Buffers.Binary;
using ActorMigration.Contracts;

namespace ActorMigration.Host.Linux.Files;

/// <summary>
/// Destination side of one tree. The source is attested but not trusted: every path is opened beneath the root through no link
/// and no mount, device nodes are never made (but for overlayfs' whiteout 0:0), and bytes and names count against the attempt's
/// reservation. After any exception the tree is of no further use and the attempt removes it; nothing outside the root was touched.
///
/// Nobody else writes below the root until the last pass has ended; from <see cref="FileFrameKind.Settled"/> on it may be mounted, for then only blocks
/// inside existing files change. Blocks as stream and disk do. One call at a time.
/// </summary>
internal sealed class LayerReceiver : IDisposable
{
    private readonly LayerWriter _writer;
    private readonly List<FileEntry> _directories = [];
    private FileEntry? _current;
    private long _entries;
    private long _dataBytes;
    private int _pass;

    /// <summary>Opens an existing, empty directory.</summary>
    internal LayerReceiver(string root, LayerLimits limits) => _writer = new LayerWriter(root, limits);

    /// <summary>
    /// Applies frames up to the end of a pass. <paramref name="settled"/> is called in the middle of a final pass, when the tree may be mounted. Durable it is
    /// only after <see cref="MakeDurable"/>.
    /// </summary>
    internal PassReport ReceivePass(FileFrameReader from, Action? settled)
    {
        var begin = from.Expect(FileFrameKind.PassBegin);
        _entries = _dataBytes = 0;
        Demand(begin.Length == 5 && BinaryPrimitives.ReadInt32LittleEndian(begin) == ++_pass && begin[4] <= 1, "a pass out of order");
        var final = begin[4] == 1;
        var isSettled = false;
        while (true)
        {
            var kind = from.Read(out var payload);
            Demand(_current is null || kind is FileFrameKind.Data or FileFrameKind.Hole or FileFrameKind.EntryEnd, $"{kind} inside a file");
            switch (kind)
            {
                case FileFrameKind.Entry:
                    Begin(FileEntryCodec.Decode(payload), isSettled);
                    break;
                case FileFrameKind.Data:
                    Data(payload);
                    break;
                case FileFrameKind.Hole:
                    Hole(payload);
                    break;
                case FileFrameKind.EntryEnd:
                    Demand(payload.IsEmpty && _current is not null, "the end of no file");
                    _writer.EndFile(_current!);
                    _current = null;
                    break;
                case FileFrameKind.Link when !isSettled:
                    Link(payload);
                    break;
                case FileFrameKind.Delete when !isSettled:
                    Demand(FilePath.IsValid(payload), "a path that is not below the root");
                    _writer.Delete(payload);
                    _entries++;
                    break;
                case FileFrameKind.Settled when final && !isSettled:
                    isSettled = true;
                    FinishDirectories();
                    settled?.Invoke();
                    break;
                case FileFrameKind.PassEnd:
                    Demand(isSettled == final, "a final pass that never settled");
                    FinishDirectories();
                    return End(payload);
                default:
                    throw Refusal($"{kind} where it cannot be");
            }
        }
    }

    /// <summary>
    /// Returns when everything that was applied is on disk: what the container has fsynced at the source must not be lost with this host's power
    /// after it runs here. After each pass, so that the one in the stop has little to write.
    /// </summary>
    internal void MakeDurable() => _writer.MakeDurable();

    public void Dispose() => _writer.Dispose();

    private void Begin(FileEntry entry, bool isSettled)
    {
        Demand(!isSettled || entry.Content == FileContent.Ranges, "more than blocks of files after it has settled");
        _entries++;
        if (entry.Kind == FileEntryKind.File && entry.Content != FileContent.Unchanged)
        {
            _writer.BeginFile(entry);
            _current = entry;
            return;
        }
        _writer.Apply(entry);
        if (entry.Kind == FileEntryKind.Directory)
        {
            _directories.Add(entry);
        }
    }

    private void Data(ReadOnlySpan<byte> payload)
    {
        Demand(payload.Length > 8 && _current is not null, "data of no file");
        var offset = BinaryPrimitives.ReadInt64LittleEndian(payload);
        var content = payload[8..];
        Demand(offset >= 0 && offset <= _current!.Size - content.Length, "data outside its file");
        _writer.Write(_current!, offset, content);
        _dataBytes += content.Length;
    }

    private void Hole(ReadOnlySpan<byte> payload)
    {
        Demand(payload.Length == 16 && _current is { Content: FileContent.Ranges }, "a hole of no file");
        var offset = BinaryPrimitives.ReadInt64LittleEndian(payload);
        var length = BinaryPrimitives.ReadInt64LittleEndian(payload[8..]);
        Demand(offset >= 0 && length > 0 && length <= _current!.Size && offset <= _current.Size - length, "a hole outside its file");
        _writer.Punch(_current!, offset, length);
    }

    private void Link(ReadOnlySpan<byte> payload)
    {
        Demand(payload.Length >= 2 && payload.Length - 2 >= BinaryPrimitives.ReadUInt16LittleEndian(payload), "a cut link");
        var length = BinaryPrimitives.ReadUInt16LittleEndian(payload);
        var path = payload.Slice(2, length);
        var rest = payload[(2 + length)..];
        Demand(rest.Length >= 2 && rest.Length - 2 == BinaryPrimitives.ReadUInt16LittleEndian(rest), "a cut link");
        Demand(FilePath.IsValid(path) && FilePath.IsValid(rest[2..]), "a path that is not below the root");
        _writer.Link(path, rest[2..]);
        _entries++;
    }

    /// <summary>Times of directories come last: everything made in one of them has moved its time.</summary>
    private void FinishDirectories()
    {
        foreach (var directory in _directories)
        {
            _writer.SetTime(directory);
        }
        _directories.Clear();
    }

    private PassReport End(ReadOnlySpan<byte> payload)
    {
        Demand(
            payload.Length == 20 && BinaryPrimitives.ReadInt32LittleEndian(payload) == _pass
                && BinaryPrimitives.ReadInt64LittleEndian(payload[4..]) == _entries && BinaryPrimitives.ReadInt64LittleEndian(payload[12..]) == _dataBytes,
            "other counts at the end of a pass than arrived");
        return new PassReport(_pass, _entries, _dataBytes);
    }

    private static void Demand(bool holds, string what)
    {
        if (!holds)
        {
            throw Refusal(what);
        }
    }

    private static LayerException Refusal(string what) => new(LayerFailure.Refused, $"The source's file stream is refused: {what}.");
}
