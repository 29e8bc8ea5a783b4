using System.Globalization;
using ActorMigration.Host.Linux.Containers;
using ActorMigration.Host.Linux.Processes;

namespace ActorMigration.Host.Linux.Criu;

/// <summary>
/// Writes CRIU's images of a <b>frozen</b> container without its private memory, and leaves the container as it is: frozen, cured, intact. Made once per
/// attempt by the source.
///
/// <see cref="Prepare"/> starts criu while the container still runs: it loads, looks at the kernel, and waits in its pre-dump script, having touched nothing yet. So the
/// stop pays for the dump only. criu is called directly: runc would spend another 70 ms of the stop on starting itself and asking criu for its version, and adds nothing but
/// options that follow from our own config. The images are restored by runc.
///
/// How it ends: CRIU writes all images, calls the script at post-dump, takes its "no" as a failure, still enters its lazy page server, and puts the tasks back when
/// that ends. Left to itself the server would listen on all addresses for ever; it is given /dev/null as its connection, which ends it at once. So an exit code says nothing: success
/// is a script that was asked at post-dump, and no error before that.
/// </summary>
public sealed class SkeletonDump : IDisposable
{
    /// <summary>Of a dump's log: errors and warnings. More costs nothing measurable, but says nothing to an operator either.</summary>
    private const string Verbosity = "-v2";

    private const string LogName = "dump.log";
    private const string ScriptName = "dump.sh";
    private const string GoName = "go";
    private const string ReachedName = "post-dump.reached";

    private readonly string _images;
    private readonly string _work;
    private readonly RuncContainer _container;
    private readonly SkeletonPages? _pages;
    private readonly CommandPipe _go;
    private readonly TimeProvider _time;
    private readonly Task<ToolResult> _criu;
    private Task _lookedAhead = Task.CompletedTask;
    private bool _told;

    private SkeletonDump(ToolCommand command, RuncContainer container, SkeletonPages? pages, string images, string work, CommandPipe go, TimeProvider time)
    {
        _container = container;
        _pages = pages;
        _images = images;
        _work = work;
        _go = go;
        _time = time;
        _criu = ToolProcess.TryRunAsync(command, time);
        // The script may come to read the word after this object is gone; without a writer it would wait in open for ever.
        _criu.ContinueWith(_ => go.Dispose(), TaskScheduler.Default);
    }

    /// <summary>Everything that can be done while the container still runs. Nothing of it touches the container.</summary>
    /// <param name="criu">Program.</param>
    /// <param name="container">To be dumped.</param>
    /// <param name="init">Its first process, as this host numbers it.</param>
    /// <param name="rootFileSystem">Its mounted root.</param>
    /// <param name="networkNamespace">Path of its netns.</param>
    /// <param name="images">Directory on a tmpfs; made, and emptied if it is there.</param>
    /// <param name="work">Directory for log and script, where programs may be executed; made, and emptied if it is there.</param>
    /// <param name="time">Clock.</param>
    /// <param name="library"><see cref="SkeletonPages.Library"/>; null to let CRIU see every page.</param>
    /// <param name="withMemory">True: the images hold all memory, and need no pager; for where nothing copies it beforehand.</param>
    public static SkeletonDump Prepare(
        CriuTool criu, RuncContainer container, int init, string rootFileSystem, string networkNamespace, string images, string work, TimeProvider time, string? library, bool withMemory = false)
    {
        foreach (var directory in (string[])[images, work])
        {
            if (Directory.Exists(directory))
            {
                Directory.Delete(directory, recursive: true);
            }

            Directory.CreateDirectory(directory);
            File.SetUnixFileMode(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        var pages = withMemory ? null : SkeletonPages.In(Path.Combine(work, "pages"), library);
        var go = CommandPipe.Make(Path.Combine(work, GoName));
        var script = Path.Combine(work, ScriptName);
        ShellScript.Write(script, Script(go.Path, Path.Combine(work, ReachedName)));
        var command = new ToolCommand(
            criu.Program,
            [
                "dump", "--tree", init.ToString(CultureInfo.InvariantCulture),
                "--images-dir", images, "--work-dir", work, "--log-file", LogName, Verbosity,
                "--root", rootFileSystem,
                "--freeze-cgroup", container.Cgroup.Directory, "--manage-cgroups=soft",
                .. CriuOptions.ExternalMounts(init), "--external", CriuOptions.ExternalNetworkNamespace(networkNamespace),
                .. CriuOptions.Common,
                // Descriptor 0 is /dev/null.
                "--action-script", script, .. withMemory ? (string[])[] : ["--lazy-pages", "--ps-socket", "0"],
            ])
        {
            Environment = [.. RuncTool.CleanEnvironment, .. pages?.Environment ?? []],
            // Killing a criu that is inside its victims lets them run on with what it was doing to them: it gets the time it takes.
            Deadline = Timeout.InfiniteTimeSpan,
        };
        return new SkeletonDump(command, container, pages, images, work, go, time);
    }

    /// <summary>
    /// May be called under the freeze for each process whose mappings will not change any more, to be done beside other work with what takes the longer the more
    /// memory there is. Returns at once; by one thread.
    /// </summary>
    public void LookAhead(int pid)
    {
        if (_pages is { } pages)
        {
            _lookedAhead = _lookedAhead.ContinueWith(_ => pages.ReadMappings(pid), CancellationToken.None, TaskContinuationOptions.LongRunning, TaskScheduler.Default);
        }
    }

    /// <summary>
    /// Dumps. Called once, on a container that is frozen; it is frozen afterwards too, whatever happens. Only a CRIU that is ended by a signal lets it run for the
    /// moment until that is seen: nothing has been handed over then.
    /// </summary>
    /// <exception cref="DumpFailedException">CRIU could not; named. The images are of no use.</exception>
    public async Task RunAsync()
    {
        await _lookedAhead.ConfigureAwait(false);
        _pages?.DropStaleMappings();
        _pages?.Hide(_container.Cgroup.Processes());
        Tell("GO");
        var result = await _criu.ConfigureAwait(false);
        if (result.Signal is { } signal)
        {
            // Not CRIU's failure, after which everything is as before: its victims were let go, and run.
            await _container.Cgroup.FreezeAsync(_time).ConfigureAwait(false);
            var sockets = SocketsInRepair.TakeOut(_container.Cgroup.Processes());
            throw new DumpFailedException(
                DumpObstacle.Other,
                string.Create(CultureInfo.InvariantCulture, $"CRIU was ended by signal {signal} in the middle of its dump of {_container.Id}, which goes on here; connections that had to be made usable again: {sockets}"));
        }

        var errors = CriuLog.Errors(Path.Combine(_work, LogName));
        var reached = File.Exists(Path.Combine(_work, ReachedName));
        var before = errors.TakeWhile(error => !error.Contains("exited, status=1", StringComparison.Ordinal)).ToArray();
        if (!reached || before.Length == errors.Count || !CriuImageSet.IsComplete(_images))
        {
            // Without a log CRIU did not come to work at all, and says why on standard error.
            throw DumpFailedException.From(_container.Id, errors.Count > 0 ? errors : [result.Error.Trim().ReplaceLineEndings("; ")]);
        }

        if (before.Length > 0)
        {
            // A dump that went on in spite of an error: CRIU has none that it may ignore.
            throw DumpFailedException.From(_container.Id, before);
        }

        _pages?.Complete(_images);
        TimerfdRepair.Repair(_images);
    }

    /// <summary>
    /// A daemon that ended before criu had come to ask for its word leaves a criu that waits for ever for somebody to open the pipe. To be held while the directory is deleted: who waits
    /// hears the end of the pipe when this is disposed, and who comes later finds no pipe; both give up. Null when there is no pipe.
    /// </summary>
    /// <param name="work">As given to <see cref="Prepare"/>, by whoever it was.</param>
    internal static IDisposable? HoldLeftover(string work) => Path.Combine(work, GoName) is var go && File.Exists(go) ? CommandPipe.Open(go) : null;

    /// <summary>Ends a criu that was prepared and is not needed.</summary>
    public void Dispose() => Tell("NO");

    private void Tell(string word)
    {
        if (!_told && !_criu.IsCompleted)
        {
            _told = true;
            _go.Tell(word);
        }
    }

    /// <summary>At pre-dump CRIU has touched nothing: any other word than GO, or the end of the daemon (end of file), makes it give up there.</summary>
    private static string Script(string go, string reached) => $$"""
        #!/bin/sh
        case "$CRTOOLS_SCRIPT_ACTION" in
        pre-dump)
            # The parent is criu. A host that has no memory left must not take it out of the middle of a dump; the second is for a host that may not say "never".
            for score in -1000 0; do echo "$score" > "/proc/$PPID/oom_score_adj" && break; done
            word=
            read -r word < {{ShellScript.Quote(go)}}
            [ "$word" = GO ] ;;
        post-dump)
            : > {{ShellScript.Quote(reached)}}
            exit 1 ;;
        esac

        """;
}
