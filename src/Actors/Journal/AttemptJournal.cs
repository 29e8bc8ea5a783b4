using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>
/// This host's journal of attempts: shared by the actors of all attempts, one write at a time, each on the disk before its task completes. After a failed
/// write nothing more is written: what is on the disk is known again after a restart.
/// </summary>
public sealed class AttemptJournal : IDisposable
{
    /// <summary>Entries after which the file is rewritten; an attempt writes about ten.</summary>
    public const int CompactAfterEntries = 4_000;

    private readonly IRecordLog<JournalEntry> _log;
    private readonly SemaphoreSlim _oneAtATime = new(1, 1);
    private int _entries;
    private Exception? _failed;

    public AttemptJournal(IRecordLog<JournalEntry> log)
    {
        _log = log;
        var entries = log.Load();
        _entries = entries.Length;
        State = entries.Aggregate(JournalState.Empty, (state, entry) => state.Apply(entry));
    }

    /// <summary>The fold of all entries; a snapshot that never changes.</summary>
    public JournalState State { get; private set; }

    /// <summary>Completes when the entry is on the disk. Throws <see cref="AttemptException"/> when that cannot be said.</summary>
    public async Task AppendAsync(JournalEntry entry)
    {
        await _oneAtATime.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_failed is not null)
            {
                throw new AttemptException(MigrationFailure.Internal, $"the journal is closed since a write failed: {_failed.Message}; restart the daemon when the disk is well", _failed);
            }

            await WriteAsync(entry).ConfigureAwait(false);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    public void Dispose() => _oneAtATime.Dispose();

    private async Task WriteAsync(JournalEntry entry)
    {
        try
        {
            await _log.AppendAsync([entry]).ConfigureAwait(false);
            State = State.Apply(entry);
            _entries++;
            if (_entries >= CompactAfterEntries)
            {
                var compacted = State.ToEntries();
                await _log.CompactAsync(compacted).ConfigureAwait(false);
                _entries = 0;
            }
        }
        catch (IOException e)
        {
            _failed = e;
            throw new AttemptException(MigrationFailure.Internal, $"the journal could not be written: {e.Message}", e);
        }
    }
}
