using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>
/// This host's journal of attempts: shared by the actors of all attempts, one write at a time, each on the disk before its task completes.
///
/// A disk that was full for a while costs the attempts that had something to write, not the host: of an attempt that lacks an entry nothing later is written, since a
/// restart would read it as if the entry had never been due, until either the same entry could be written or the attempt is taken up anew from what is there
/// (<see cref="TakenUp"/>). Ballots are the exception: each stands for itself, and without them a container that stands could not get its verdict.
/// </summary>
public sealed class AttemptJournal : IDisposable
{
    /// <summary>Entries after which the file is rewritten; an attempt writes about ten.</summary>
    public const int CompactAfterEntries = 4_000;

    private readonly IRecordLog<JournalEntry> _log;
    private readonly SemaphoreSlim _oneAtATime = new(1, 1);
    private readonly Dictionary<AttemptId, JournalEntry> _lacking = [];
    private int _entries;

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
            if (entry is not JournalEntry.BallotUsed && _lacking.TryGetValue(entry.Attempt, out var lacking) && lacking != entry && State.Open.ContainsKey(entry.Attempt))
            {
                throw new AttemptException(
                    MigrationFailure.Internal,
                    $"{entry.GetType().Name} of attempt {entry.Attempt} is not written, as {lacking.GetType().Name} could not be; the attempt is taken up from the journal when it has ended");
            }

            await WriteAsync(entry).ConfigureAwait(false);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    /// <summary>An actor goes on from what the journal has of this attempt: what it lacks is not due any more.</summary>
    public void TakenUp(AttemptId attempt)
    {
        _oneAtATime.Wait();
        _lacking.Remove(attempt);
        _oneAtATime.Release();
    }

    public void Dispose() => _oneAtATime.Dispose();

    private async Task WriteAsync(JournalEntry entry)
    {
        try
        {
            await _log.AppendAsync([entry]).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            if (entry is not JournalEntry.BallotUsed)
            {
                _lacking.TryAdd(entry.Attempt, entry);
            }

            throw new AttemptException(MigrationFailure.Internal, $"the journal could not be written: {e.Message}", e);
        }

        if (entry is not JournalEntry.BallotUsed)
        {
            _lacking.Remove(entry.Attempt);
        }

        State = State.Apply(entry);
        _entries++;
        if (_entries >= CompactAfterEntries)
        {
            await CompactAsync().ConfigureAwait(false);
        }
    }

    private async Task CompactAsync()
    {
        try
        {
            await _log.CompactAsync(State.ToEntries()).ConfigureAwait(false);
            _entries = 0;
        }
        catch (IOException)
        {
            // The journal is as good as it was, only longer: tried again after the next entry.
        }
    }
}
