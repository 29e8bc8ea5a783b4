using System.Collections.Immutable;
using ActorMigration.Actors;
using ActorMigration.Contracts;
using ActorMigration.Host.Decision;

namespace ActorMigration.Host.Tests.Decision;

public sealed class RecordLogSpec : IDisposable
{
    private static readonly HostName A = new("a");
    private static readonly Registration Registration = new(
        new RegisterId(new ContainerName("c1"), new Fence(1, 2), AttemptId.New()), RegisterKind.Migration, A, new HostName("b"),
        [new RegisteredVoter(A, Guid.NewGuid())], [1, 2], [], [3]);

    private static readonly VerdictCertificate Certificate = new(
        Registration.Register, Verdict.Dest, [new SignedAccept(A, Guid.NewGuid(), Registration.Register, new Ballot(3, A), Verdict.Dest, [4])]);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("amig-log-");

    private string File => Path.Combine(_directory.FullName, "journal");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task Every_kind_of_entry_is_read_as_it_was_written()
    {
        var id = Registration.Register.Attempt;
        var token = new HandOverToken(id, new ContainerName("c1"), new Fence(1, 2), [1], [2], [3], [4]);
        var details = new AttemptDetails(
            id, new ContainerName("c1"), new Fence(1, 2), A, new HostName("b"), A, Phase.Teardown, "Ended", AttemptOutcome.Committed, MigrationFailure.None, "", 5,
            [new NamedSpan("PreCopy", 1.5)], [new RoundReport(0, 1, 2, 3, 4, 0, TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(6))], 1, 2, [], 3, 4, 5, new FrozenDigest("00ff", 7));
        ImmutableArray<JournalEntry> entries =
        [
            new JournalEntry.Begun(AttemptRole.Source, Registration, 7), new JournalEntry.Frozen(id), new JournalEntry.Prepared(id, "boot", 8, token),
            new JournalEntry.Never(id), new JournalEntry.Proposed(id, Verdict.Source), new JournalEntry.BallotUsed(id, 9),
            new JournalEntry.VerdictLearned(id, Certificate), new JournalEntry.Ended(details),
            new JournalEntry.LastVerdict(new ClosedRegister(Registration, Certificate)), new JournalEntry.Removed(id, new ContainerName("c1")),
        ];
        Assert.Equal(typeof(JournalEntry).GetNestedTypes().Length, entries.Select(e => e.GetType()).Distinct().Count());

        await AppendEachAsync(entries);

        using var again = RecordLogFile.Open<JournalEntry>(File);
        AssertSame(entries, again.Load());
    }

    [Fact]
    public async Task A_voters_state_is_the_same_after_a_restart_and_after_compaction()
    {
        ImmutableArray<VoterRecord> records =
        [
            new VoterRecord.Opened(Registration), new VoterRecord.Promise(Registration.Register, new Ballot(3, A)),
            new VoterRecord.Vote(Registration.Register, new Ballot(3, A), Verdict.Dest, null),
            new VoterRecord.Closed(new ClosedRegister(Registration, Certificate)), new VoterRecord.Acknowledged(Registration.Register, A),
        ];
        var state = records.Aggregate(ContainerBallots.Fresh(new ContainerName("c1")), (s, r) => s.Apply(r));
        Guid incarnation;
        using (var log = RecordLogFile.Open<VoterRecord>(File))
        {
            incarnation = log.Name;
            await log.AppendAsync(records);
        }

        using (var log = RecordLogFile.Open<VoterRecord>(File))
        {
            AssertSame([state], [log.Load().Aggregate(ContainerBallots.Fresh(state.Container), (s, r) => s.Apply(r))]);
            await log.CompactAsync([new VoterRecord.Snapshot(state)]);
            await log.AppendAsync([new VoterRecord.Acknowledged(Registration.Register, new HostName("b"))]);
        }

        using var compacted = RecordLogFile.Open<VoterRecord>(File);
        var end = compacted.Load().Aggregate(ContainerBallots.Fresh(state.Container), (s, r) => s.Apply(r));
        Assert.Equal(incarnation, compacted.Name);
        Assert.Equal((new Fence(2, 1), new HostName("b")), (end.Lowest, end.Owner));
        Assert.Empty(end.Kept);
    }

    [Fact]
    public async Task A_torn_tail_of_any_length_is_as_if_never_written()
    {
        await AppendEachAsync([new JournalEntry.Frozen(AttemptId.New())]);
        var whole = await System.IO.File.ReadAllBytesAsync(File);
        await AppendEachAsync([new JournalEntry.Never(AttemptId.New())]);
        var more = await System.IO.File.ReadAllBytesAsync(File);

        for (var length = whole.Length; length < more.Length; length++)
        {
            await System.IO.File.WriteAllBytesAsync(File, more[..length]);
            using var log = RecordLogFile.Open<JournalEntry>(File);
            Assert.IsType<JournalEntry.Frozen>(Assert.Single(log.Load()));
            Assert.Equal(whole.Length, new FileInfo(File).Length);
        }
    }

    [Fact]
    public async Task Damage_before_the_end_is_never_taken_for_a_torn_tail()
    {
        await AppendEachAsync([new JournalEntry.Frozen(AttemptId.New()), new JournalEntry.Never(AttemptId.New())]);
        var bytes = await System.IO.File.ReadAllBytesAsync(File);
        bytes[RecordLogFrameOffset] ^= 1;
        await System.IO.File.WriteAllBytesAsync(File, bytes);

        var damaged = Assert.Throws<RecordLogException>(() => RecordLogFile.Open<JournalEntry>(File));
        Assert.Contains("damaged", damaged.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_deleted_file_is_another_incarnation()
    {
        await AppendEachAsync([new JournalEntry.Frozen(AttemptId.New())]);
        Guid first;
        using (var log = RecordLogFile.Open<JournalEntry>(File))
        {
            first = log.Name;
        }

        System.IO.File.Delete(File);

        using var fresh = RecordLogFile.Open<JournalEntry>(File);
        Assert.NotEqual(first, fresh.Name);
        Assert.Empty(fresh.Load());
    }

    /// <summary>Inside the payload of the first frame.</summary>
    private const int RecordLogFrameOffset = 24 + 12 + 5;

    private async Task AppendEachAsync(ImmutableArray<JournalEntry> entries)
    {
        using var log = RecordLogFile.Open<JournalEntry>(File);
        foreach (var entry in entries)
        {
            await log.AppendAsync([entry]);
        }
    }

    /// <summary>Records with arrays compare by reference, so their written form is compared.</summary>
    private static void AssertSame<T>(IEnumerable<T> expected, IEnumerable<T> actual)
        => Assert.Equal(
            System.Text.Json.JsonSerializer.Serialize(expected, RecordJson.For<T>()), System.Text.Json.JsonSerializer.Serialize(actual, RecordJson.For<T>()));
}
