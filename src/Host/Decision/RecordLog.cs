using System.Collections.Immutable;
using ActorMigration.Actors;
using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Decision;

/// <summary>
/// <see cref="IRecordLog{TRecord}"/> in one file: an append is one frame and one fsync; a compaction is a new file that is fsynced, renamed over the old one, and
/// made durable in its directory. Used for the voter's state and for the attempts' journal; one daemon per directory.
/// </summary>
public sealed class RecordLog<TRecord> : IRecordLog<TRecord>, IDisposable
    where TRecord : class
{
    private readonly string _path;
    private readonly ImmutableArray<TRecord> _loaded;
    private SafeFileHandle _file;
    private long _end;

    internal RecordLog(string path, SafeFileHandle file, Guid name, ImmutableArray<TRecord> loaded, long end)
    {
        _path = path;
        _file = file;
        Name = name;
        _loaded = loaded;
        _end = end;
    }

    /// <summary>Drawn when the file was made: a deleted or replaced file is another one.</summary>
    public Guid Name { get; }

    public ImmutableArray<TRecord> Load() => _loaded;

    public async Task AppendAsync(ImmutableArray<TRecord> records)
    {
        var frame = RecordLogFile.EncodeBatch(records.AsEnumerable());
        await RandomAccess.WriteAsync(_file, frame, _end).ConfigureAwait(false);
        RandomAccess.FlushToDisk(_file);
        _end += frame.Length;
    }

    public Task CompactAsync(ImmutableArray<TRecord> records)
    {
        RecordLogFile.Replace(_path, Name, records);
        _file.Dispose();
        _file = RecordLogFile.OpenForAppend(_path);
        _end = RandomAccess.GetLength(_file);
        return Task.CompletedTask;
    }

    public void Dispose() => _file.Dispose();
}
