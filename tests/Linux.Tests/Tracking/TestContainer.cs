using System.Diagnostics;
using ActorMigration.Host.Linux.Tracking;

namespace ActorMigration.Linux.Tests.Tracking;

/// <summary>A target program in a freezer cgroup of its own: what the tracker needs of a container. Dispose leaves nothing behind.</summary>
internal sealed class TestContainer : IDisposable
{
    private const string FreezerV1 = "/sys/fs/cgroup/freezer";

    private readonly bool _v1 = Directory.Exists(FreezerV1);
    private readonly string _cgroup;
    private readonly Process _process;
    private readonly List<string> _output = [];

    internal TestContainer(string program, params string[] arguments)
    {
        _cgroup = $"{(_v1 ? FreezerV1 : "/sys/fs/cgroup")}/amig-test-{Guid.NewGuid():N}";
        Directory.CreateDirectory(_cgroup);

        // Neither a child of this process (a container never is one of the daemon's: the runtime's own waiting for children
        // would meet our tracing) nor outside the cgroup at any time.
        _process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "echo $$ > \"$0\" && exec setsid -f \"$@\"", _cgroup + "/cgroup.procs", TargetPrograms.Path(program), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Processes = new CgroupProcesses(_cgroup);
        _process.OutputDataReceived += (_, line) => Note(line.Data);
        _process.ErrorDataReceived += (_, line) => Note(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        try
        {
            Until(() => Processes.Pids() is [var pid] && pid != _process.Id);
            Pid = Processes.Pids()[0];
            _process.StandardInput.Write('g');
            _process.StandardInput.Flush();
            Until(() => Output.Length > 0 || Processes.Pids().Count == 0);
            Assert.Equal("ready", Output.FirstOrDefault());
            lock (_output)
            {
                _output.Clear();
            }
        }
        catch (Exception e)
        {
            var seen = $"{program}: pids {string.Join(' ', Processes.Pids().Select(pid => $"{pid} {Host.Linux.Tracking.ProcTask.Program(pid)} {Host.Linux.Tracking.ProcTask.Read($"/proc/{pid}")?.State}"))}, shell {_process.Id}{(_process.HasExited ? $" ended with {_process.ExitCode}" : "")}, said: {string.Join('|', Output)}";
            Dispose();
            throw new InvalidOperationException($"{e.Message} ({seen})", e);
        }
    }

    internal CgroupProcesses Processes { get; }

    /// <summary>The first process.</summary>
    internal int Pid { get; }

    /// <summary>What the target said after ready.</summary>
    internal string[] Output
    {
        get
        {
            lock (_output)
            {
                return [.. _output];
            }
        }
    }

    /// <summary>Tells the first process one letter and waits until it says <paramref name="answer"/>.</summary>
    internal void Tell(char letter, string answer)
    {
        var before = Output.Length;
        _process.StandardInput.Write(letter);
        _process.StandardInput.Flush();
        Until(() => Output.Length > before);
        Assert.Equal(answer, Output[before]);
    }

    private void Note(string? line)
    {
        lock (_output)
        {
            if (line is not null)
            {
                _output.Add(line);
            }
        }
    }

    internal void Freeze()
    {
        if (_v1)
        {
            Until(() =>
            {
                File.WriteAllText(_cgroup + "/freezer.state", "FROZEN");
                return File.ReadAllText(_cgroup + "/freezer.state").StartsWith("FROZEN", StringComparison.Ordinal);
            });
        }
        else
        {
            File.WriteAllText(_cgroup + "/cgroup.freeze", "1");
            Until(() => File.ReadAllText(_cgroup + "/cgroup.events").Contains("frozen 1", StringComparison.Ordinal));
        }
    }

    internal void Thaw() => File.WriteAllText(_cgroup + (_v1 ? "/freezer.state" : "/cgroup.freeze"), _v1 ? "THAWED" : "0");

    internal static void Until(Func<bool> condition)
    {
        var began = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(10), "what was waited for did not come within 10 s");
            Thread.Sleep(1);
        }
    }

    public void Dispose()
    {
        // Frozen, none can fork while all are signalled.
        Freeze();
        foreach (var pid in Processes.Pids())
        {
            _ = Host.Linux.Interop.Kill(pid, Host.Linux.Interop.SIGKILL);
        }

        Thaw();
        Until(() => Processes.Pids().Count == 0);
        _process.Dispose();
        Until(() =>
        {
            try
            {
                Directory.Delete(_cgroup);
                return true;
            }
            catch (IOException)
            {
                // EBUSY until the kernel has buried the last task.
                return false;
            }
        });
    }
}
