using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Migration;

namespace ActorMigration.Host.Tests.Linux;

/// <summary>What a destination's daemon leaves of an attempt that it is just deleting.</summary>
public sealed class DestinationRecordSpec : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("amig-record-").FullName;

    private string Record => Path.Combine(_directory, "attempt.json");

    private string Pipe => Path.Combine(_directory, "gate", "verdict");

    [Fact]
    public void The_record_goes_before_everything_that_is_found_by_it()
    {
        Fill();
        // A directory cannot be deleted as a file: the deletion ends at the record, as it does when the daemon is killed there.
        Directory.CreateDirectory(Record);

        Assert.ThrowsAny<UnauthorizedAccessException>(() => DestinationRecord.Delete(_directory));

        Assert.True(File.Exists(Pipe));
    }

    [Fact]
    public void Nothing_is_left_and_what_a_killed_daemon_left_goes_too()
    {
        Fill();
        new DestinationRecord(AttemptId.New(), Spec(), new Fence(1, 1)).Save(_directory);
        DestinationRecord.Delete(_directory);
        Assert.False(Directory.Exists(_directory));

        Fill();
        Assert.Null(DestinationRecord.Load(_directory));
        DestinationRecord.Delete(_directory);
        Assert.False(Directory.Exists(_directory));

        DestinationRecord.Delete(_directory);
    }

    public void Dispose()
    {
        if (Directory.Exists(_directory))
        {
            Directory.Delete(_directory, recursive: true);
        }
    }

    private void Fill()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Pipe)!);
        File.WriteAllText(Pipe, "");
    }

    private static ContainerSpec Spec()
        => new(new ContainerName("c1"), "sha256:00", ["/bin/true"], [], "/", 0, 0, new ContainerNetwork("10.1.0.2", 24, "02:00:00:00:00:01", "", 1500), new ContainerLimits(0, 0, 0), [], 15);
}
