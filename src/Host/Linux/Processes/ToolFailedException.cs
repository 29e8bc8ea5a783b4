namespace ActorMigration.Host.Linux.Processes;

/// <summary>
/// A program could not be started, ended with another exit code than 0, or ran into its deadline. The message is one line: command, exit
/// code, and the end of what it wrote to standard error.
/// </summary>
public sealed class ToolFailedException : IOException
{
    /// <summary>Characters of standard error that the message quotes: the reason is in the last lines of every tool used here.</summary>
    public const int QuotedCharacters = 600;

    public ToolFailedException(ToolCommand command, int exitCode, string error)
        : this(command, $"exited with {exitCode}: {Quote(error)}", exitCode, error)
    {
    }

    private ToolFailedException(ToolCommand command, string what, int exitCode, string error)
        : base($"`{command}` {what}")
    {
        Command = command;
        ExitCode = exitCode;
        Error = error;
    }

    /// <summary>What was run.</summary>
    public ToolCommand Command { get; }

    /// <summary>Exit code, 128 + signal, or -1 when the program never ran.</summary>
    public int ExitCode { get; }

    /// <summary>All of standard error.</summary>
    public string Error { get; }

    /// <summary>The program ran longer than <see cref="ToolCommand.Deadline"/> and was killed with all of its children.</summary>
    public bool TimedOut { get; private init; }

    internal static ToolFailedException NotStarted(ToolCommand command, string reason) => new(command, $"could not be started: {reason}", -1, reason);

    internal static ToolFailedException DeadlinePassed(ToolCommand command, string error)
        => new(command, $"ran longer than {command.Deadline.TotalSeconds:0.###} s and was killed: {Quote(error)}", 137, error) { TimedOut = true };

    private static string Quote(string error)
    {
        var text = error.Trim();
        if (text.Length == 0)
        {
            return "it wrote nothing to standard error";
        }

        return (text.Length > QuotedCharacters ? "…" + text[^QuotedCharacters..] : text).ReplaceLineEndings(" | ");
    }
}
