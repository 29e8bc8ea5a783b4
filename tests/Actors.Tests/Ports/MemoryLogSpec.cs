using ActorMigration.Actors.Tests.Migrations;
using ActorMigration.Ports.Contract;

namespace ActorMigration.Actors.Tests.Ports;

/// <summary>The log in memory keeps the contract of the one on disk.</summary>
public sealed class MemoryLogSpec : RecordLogContract
{
    private readonly TwoHosts.MemoryLog<JournalEntry> _log = new();

    protected override IRecordLog<JournalEntry> Reopen() => _log;
}
