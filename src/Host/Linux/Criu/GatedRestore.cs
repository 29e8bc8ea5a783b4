using System.Text.Json;
using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Containers;
using ActorMigration.Host.Linux.Processes;

namespace ActorMigration.Host.Linux.Criu;

/// <summary>
/// One restore that stops at its gate: everything of the container is there, and not one of its instructions has been executed. The destination of an attempt
/// starts it, waits for the gate, and then does exactly one of <see cref="OpenAsync"/> and <see cref="KillAsync"/>, as the register says. Neither runc nor
/// CRIU nor the gate script depends on this daemon's life: a daemon that comes later calls <see cref="Adopt"/>.
///
/// Two steps, since about 60 ms of a restore need none of the images: <see cref="Prepare"/>, while the source still runs, takes runc up to the point where it calls
/// CRIU; <see cref="GoAsync"/>, when images and writable layer are here, lets CRIU begin.
/// </summary>
public sealed class GatedRestore : IDisposable
{
    private const string RecordName = "gate.json";
    private const string CriuConfigName = "criu.conf";
    private const string RuncLogName = "runc.log";
    private const string RestoreLogName = "restore.log";

    /// <summary>How often a wait looks whether it was cancelled; the events themselves wake it at once.</summary>
    private const int CancellationPollMilliseconds = 50;

    private static readonly TimeSpan EndDeadline = TimeSpan.FromSeconds(5);

    private readonly RuncTool _runc;
    private readonly RuncContainer _container;
    private readonly ContainerCgroup _refuge;
    private readonly TimeProvider _time;
    private readonly string _directory;
    private readonly CommandPipe _report;
    private readonly CommandPipe _verdict;
    private readonly CommandPipe _go;
    private readonly ProcessWatch _runcWatch;

    private readonly ProcessIdentity _runcProcess;

    private GatedRestore(
        RuncTool runc, RuncContainer container, ContainerCgroup refuge, string directory, ProcessIdentity runcProcess, Func<string, CommandPipe> pipe, TimeProvider time)
    {
        _runc = runc;
        _container = container;
        _refuge = refuge;
        _time = time;
        _directory = directory;
        _report = pipe(Path.Combine(directory, GateScript.ReportPipe));
        _verdict = pipe(Path.Combine(directory, GateScript.VerdictPipe));
        _go = pipe(Path.Combine(directory, CriuCallScript.GoPipe));
        _runcProcess = runcProcess;
        _runcWatch = new ProcessWatch(runcProcess);
    }

    /// <summary>First process of the gated tree; 0 before the gate.</summary>
    public int InitPid => Reached()?.Init ?? 0;

    /// <summary>
    /// True while the gate is reached and whole: script and CRIU stand in the attempt's refuge, the first process in the container's cgroup, frozen.
    /// What the destination checks before it proposes DEST.
    /// </summary>
    public bool TreeIsAlive => IsWhole(_directory, _container, _refuge);

    /// <summary>
    /// True while <see cref="OpenAsync"/> has something to open: the tree waits at its gate, or an earlier call (of a daemon that died over it, perhaps) has let it
    /// through. Nothing but the word DEST thaws a gated tree, so one that is thawed and alive is through; and so is one that was told and is frozen: by the keeper, for a pager that died.
    /// </summary>
    public bool IsOpenOrMayBe => TreeIsAlive || IsThrough;

    /// <summary>True once DEST has been told or may have been: what is dead since has run, or may have.</summary>
    public bool MayHaveRun => File.Exists(Path.Combine(_directory, GateScript.ToldFile));

    private bool IsThrough
        => Reached() is { Locked: true } gate && _container.Cgroup.Processes().Contains(gate.Init)
            && (!_container.Cgroup.IsFrozen || (MayHaveRun && !_refuge.Processes().Contains(gate.Script)));

    /// <summary>
    /// Takes runc up to its call of CRIU. Needs the netns and the empty directories of images and root; nothing of the container is read, and nothing of it is here.
    /// </summary>
    /// <exception cref="LinuxException">A pipe or cgroup could not be made.</exception>
    /// <exception cref="ToolFailedException">runc could not be started.</exception>
    public static GatedRestore Prepare(GatedRestoreOrder order, RuncTool runc, CriuTool criu, RuncContainer container, CgroupLayout layout, TimeProvider time)
    {
        var directory = Directory.CreateDirectory(order.Directory).FullName;
        Directory.CreateDirectory(order.WorkDirectory);
        Directory.CreateDirectory(order.Images);
        Directory.CreateDirectory(runc.Root);
        var refuge = RefugeOf(container, layout);
        Directory.CreateDirectory(refuge.Directory);
        foreach (var stale in (string[])[GateScript.ReachedFile, GateScript.ToldFile, CriuCallScript.GoFile])
        {
            File.Delete(Path.Combine(directory, stale));
        }

        var script = Path.Combine(directory, GateScript.FileName);
        ShellScript.Write(script, GateScript.For(directory, container.Cgroup, refuge.Directory));
        var call = Path.Combine(directory, CriuCallScript.FileName);
        ShellScript.Write(call, CriuCallScript.For(directory, criu.Program, BoundRoot(runc, container)));
        var config = Path.Combine(directory, CriuConfigName);
        File.WriteAllText(config, $"{CriuOptions.RestoreConfig}action-script {script}\n");
        File.WriteAllText(Path.Combine(order.Images, CriuImageSet.DescriptorsName), CriuImageSet.Descriptors);
        OciConfig.Write(order.Bundle, order.Spec, new ContainerPlace(order.RootFileSystem, order.NetworkNamespace, container.Cgroup.Path, config));

        var pipes = ((string[])[GateScript.ReportPipe, GateScript.VerdictPipe, CriuCallScript.GoPipe])
            .Select(name => CommandPipe.Make(Path.Combine(directory, name))).ToDictionary(pipe => pipe.Path);
        Save(directory, new GateRecord(container.Id, ProcessIdentity.BootId(), default, order.RootFileSystem));
        var command = runc.Command(
            [
                "--criu", call, "restore", "--detach", "--image-path", order.Images, "--work-path", order.WorkDirectory, "--bundle", order.Bundle,
                "--manage-cgroups-mode", "soft", "--tcp-established", "--file-locks", .. order.LazyPages ? (string[])["--lazy-pages"] : [], container.Id,
            ],
            Path.Combine(directory, RuncLogName));
        var process = ToolProcess.StartDetached(command);
        Save(directory, new GateRecord(container.Id, ProcessIdentity.BootId(), process.Identity, order.RootFileSystem));
        return new GatedRestore(runc, container, refuge, directory, process.Identity, path => pipes[path], time);
    }

    /// <summary>
    /// Images are checked and complete, the root is mounted, a pager (if any) listens: CRIU begins. Returns at once; the caller waits for the gate.
    /// </summary>
    /// <param name="cancel">Ends the wait for a runc that hangs; <see cref="KillAsync"/> ends what has begun.</param>
    /// <exception cref="RestoreFailedException">runc ended before it called CRIU.</exception>
    public async Task GoAsync(CancellationToken cancel = default)
    {
        await Task.Factory.StartNew(() => WaitForCall(cancel), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
        // runc has bound the directory as it was, without the root that has been mounted on it since.
        var bound = BoundRoot(_runc, _container);
        MountTable.DetachBelow(bound);
        MountTable.BindTree(Load(_directory)!.RootFileSystem, bound);
        await File.WriteAllTextAsync(Path.Combine(_directory, CriuCallScript.GoFile), "", CancellationToken.None).ConfigureAwait(false);
        _go.Tell(CriuCallScript.GoWord);
    }

    /// <summary>
    /// Takes up what an earlier daemon started; null when that was in another boot, or never began. The caller looks at <see cref="TreeIsAlive"/> next: a tree that is
    /// not whole can only be killed.
    /// </summary>
    public static GatedRestore? Adopt(string directory, RuncTool runc, RuncContainer container, CgroupLayout layout, TimeProvider time)
    {
        if (Load(directory) is not { } record || record.BootId != ProcessIdentity.BootId() || record.RuncId != container.Id)
        {
            return null;
        }

        return new GatedRestore(runc, container, RefugeOf(container, layout), directory, record.Runc, CommandPipe.Open, time);
    }

    /// <summary>As <see cref="TreeIsAlive"/>, for who only looks: whoever drives the restore has its pipes.</summary>
    public static bool WaitsWhole(string directory, RuncContainer container, CgroupLayout layout)
        => Load(directory) is { } record && record.BootId == ProcessIdentity.BootId() && record.RuncId == container.Id && IsWhole(directory, container, RefugeOf(container, layout));

    /// <summary>Waits for the gate.</summary>
    /// <returns>The first process of the gated tree.</returns>
    /// <exception cref="RestoreFailedException">runc ended before it, or the tree is not locked; reasons in the message.</exception>
    public Task<ProcessIdentity> WaitGateAsync(CancellationToken cancel = default)
        => Task.Factory.StartNew(() => WaitGate(cancel), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>
    /// The verdict is DEST, and port and frames are ready: lets the tasks run. They do when this returns. Idempotent for as long as the attempt's directory is there.
    /// </summary>
    /// <exception cref="RestoreFailedException">The gate was not whole, or CRIU failed behind it: the container has crashed here, which is no reason to run it elsewhere.</exception>
    public async Task OpenAsync()
    {
        var gate = Reached();
        if (gate is null || !IsOpenOrMayBe)
        {
            throw new RestoreFailedException($"the gated tree of {_container.Id} is no longer whole; {Reasons()}");
        }

        var waiting = _refuge.Processes();
        var criu = waiting.Contains(gate.Value.Criu) ? ProcessIdentity.Find(gate.Value.Criu) : null;
        if (waiting.Contains(gate.Value.Script))
        {
            await File.WriteAllTextAsync(Path.Combine(_directory, GateScript.ToldFile), "").ConfigureAwait(false);
            _verdict.Tell(GateScript.Destination);
        }

        await Task.Factory.StartNew(() => WaitThrough(criu), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
        if (MayHaveRun && _container.Cgroup is { Exists: true, IsFrozen: true } cgroup)
        {
            // The script has ended, killed perhaps before it could do this; or the keeper has, for whom it is a courtesy only.
            cgroup.Thaw();
        }

        RemoveRefuge();
        if (ProcessIdentity.Find(gate.Value.Init) is null || !_container.Cgroup.Exists || _container.Cgroup.IsFrozen || await _runc.StateAsync(_container.Id).ConfigureAwait(false) is not { Status: "running" })
        {
            throw new RestoreFailedException($"{_container.Id} did not come through its gate; {Reasons()}");
        }
    }

    /// <summary>
    /// The verdict is SOURCE, or there never was a gate: kills the tree without one of its instructions having run, and whatever runc and CRIU left. Idempotent; also after
    /// a failure at any point. The attempt's directory is the caller's to delete.
    /// </summary>
    public async Task KillAsync()
    {
        if (TreeIsAlive)
        {
            _verdict.Tell(GateScript.Source);
            await WaitEndAsync().ConfigureAwait(false);
        }

        // Whatever is left: before the gate there is no script to tell, and CRIU stands in either cgroup.
        await _container.Cgroup.SignalAllAsync(_time).ConfigureAwait(false);
        await _refuge.SignalAllAsync(_time).ConfigureAwait(false);
        await _container.Cgroup.WaitEmptyAsync(_time).ConfigureAwait(false);
        await _refuge.WaitEmptyAsync(_time).ConfigureAwait(false);
        await WaitEndAsync().ConfigureAwait(false);
        if (_runcProcess.IsAlive)
        {
            // It has not come to start CRIU yet.
            Signals.Send(_runcProcess.Pid, Signals.SIGKILL);
            await WaitEndAsync().ConfigureAwait(false);
        }

        // A CRIU that is killed leaves its mounts of the cgroup hierarchies in its work directory, a runc that is killed its bind of the root.
        MountTable.DetachBelow(_directory);
        MountTable.DetachBelow(Path.Combine(_runc.Root, _container.Id));
        await _container.RemoveAsync().ConfigureAwait(false);
        RemoveRefuge();
    }

    public void Dispose()
    {
        _report.Dispose();
        _verdict.Dispose();
        _go.Dispose();
        _runcWatch.Dispose();
    }

    private ProcessIdentity WaitGate(CancellationToken cancel)
    {
        while (Reached() is null && !_runcWatch.HasEnded)
        {
            cancel.ThrowIfCancellationRequested();
            if (_runcWatch.Wait(_report.Handle, CancellationPollMilliseconds))
            {
                // What it says is in the script's file as well; here it only wakes us.
                _report.Drain();
            }
        }

        if (Reached() is not { } gate)
        {
            throw new RestoreFailedException($"the restore of {_container.Id} failed: {Reasons()}");
        }

        if (!gate.Locked || !TreeIsAlive || ProcessIdentity.Find(gate.Init) is not { } init)
        {
            throw new RestoreFailedException($"the restore of {_container.Id} came to its gate, but the tree is not locked there: {Reasons()}");
        }

        return init;
    }

    /// <summary>Until runc has called CRIU, and its script waits for our word.</summary>
    private void WaitForCall(CancellationToken cancel)
    {
        while (!_report.Drain().Contains(CriuCallScript.Called, StringComparison.Ordinal))
        {
            cancel.ThrowIfCancellationRequested();
            if (_runcWatch.HasEnded)
            {
                throw new RestoreFailedException($"runc did not begin to restore {_container.Id}: {Reasons()}");
            }

            _runcWatch.Wait(_report.Handle, CancellationPollMilliseconds);
        }
    }

    /// <summary>runc waits for its CRIU, but may have been killed at the gate; then only CRIU's end says that the tree is through.</summary>
    private void WaitThrough(ProcessIdentity? criu)
    {
        _runcWatch.Wait(null, -1);
        if (criu is { } process)
        {
            using var watch = new ProcessWatch(process);
            watch.Wait(null, -1);
        }
    }

    private async Task WaitEndAsync()
    {
        var start = _time.GetTimestamp();
        while (!_runcWatch.HasEnded)
        {
            if (_time.GetElapsedTime(start) > EndDeadline)
            {
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(2), _time).ConfigureAwait(false);
        }
    }

    private static bool IsWhole(string directory, RuncContainer container, ContainerCgroup refuge)
        => Reached(directory) is { Locked: true } gate && refuge.Processes() is var waiting && waiting.Contains(gate.Script) && waiting.Contains(gate.Criu)
            && container.Cgroup.Processes().Contains(gate.Init) && container.Cgroup.IsFrozen;

    private (int Init, int Script, int Criu, bool Locked)? Reached() => Reached(_directory);

    private static (int Init, int Script, int Criu, bool Locked)? Reached(string directory)
    {
        var path = Path.Combine(directory, GateScript.ReachedFile);
        var text = File.Exists(path) ? File.ReadAllText(path) : "";
        var words = text.EndsWith('\n') ? text.TrimEnd().Split(' ') : [];
        return words.Length == 4 && int.TryParse(words[0], out var init) && int.TryParse(words[1], out var script) && int.TryParse(words[2], out var criu)
            ? (init, script, criu, words[3] == "locked")
            : null;
    }

    private string Reasons()
    {
        var runc = RuncTool.ErrorsIn(Path.Combine(_directory, RuncLogName));
        return $"{CriuLog.Summary(CriuLog.Errors(Path.Combine(_directory, "work", RestoreLogName)))} (runc: {(runc.Length > 0 ? runc : "no error")})";
    }

    /// <summary>The cgroup in which script and CRIU waited, once nobody is in it.</summary>
    public void RemoveRefuge()
    {
        if (_refuge.Processes().Length == 0)
        {
            _refuge.Delete();
        }
    }

    /// <summary>A cgroup of the attempt's own beside the container's: what is in it can be found, and killed, by nothing but its name.</summary>
    private static ContainerCgroup RefugeOf(RuncContainer container, CgroupLayout layout)
        => layout.Open($"{Path.GetDirectoryName(container.Cgroup.Path)}/gate-{container.Id}");

    /// <summary>Where runc binds the root for CRIU.</summary>
    private static string BoundRoot(RuncTool runc, RuncContainer container) => Path.Combine(runc.Root, container.Id, "criu-root");

    private static GateRecord? Load(string directory)
    {
        var path = Path.Combine(directory, RecordName);
        return File.Exists(path) ? JsonSerializer.Deserialize<GateRecord>(File.ReadAllBytes(path)) : null;
    }

    private static void Save(string directory, GateRecord record)
        => DurableFile.Write(Path.Combine(directory, RecordName), JsonSerializer.SerializeToUtf8Bytes(record));

    /// <summary>What a later daemon needs; the pids behind the gate are in the script's own file.</summary>
    private sealed record GateRecord(string RuncId, string BootId, ProcessIdentity Runc, string RootFileSystem);
}
