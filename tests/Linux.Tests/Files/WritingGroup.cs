using System.Diagnostics;
using System.Globalization;
using ActorMigration.Host.Linux.Tracking;

namespace ActorMigration.Linux.Tests.Files;

/// <summary>Processes that write to a tree, in a process group of their own, so that one signal stops all of them.</summary>
internal sealed class WritingGroup : IDisposable
{
    private readonly Process _leader;

    internal WritingGroup(params string[] command) => _leader = Process.Start(new ProcessStartInfo("setsid", command))!;

    /// <summary>
    /// Returns when every task of the group stands. A child in the middle of a system call stops when it returns, however busy the machine is. A shell that
    /// has called vfork waits in the kernel, in state D, for a child that has stopped before its exec: it stands as well.
    /// </summary>
    internal void Stop()
    {
        Signal("STOP");
        var inARow = 0;
        Assert.True(
            SpinWait.SpinUntil(
                () =>
                {
                    inARow = Stands() ? inARow + 1 : 0;
                    return inARow == 2;   // a list of /proc is no snapshot: a child may have been forked behind it
                }, 20_000),
            $"the workload does not stop: {string.Join(", ", Tasks())}");
    }

    public void Dispose()
    {
        Signal("KILL");
        _leader.WaitForExit();
        SpinWait.SpinUntil(() => Tasks().All(task => task.State is 'Z' or 'X'), 20_000);
        _leader.Dispose();
    }

    private bool Stands()
    {
        var tasks = Tasks();
        return tasks.Exists(task => task.State == 'T') && tasks.TrueForAll(task => task.State is 'T' or 'Z' or 'X' || (task.State == 'D' && AddressSpaces.IsInVfork(task.Pid)));
    }

    private void Signal(string signal)
        => TreePair.Shell("kill -s \"$1\" -- \"-$2\"", signal, _leader.Id.ToString(CultureInfo.InvariantCulture));

    /// <summary>Process and state letter of all tasks of the group, from proc(5): pid (comm) state ppid pgrp.</summary>
    private List<(int Pid, char State)> Tasks()
    {
        var group = _leader.Id.ToString(CultureInfo.InvariantCulture);
        var found = new List<(int, char)>();
        foreach (var process in Directory.GetDirectories("/proc").Where(path => char.IsAsciiDigit(path[6])))
        {
            try
            {
                if (StatOf(process)[2] == group)
                {
                    found.AddRange(Directory.GetDirectories(Path.Combine(process, "task")).Select(task => (int.Parse(Path.GetFileName(process), CultureInfo.InvariantCulture), StatOf(task)[0][0])));
                }
            }
            catch (IOException)
            {
                // It has ended since.
            }
        }
        return found;
    }

    private static string[] StatOf(string directory)
    {
        var stat = File.ReadAllText(Path.Combine(directory, "stat"));
        return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
    }
}
