using System.Collections.Immutable;
using ActorMigration.Actors;
using ActorMigration.Contracts;

namespace ActorMigration.Ports.Contract;

/// <summary>What <see cref="IRecordLog{TRecord}"/> promises voter and journal.</summary>
public abstract class RecordLogContract
{
    private static readonly JournalEntry One = new JournalEntry.Frozen(AttemptId.New());
    private static readonly JournalEntry Two = new JournalEntry.Never(AttemptId.New());
    private static readonly JournalEntry Three = new JournalEntry.Proposed(AttemptId.New(), Verdict.Source);

    /// <summary>The same log as a daemon opens it after a restart; the one before is not used any more.</summary>
    protected abstract IRecordLog<JournalEntry> Reopen();

    [Fact]
    public void A_new_log_is_empty() => Assert.Empty(Reopen().Load());

    [Fact]
    public async Task What_was_appended_is_there_after_a_restart_in_its_order()
    {
        var log = Reopen();
        await log.AppendAsync([One]);
        await log.AppendAsync([Two, Three]);

        Assert.Equal<JournalEntry[]>([One, Two, Three], [.. Reopen().Load()]);
    }

    [Fact]
    public async Task An_append_of_nothing_changes_nothing()
    {
        var log = Reopen();
        await log.AppendAsync([One]);
        await log.AppendAsync(ImmutableArray<JournalEntry>.Empty);

        Assert.Equal<JournalEntry[]>([One], [.. Reopen().Load()]);
    }

    [Fact]
    public async Task Compacting_replaces_everything_and_appending_goes_on_behind_it()
    {
        var log = Reopen();
        await log.AppendAsync([One, Two]);
        await log.CompactAsync([Three]);
        await log.AppendAsync([One]);

        Assert.Equal<JournalEntry[]>([Three, One], [.. Reopen().Load()]);
    }
}
