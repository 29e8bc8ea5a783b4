using System.Collections.Immutable;
using ActorMigration.Actors;
using Microsoft.Win32.SafeHandles;

namespace ActorMigration.Host.Decision;

/// <summary>
/// <see cref="IRecordLog{TRecord}"/> in one file: an append is one frame and one fsync; a compaction is a new file that is fsynced, renamed over the old one, and
/// made durable in its directory. Used for the voter's state and for the attempts' journal; one daemon per directory.
///
/// A disk that was full, or failed, leaves it unknown what of an append is on it. The next call takes that back before it writes, so that a full disk costs what
/// could not be written meanwhile and nothing after it.
/// </summary>
public sealed class RecordLog<TRecord> : IRecordLog<TRecord>, IDisposable
    where TRecord : class
{
    private readonly string _path;
    private readonly ImmutableArray<TRecord> _loaded;
    private SafeFileHandle _file;
    private long _end;
    private bool _isTailUnknown;
    private bool _isNameUnknown;

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
        TakeBack();
        if (records.Length == 0)
        {
            return;
        }

        var frame = RecordLogFile.EncodeBatch(records.AsEnumerable());
        _isTailUnknown = true;
        await RandomAccess.WriteAsync(_file, frame, _end).ConfigureAwait(false);
        RandomAccess.FlushToDisk(_file);
        _isTailUnknown = false;
        _end += frame.Length;
    }

    public Task CompactAsync(ImmutableArray<TRecord> records)
    {
        TakeBack();
        RecordLogFile.WriteFresh(_path, Name, records);
        var fresh = RecordLogFile.OpenForAppend(RecordLogFile.FreshOf(_path));
        RecordLogFile.PutInPlace(_path);
        _isNameUnknown = true;
        _file.Dispose();
        _file = fresh;
        _end = RandomAccess.GetLength(_file);
        RecordLogFile.SyncDirectoryOf(_path);
        _isNameUnknown = false;
        return Task.CompletedTask;
    }

    public void Dispose() => _file.Dispose();

    private void TakeBack()
    {
        if (_isNameUnknown)
        {
            // What is appended to a file that a crash may replace by the one before it would be lost.
            RecordLogFile.SyncDirectoryOf(_path);
            _isNameUnknown = false;
        }

        if (_isTailUnknown)
        {
            RandomAccess.SetLength(_file, _end);
            RandomAccess.FlushToDisk(_file);
            _isTailUnknown = false;
        }
    }
}
