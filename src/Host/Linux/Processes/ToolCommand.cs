using System.Buffers;
using System.Text;

namespace ActorMigration.Host.Linux.Processes;

/// <summary>A program with its arguments, never a shell line. Used by <see cref="ToolProcess"/>.</summary>
/// <param name="Program">Absolute path, or a name that is looked up in this process's PATH.</param>
/// <param name="Arguments">Without the program's own name.</param>
public sealed record ToolCommand(string Program, params string[] Arguments)
{
    /// <summary>The longest that a tool may run when its caller names nothing else: far above any of them, so that only a hang meets it.</summary>
    public static readonly TimeSpan DefaultDeadline = TimeSpan.FromSeconds(60);

    private static readonly SearchValues<char> ShellSpecial = SearchValues.Create(" \t\n'\"\\$*?;&|<>()");

    /// <summary>The whole environment, KEY=VALUE; null takes over this process's.</summary>
    public IReadOnlyList<string>? Environment { get; init; }

    /// <summary>Directory to start in; null keeps this process's.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>After it the tree is killed; <see cref="Timeout.InfiniteTimeSpan"/> where a kill would do harm (CRIU inside its victims).</summary>
    public TimeSpan Deadline { get; init; } = DefaultDeadline;

    /// <summary>File for standard output and error instead of pipes: for a tool that hands its descriptors on to a process that stays (runc run -d).</summary>
    public string? OutputFile { get; init; }

    /// <summary>What an operator can paste into a shell.</summary>
    public override string ToString()
    {
        var line = new StringBuilder(Program);
        foreach (var argument in Arguments)
        {
            line.Append(' ').Append(argument.Length > 0 && !argument.AsSpan().ContainsAny(ShellSpecial) ? argument : $"'{argument.Replace("'", "'\\''")}'");
        }

        return line.ToString();
    }
}

/// <summary>How a tool ended.</summary>
/// <param name="ExitCode">0 to 255 of exit, or 128 + signal as a shell says it.</param>
/// <param name="Output">Standard output, UTF-8; empty when it went to a file.</param>
/// <param name="Error">Standard error, UTF-8; empty when it went to a file.</param>
public sealed record ToolResult(int ExitCode, string Output, string Error)
{
    /// <summary>What is added to the signal that ended a program.</summary>
    internal const int SignalBase = 128;

    /// <summary>Of the kernel; higher exit codes are a program's own.</summary>
    private const int LastSignal = 64;

    /// <summary>The signal that ended the program; null when it ended by itself.</summary>
    internal int? Signal => ExitCode is > SignalBase and <= SignalBase + LastSignal ? ExitCode - SignalBase : null;
}
