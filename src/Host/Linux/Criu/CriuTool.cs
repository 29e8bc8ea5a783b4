using System.Text.RegularExpressions;
using ActorMigration.Host.Linux.Containers;
using ActorMigration.Host.Linux.Processes;

namespace ActorMigration.Host.Linux.Criu;

/// <summary>
/// The criu program of this host. 4.2 is the oldest that dumps TCP sockets on Linux 6.16 and later, and whose config file takes
/// <c>network-lock</c>.
/// </summary>
public sealed partial class CriuTool
{
    /// <summary>Oldest version that is taken.</summary>
    public static readonly Version Oldest = new(4, 2);

    /// <summary>Where the set-up script puts it when the distribution's own is too old.</summary>
    public const string PrivatePath = "/usr/local/lib/amig/criu";

    private CriuTool(string program, Version version)
    {
        Program = program;
        Version = version;
    }

    /// <summary>Absolute path.</summary>
    public string Program { get; }

    public Version Version { get; }

    /// <summary>
    /// False where CRIU has to probe the kernel anew at every start, since it keeps what it found in /run only if that is a tmpfs: about 70 ms
    /// of a dump and 35 of a restore.
    /// </summary>
    public static bool KeepsFeatureCache => new DriveInfo("/run").DriveFormat == "tmpfs";

    /// <summary>Finds criu: the configured path, else the private one, else PATH.</summary>
    /// <exception cref="ToolFailedException">None that runs.</exception>
    /// <exception cref="NotSupportedException">Too old; the sentence says which was found.</exception>
    public static async Task<CriuTool> FindAsync(string? configured, TimeProvider time, CancellationToken cancel = default)
    {
        var program = configured is { Length: > 0 } ? configured : File.Exists(PrivatePath) ? PrivatePath : InPath() ?? "criu";
        var result = await ToolProcess.RunAsync(new ToolCommand(program, "--version") { Environment = RuncTool.CleanEnvironment }, time, cancel).ConfigureAwait(false);
        var match = VersionLine().Match(result.Output);
        if (!match.Success || !Version.TryParse(match.Groups[1].Value, out var version))
        {
            throw new NotSupportedException($"{program} --version does not say a version: {result.Output.Trim()}");
        }

        return version >= Oldest ? new CriuTool(program, version) : throw new NotSupportedException($"{program} is version {version}; {Oldest} or later is needed");
    }

    /// <summary><c>criu check</c>: whether the kernel has what CRIU must have.</summary>
    /// <exception cref="ToolFailedException">It has not; the message has CRIU's words.</exception>
    public Task CheckAsync(TimeProvider time, CancellationToken cancel = default)
        => ToolProcess.RunAsync(new ToolCommand(Program, "check") { Environment = RuncTool.CleanEnvironment }, time, cancel);

    private static string? InPath()
        => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin").Select(directory => Path.Combine(directory, "criu")).FirstOrDefault(File.Exists);

    [GeneratedRegex(@"Version:\s*(\d+(\.\d+)+)")]
    private static partial Regex VersionLine();
}
