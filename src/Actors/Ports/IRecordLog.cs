using System.Collections.Immutable;

namespace ActorMigration.Actors;

/// <summary>
/// An append-only file of records on this host's disk: a voter's or the attempts' journal. What a task has completed for survives a crash of the machine.
/// Callers do one call at a time.
/// </summary>
public interface IRecordLog<TRecord>
    where TRecord : class
{
    /// <summary>All records as they were when the log was opened, oldest first; a torn last one is as if never written.</summary>
    ImmutableArray<TRecord> Load();

    /// <summary>
    /// Writes and fsyncs; all of the records or, after a crash, a prefix of them. After one that threw an <see cref="IOException"/> nothing of it counts: the next
    /// call takes back what may have reached the disk, or throws as well. An append of nothing does only that.
    /// </summary>
    Task AppendAsync(ImmutableArray<TRecord> records);

    /// <summary>Replaces everything by these records, atomically; if it throws, with everything or nothing done.</summary>
    Task CompactAsync(ImmutableArray<TRecord> records);
}
