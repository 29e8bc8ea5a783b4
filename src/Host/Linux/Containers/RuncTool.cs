using System.Text.Json;
using ActorMigration.Host.Linux.Processes;

namespace ActorMigration.Host.Linux.Containers;

/// <summary>What <c>runc state</c> says.</summary>
/// <param name="Status">created, running, paused or stopped.</param>
/// <param name="Pid">First process as this host numbers it; 0 when stopped.</param>
public sealed record RuncState(string Status, int Pid);

/// <summary>
/// runc, one method per subcommand. Containers get /dev/null as standard input, output and error: CRIU can carry that, and neither a file of the host nor a
/// pipe of this daemon. The state directory is this node's own, so that nobody's <c>runc resume</c> hits a frozen source by accident.
/// </summary>
/// <param name="program">runc, absolute or in PATH.</param>
/// <param name="root">Its state directory, for example RUN/runc; on a tmpfs, since nothing of it outlives a boot.</param>
/// <param name="time">Clock of deadlines.</param>
public sealed class RuncTool(string program, string root, TimeProvider time)
{
    /// <summary>Given to each call by which a container starts from a clean environment; PATH finds what runc and CRIU call by name (ip, iptables, tar).</summary>
    public static readonly IReadOnlyList<string> CleanEnvironment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"];

    /// <summary>For callers that start runc themselves (a restore that outlives the daemon).</summary>
    public string Program => program;

    /// <summary>State directory.</summary>
    public string Root => root;

    /// <summary>Creates and starts a container; returns when its program has been executed.</summary>
    /// <exception cref="ToolFailedException">runc refused; nothing of the container is left.</exception>
    public Task RunAsync(string id, string bundle, CancellationToken cancel = default)
        => CallAsync(["run", "--detach", "--bundle", bundle, id], bundle, cancel);

    /// <summary>State as runc sees it by looking at the process; null when it does not know the container.</summary>
    public async Task<RuncState?> StateAsync(string id, CancellationToken cancel = default)
    {
        var result = await ToolProcess.TryRunAsync(Command(["state", id]), time, cancel).ConfigureAwait(false);
        if (result.ExitCode != 0)
        {
            return Directory.Exists(Path.Combine(root, id)) ? throw new ToolFailedException(Command(["state", id]), result.ExitCode, result.Error) : null;
        }

        using var document = JsonDocument.Parse(result.Output);
        return new RuncState(document.RootElement.GetProperty("status").GetString() ?? "", document.RootElement.GetProperty("pid").GetInt32());
    }

    /// <summary>Signals the first process.</summary>
    public Task KillAsync(string id, int signal, CancellationToken cancel = default)
        => ToolProcess.RunAsync(Command(["kill", id, signal.ToString(System.Globalization.CultureInfo.InvariantCulture)]), time, cancel);

    /// <summary>Removes a container whose processes are dead, with its cgroups; no error when runc does not know it.</summary>
    public async Task DeleteAsync(string id, CancellationToken cancel = default)
    {
        if (Directory.Exists(Path.Combine(root, id)))
        {
            // A runc that was killed in a restore leaves its bind of the root here, and the entry could then not be removed.
            MountTable.DetachBelow(Path.Combine(root, id));
            // --force: also one that runc still believes to be paused, or whose restore was cut off.
            await ToolProcess.RunAsync(Command(["delete", "--force", id]), time, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Ids that runc has state of, ordered.</summary>
    public IReadOnlyList<string> List()
        => Directory.Exists(root) ? [.. Directory.EnumerateDirectories(root).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)] : [];

    /// <summary>Reasons in a file that runc wrote with --log, in its words; empty when it wrote none.</summary>
    public static string ErrorsIn(string log)
    {
        if (!File.Exists(log))
        {
            return "";
        }

        var errors = new List<string>();
        foreach (var line in File.ReadLines(log))
        {
            try
            {
                using var document = JsonDocument.Parse(line);
                if (document.RootElement.TryGetProperty("level", out var level) && level.GetString() is "error" or "fatal")
                {
                    errors.Add(document.RootElement.GetProperty("msg").GetString() ?? "");
                }
            }
            catch (JsonException)
            {
                // A line that was cut off by a crash of runc.
                errors.Add(line);
            }
        }

        return string.Join(" | ", errors.Distinct());
    }

    internal ToolCommand Command(string[] arguments, string? log = null)
        => new(program, ["--root", root, .. log is null ? [] : (string[])["--log", log, "--log-format", "json"], .. arguments]) { Environment = CleanEnvironment };

    /// <summary>With /dev/null for all three descriptors, and the reason of a failure out of runc's log.</summary>
    private async Task CallAsync(string[] arguments, string logDirectory, CancellationToken cancel)
    {
        var log = Path.Combine(logDirectory, "runc.log");
        File.Delete(log);
        var command = Command(arguments, log) with { OutputFile = "/dev/null" };
        var result = await ToolProcess.TryRunAsync(command, time, cancel).ConfigureAwait(false);
        if (result.ExitCode != 0)
        {
            throw new ToolFailedException(command, result.ExitCode, ErrorsIn(log));
        }
    }
}
