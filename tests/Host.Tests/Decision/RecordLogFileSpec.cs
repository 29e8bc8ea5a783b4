using ActorMigration.Actors;
using ActorMigration.Contracts;
using ActorMigration.Host.Decision;
using ActorMigration.Ports.Contract;

namespace ActorMigration.Host.Tests.Decision;

/// <summary>The contract of the log on a real file; what a crash leaves of one is in <c>RecordLogSpec</c>.</summary>
public sealed class RecordLogFileSpec : RecordLogContract, IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("amig-log-").FullName;
    private RecordLog<JournalEntry>? _open;

    public void Dispose()
    {
        _open?.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Records_that_are_large_together_can_be_compacted()
    {
        // Twenty of a megabyte: fewer than a frame may have, and more than it can hold.
        JournalEntry[] records = [.. Enumerable.Range(0, 20).Select(static _ => Large(AttemptId.New()))];
        var log = Reopen();

        await log.CompactAsync([.. records]);

        Assert.Equal(records.Select(record => record.Attempt), Reopen().Load().Select(record => record.Attempt));
    }

    private static JournalEntry.Ended Large(AttemptId attempt) => new(new AttemptDetails(
        attempt, new ContainerName("c1"), new Fence(1, 1), new HostName("a"), new HostName("b"), new HostName("a"),
        Phase.Teardown, "Ended", AttemptOutcome.Aborted, MigrationFailure.Internal, new string('x', 1 << 20), 0, [], [], 0, 0, [], 0, 0, 0, null));

    protected override IRecordLog<JournalEntry> Reopen()
    {
        _open?.Dispose();
        return _open = RecordLogFile.Open<JournalEntry>(Path.Combine(_directory, "attempts.log"));
    }
}
