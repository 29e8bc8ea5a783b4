using System.Diagnostics;
using ActorMigration.Host.Linux.Criu;

namespace ActorMigration.Host.Tests.Linux;

public sealed class DumpObstaclesSpec
{
    /// <summary>Longest wait for the shell to start and end its child.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public void A_task_that_has_ended_and_is_not_reaped_yet_is_no_obstacle_and_no_error()
    {
        // The child has ended when its parent becomes a program that reaps nobody.
        using var parent = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "sleep 0 & exec sleep 600"]))!;
        try
        {
            var ended = 0;
            Assert.True(SpinWait.SpinUntil(() => (ended = EndedChildOf(parent.Id)) != 0, Patience), "no child has ended");

            // What the kernel says of one, and why this is a case of its own: its directory is there, its mounts are not.
            Assert.True(Directory.Exists($"/proc/{ended}"));
            Assert.Throws<IOException>(() => File.ReadAllLines($"/proc/{ended}/mountinfo"));

            Assert.Empty(DumpObstacles.InProcess(ended, [parent.Id, ended]));
        }
        finally
        {
            parent.Kill();
            parent.WaitForExit();
        }
    }

    private static int EndedChildOf(int parent)
        => File.ReadAllText($"/proc/{parent}/task/{parent}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)
            .FirstOrDefault(pid => File.ReadAllText($"/proc/{pid}/stat").Contains(") Z ", StringComparison.Ordinal));
}
