using ActorMigration.Host.Linux.Criu;

namespace ActorMigration.Host.Tests.Linux;

public class CriuLogSpec
{
    [Fact]
    public void Errors_are_found_with_and_without_times_and_of_the_code_inside_tasks()
    {
        string[] lines =
        [
            "(00.000899) Error (criu/util.c:1534): rlimit: Can't setup RLIMIT_NOFILE for self: Operation not permitted",
            "(00.008776) Error (criu/files-reg.c:1790): Can't lookup mount=58 for fd=0 path=/dev/null",
            "Warn  (criu/kerndat.c:1290): Can't keep kdat cache on non-tempfs",
            "Error (criu/cr-dump.c:1975): Dumping FAILED.",
            "(00.012345) pie: 14: Error (criu/pie/restorer.c:123): Unable to remap",
            "(00.012345) some text with Error (in it): no",
        ];

        Assert.Equal(
            ["Can't lookup mount=58 for fd=0 path=/dev/null", "Dumping FAILED.", "Unable to remap"],
            CriuLog.Errors(lines));
    }

    [Theory]
    [InlineData("send_fds failed (-22)", DumpObstacle.IoUring)]
    [InlineData("unix: External socket is used. Consider using --ext-unix-sk option.", DumpObstacle.ExternalUnixSocket)]
    [InlineData("unix: Can't dump half of stream unix connection.", DumpObstacle.ExternalUnixSocket)]
    [InlineData("inet: In-flight connection (l) for 2d962", DumpObstacle.InFlightConnection)]
    [InlineData("fsnotify: \tCan't dump that handle", DumpObstacle.FileWatch)]
    [InlineData("Some file locks are hold by dumping tasks! You can try --file-locks to dump them.", DumpObstacle.FileLock)]
    [InlineData("Can't lookup mount=27 for fd=1 path=/tmp/x", DumpObstacle.ExternalFile)]
    [InlineData("something new", DumpObstacle.Other)]
    public void A_refusal_is_named_by_what_the_owner_of_the_container_knows(string error, DumpObstacle obstacle)
    {
        var e = DumpFailedException.From("redis-e1o0", [error, "Dumping FAILED."]);

        Assert.Equal(obstacle, e.Obstacle);
        Assert.Equal(obstacle == DumpObstacle.InFlightConnection, e.Retryable);
        Assert.StartsWith("CRIU cannot dump redis-e1o0", e.Message);
        Assert.Contains(error, e.Message);
    }
}
