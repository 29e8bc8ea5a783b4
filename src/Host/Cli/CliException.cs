namespace ActorMigration.Host.Cli;

/// <summary>Ends the CLI: <see cref="Exception.Message"/> goes to stderr as it is, and <see cref="Code"/> to the shell.</summary>
public sealed class CliException(ExitCode code, string sentence, Exception? inner = null) : Exception(sentence, inner)
{
    public ExitCode Code { get; } = code;
}
