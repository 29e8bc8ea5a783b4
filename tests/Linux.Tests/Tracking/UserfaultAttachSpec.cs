using System.Diagnostics;
using ActorMigration.Host.Linux;
using ActorMigration.Host.Linux.Tracking;

namespace ActorMigration.Linux.Tests.Tracking;

/// <summary>What a program and a hostile container notice of an attach: nothing, and no descriptor.</summary>
public sealed class UserfaultAttachSpec
{
    private const int Attaches = 40;

    [Fact]
    public void No_task_keeps_the_descriptor_though_threads_siblings_and_forks_grab_all_they_can()
    {
        using var container = new TestContainer("grabber");

        for (var i = 0; i < Attaches; i++)
        {
            Attach(container);
        }

        var held = container.Processes.Pids().SelectMany(pid => DescriptorLinks.Of(pid).Select(number => $"/proc/{pid}/fd/{number}")).Where(DescriptorLinks.IsUserfaultfd);
        Assert.Empty(held);
    }

    [Fact]
    public void A_program_sees_no_interrupted_call_and_no_changed_or_lost_signal()
    {
        using var container = new TestContainer("sleepers");

        for (var i = 0; i < Attaches; i++)
        {
            Attach(container);
        }

        // The target looks every 20 ms.
        Thread.Sleep(60);
        Assert.Empty(container.Output);
        Assert.All(ProcTask.Threads(container.Pid), tid => Assert.Equal("0", ProcTask.Field($"/proc/{container.Pid}/task/{tid}", "TracerPid")));
    }

    [Fact]
    public void A_stopped_program_stays_stopped()
    {
        using var container = new TestContainer("writers", "4", "2");
        _ = Interop.Kill(container.Pid, Interop.SIGSTOP);
        TestContainer.Until(() => ProcTask.Threads(container.Pid).All(tid => ProcTask.Read($"/proc/{container.Pid}/task/{tid}") is { State: 'T' }));

        Attach(container);

        TestContainer.Until(() => ProcTask.Threads(container.Pid).All(tid => ProcTask.Read($"/proc/{container.Pid}/task/{tid}") is { State: 'T' }));
        _ = Interop.Kill(container.Pid, Interop.SIGCONT);
        TestContainer.Until(() => ProcTask.Read($"/proc/{container.Pid}") is { State: 'R' or 'S' });
    }

    [Fact]
    public void A_traced_program_is_refused_by_name()
    {
        using var container = new TestContainer("blind", "traced", TargetPrograms.WorkDirectory);
        var tracee = container.Processes.Pids().Single(pid => pid != container.Pid);

        var thrown = Assert.Throws<AttachException>(() => UserfaultAttach.Take(tracee, container.Processes, TimeProvider.System));

        Assert.Equal(AttachFailure.Traced, thrown.Failure);
        Assert.Contains($"traced by process {container.Pid}", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_frozen_program_is_left_alone_after_the_deadline()
    {
        using var container = new TestContainer("writers", "4", "2");
        container.Freeze();
        var began = Stopwatch.GetTimestamp();

        // A version 2 freezer lets tasks be traced; then there is nothing to give up.
        try
        {
            UserfaultAttach.Take(container.Pid, container.Processes, TimeProvider.System).Userfault.Dispose();
        }
        catch (AttachException e)
        {
            Assert.Equal(AttachFailure.Deadline, e.Failure);
        }

        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalMilliseconds, 0, 2000);
        TestContainer.Until(() => ProcTask.Threads(container.Pid).All(tid => ProcTask.Field($"/proc/{container.Pid}/task/{tid}", "TracerPid") == "0"));
        container.Thaw();
        TestContainer.Until(() => ProcTask.Read($"/proc/{container.Pid}") is { State: 'R' or 'S' });
    }

    /// <summary>On a busy machine a stop may come late; the tracker tries again in its next round, and so do we.</summary>
    private static void Attach(TestContainer container)
        => TestContainer.Until(() =>
        {
            try
            {
                UserfaultAttach.Take(container.Pid, container.Processes, TimeProvider.System).Userfault.Dispose();
                return true;
            }
            catch (AttachException e) when (e.Failure is AttachFailure.Deadline or AttachFailure.NoThread)
            {
                return false;
            }
        });
}
