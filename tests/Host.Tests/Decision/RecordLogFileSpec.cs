using ActorMigration.Actors;
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

    protected override IRecordLog<JournalEntry> Reopen()
    {
        _open?.Dispose();
        return _open = RecordLogFile.Open<JournalEntry>(Path.Combine(_directory, "attempts.log"));
    }
}
