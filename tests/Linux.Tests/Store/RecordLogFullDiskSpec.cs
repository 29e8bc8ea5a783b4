using System.Collections.Immutable;
using ActorMigration.Actors;
using ActorMigration.Contracts;
using ActorMigration.Host.Decision;
using ActorMigration.Host.Linux;

namespace ActorMigration.Linux.Tests.Store;

/// <summary>A log of records on a file system that is really full for a while.</summary>
public sealed class RecordLogFullDiskSpec : IDisposable
{
    private static readonly JournalEntry One = new JournalEntry.Frozen(AttemptId.New());
    private static readonly JournalEntry Two = new JournalEntry.Never(AttemptId.New());
    private static readonly ImmutableArray<JournalEntry> More = [.. Enumerable.Range(0, 200).Select(_ => new JournalEntry.Never(AttemptId.New()))];

    private readonly string _directory = Directory.CreateTempSubdirectory("amig-full-").FullName;

    public RecordLogFullDiskSpec() => Assert.Equal(0, Interop.Tmpfs.Mount("none", _directory, "tmpfs", 0, "size=64k"));

    private string LogPath => Path.Combine(_directory, "attempts.log");

    private string Filler => Path.Combine(_directory, "filler");

    public void Dispose()
    {
        Interop.Tmpfs.UMount(_directory, Interop.Tmpfs.MNT_DETACH);
        Directory.Delete(_directory);
    }

    [Fact]
    public async Task What_could_not_be_written_is_not_there_and_what_comes_later_is()
    {
        using var log = RecordLogFile.Open<JournalEntry>(LogPath);
        await log.AppendAsync([One]);
        Fill();
        await Assert.ThrowsAnyAsync<IOException>(() => log.AppendAsync(More));
        await Assert.ThrowsAnyAsync<IOException>(() => log.AppendAsync(More));

        File.Delete(Filler);
        await log.AppendAsync([Two]);

        log.Dispose();
        Assert.Equal<JournalEntry[]>([One, Two], [.. Load()]);
    }

    [Fact]
    public async Task An_append_of_nothing_takes_back_what_may_have_been_written()
    {
        using var log = RecordLogFile.Open<JournalEntry>(LogPath);
        await log.AppendAsync([One]);
        var length = new FileInfo(LogPath).Length;
        Fill();
        await Assert.ThrowsAnyAsync<IOException>(() => log.AppendAsync(More));
        Assert.True(new FileInfo(LogPath).Length > length, "nothing of it was written, so this shows nothing");

        await log.AppendAsync(ImmutableArray<JournalEntry>.Empty);

        Assert.Equal(length, new FileInfo(LogPath).Length);
    }

    [Fact]
    public async Task A_compaction_that_finds_no_room_leaves_everything_as_it_was()
    {
        using var log = RecordLogFile.Open<JournalEntry>(LogPath);
        await log.AppendAsync([One]);
        Fill();
        await Assert.ThrowsAnyAsync<IOException>(() => log.CompactAsync(More));

        File.Delete(Filler);
        await log.AppendAsync([Two]);
        log.Dispose();
        Assert.Equal<JournalEntry[]>([One, Two], [.. Load()]);
    }

    private JournalEntry[] Load()
    {
        using var log = RecordLogFile.Open<JournalEntry>(LogPath);
        return [.. log.Load()];
    }

    /// <summary>To the last block.</summary>
    private void Fill()
    {
        using var filler = File.OpenHandle(Filler, FileMode.Create, FileAccess.Write);
        var block = new byte[4096];
        try
        {
            for (long at = 0; ; at += block.Length)
            {
                RandomAccess.Write(filler, block, at);
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }
}
