using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace ActorMigration.Host.Cli;

/// <summary>What all commands share: the options that every one of them takes, and where they write.</summary>
internal sealed class CliContext(Terminal terminal, TimeProvider time)
{
    private const string DefaultSocket = "/run/amig/api.sock";

    /// <summary>Environment variable that names the API socket when --socket is not given.</summary>
    internal const string SocketVariable = "AMIG_SOCKET";

    internal Terminal Terminal { get; } = terminal;

    internal TimeProvider Time { get; } = time;

    internal Option<string> Socket { get; } = new("--socket")
    {
        Description = $"Unix socket of the daemon (or {SocketVariable} in the environment).",
        HelpName = "PATH",
        Recursive = true,
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable(SocketVariable) is { Length: > 0 } path ? path : DefaultSocket,
    };

    internal Option<bool> Json { get; } = new("--json") { Description = "Print JSON for scripts.", Recursive = true };

    internal ApiClient Open(ParseResult parsed) => new(parsed.GetValue(Socket)!);

    /// <summary>Prints an answer: as indented JSON when asked for, else by <paramref name="human"/>.</summary>
    internal void Print<T>(ParseResult parsed, T answer, JsonTypeInfo<T> type, Action<T> human)
    {
        if (parsed.GetValue(Json))
        {
            using var buffer = new MemoryStream();
            using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
            {
                JsonSerializer.Serialize(writer, answer, type);
            }

            Terminal.Out.WriteLine(System.Text.Encoding.UTF8.GetString(buffer.ToArray()));
        }
        else
        {
            human(answer);
        }
    }

    /// <summary>A command that asks the daemon one thing; the action gets an open client.</summary>
    internal Command Ask(string name, string description, Func<ParseResult, ApiClient, CancellationToken, Task<ExitCode>> action, params Symbol[] symbols)
    {
        var command = new Command(name, description);
        foreach (var symbol in symbols)
        {
            if (symbol is Option option)
            {
                command.Options.Add(option);
            }
            else
            {
                command.Arguments.Add((Argument)symbol);
            }
        }

        command.SetAction(async (parsed, cancel) =>
        {
            using var client = Open(parsed);
            return (int)await action(parsed, client, cancel).ConfigureAwait(false);
        });
        return command;
    }
}
