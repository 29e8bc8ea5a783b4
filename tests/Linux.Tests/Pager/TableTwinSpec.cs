using ActorMigration.Host.Linux.Pager;
using Microsoft.Win32.SafeHandles;
using static ActorMigration.Host.Linux.Interop.LazyFault;

namespace ActorMigration.Linux.Tests.Pager;

/// <summary>The second process with the same descriptor table.</summary>
public sealed class TableTwinSpec
{
    [Fact]
    public void A_descriptor_that_is_opened_later_is_in_the_twin_under_its_number()
    {
        using var twin = TableTwin.Start();
        using var later = MemfdCreate("twin-test", MFD_CLOEXEC);
        RandomAccess.Write(later, "kept"u8, 0);

        using var pidfd = new SafeFileHandle(Host.Linux.Interop.Spawn.PidfdOpen(twin.Pid), ownsHandle: true);
        using var taken = PidfdGetfd(pidfd, (int)later.DangerousGetHandle());
        var read = new byte[4];
        Assert.Equal(4, RandomAccess.Read(taken, read, 0));
        Assert.Equal("kept"u8.ToArray(), read);
    }

    [Fact]
    public void It_ends_by_dispose_and_leaves_no_zombie()
    {
        var twin = TableTwin.Start();
        twin.Dispose();

        Assert.False(Directory.Exists($"/proc/{twin.Pid}"));
    }

    [Fact]
    public void Signals_but_the_last_do_not_end_it()
    {
        using var twin = TableTwin.Start();
        Assert.True(SpinWait.SpinUntil(() => SignalsBlocked(twin.Pid), TimeSpan.FromSeconds(5)), "the twin was to block all signals");
        Assert.Equal(0, Host.Linux.Interop.Spawn.Kill(twin.Pid, 15));

        Assert.True(Directory.Exists($"/proc/{twin.Pid}"));
    }

    private static bool SignalsBlocked(int pid)
        => File.ReadLines($"/proc/{pid}/status").Any(line => line.StartsWith("SigBlk:", StringComparison.Ordinal) && line.EndsWith("fffffffffffbfeff", StringComparison.Ordinal));
}
