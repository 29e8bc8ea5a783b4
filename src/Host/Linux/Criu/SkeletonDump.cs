using System.Globalization;
using ActorMigration.Contracts;
using ActorMigration.Host.Linux.Containers;
using ActorMigration.Host.Linux.Processes;

namespace ActorMigration.Host.Linux.Criu;

/// <summary>
/// Writes CRIU's images of a <b>frozen</b> container without its private memory, and leaves the container as it is: frozen, cured, intact. Made once per
/// attempt by the source; <see cref="Prepare"/> before the freeze, so that the stop pays for CRIU only.
///
/// criu is called directly: runc would spend some 70 ms of the stop on starting itself and asking criu for its version, and adds nothing but options that
/// follow from our own config. The images are restored by runc.
///
/// How it ends: CRIU writes all images, calls the script at post-dump, takes its "no" as a failure, still enters its lazy page server, cannot bind the port
/// we hold, and puts the tasks back. So an exit code says nothing: success is a script that was asked at post-dump, and no error before that.
/// </summary>
public sealed class SkeletonDump : IDisposable
{
    /// <summary>Of a dump's log: errors and warnings. More costs nothing measurable, but says nothing to an operator either.</summary>
    private const string Verbosity = "-v2";

    private const string LogName = "dump.log";
    private const string ScriptName = "post-dump.sh";
    private const string ReachedName = "post-dump.reached";

    private readonly HeldPort _port = new();
    private readonly TimeProvider _time;
    private readonly string _images;
    private readonly string _work;
    private readonly string _container;
    private readonly ToolCommand _command;

    private SkeletonDump(ToolCommand command, string container, string images, string work, TimeProvider time, Func<int, string[]> portOptions)
    {
        _container = container;
        _images = images;
        _work = work;
        _time = time;
        _command = command with { Arguments = [.. command.Arguments, .. portOptions(_port.Port)] };
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
    /// <param name="withMemory">True: the images hold all memory, and need no pager; for where nothing copies it beforehand.</param>
    public static SkeletonDump Prepare(
        CriuTool criu, RuncContainer container, int init, string rootFileSystem, string networkNamespace, string images, string work, TimeProvider time, bool withMemory = false)
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

        var script = Path.Combine(work, ScriptName);
        File.WriteAllText(script, $"#!/bin/sh\n[ \"$CRTOOLS_SCRIPT_ACTION\" = post-dump ] || exit 0\n: > '{Path.Combine(work, ReachedName)}'\nexit 1\n");
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        // runc reads it at a restore: what its standard descriptors are; ours are /dev/null always.
        File.WriteAllText(Path.Combine(images, CriuImageSet.DescriptorsName), CriuImageSet.Descriptors);
        var command = new ToolCommand(
            criu.Program,
            [
                "dump", "--tree", init.ToString(CultureInfo.InvariantCulture),
                "--images-dir", images, "--work-dir", work, "--log-file", LogName, Verbosity,
                "--root", rootFileSystem,
                "--freeze-cgroup", container.Cgroup.Directory, "--manage-cgroups=soft",
                .. CriuOptions.ExternalMounts(init), "--external", CriuOptions.ExternalNetworkNamespace(networkNamespace),
                .. CriuOptions.Common,
                "--action-script", script, .. withMemory ? (string[])[] : ["--lazy-pages"],
            ])
        {
            Environment = RuncTool.CleanEnvironment,
            // Killing a criu that is inside its victims would leave its parasite in them: it gets the time it takes.
            Deadline = Timeout.InfiniteTimeSpan,
        };
        return new SkeletonDump(command, container.Id, images, work, time, port => ["--address", "127.0.0.1", "--port", port.ToString(CultureInfo.InvariantCulture)]);
    }

    /// <summary>Dumps. The container is frozen before and after, whatever happens.</summary>
    /// <exception cref="DumpFailedException">CRIU could not; named. The images are of no use.</exception>
    public async Task RunAsync()
    {
        var result = await ToolProcess.TryRunAsync(_command, _time).ConfigureAwait(false);
        var errors = CriuLog.Errors(Path.Combine(_work, LogName));
        var reached = File.Exists(Path.Combine(_work, ReachedName));
        // What comes before the script's "no" would be a dump that goes on in spite of an error; CRIU has none, so this is a second look.
        var before = errors.TakeWhile(error => !error.Contains("exited, status=1", StringComparison.Ordinal)).ToArray();
        if (!reached || before.Length == errors.Count || !CriuImageSet.IsComplete(_images))
        {
            // Without a log CRIU did not come to work at all, and says why on standard error.
            throw DumpFailedException.From(_container, errors.Count > 0 ? errors : [result.Error.Trim().ReplaceLineEndings("; ")]);
        }

        if (before.Length > 0)
        {
            throw DumpFailedException.From(_container, before);
        }

        TimerfdRepair.Repair(_images);
    }

    public void Dispose() => _port.Dispose();
}
