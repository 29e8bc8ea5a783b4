using System.Globalization;
using Microsoft.Extensions.Logging;

namespace ActorMigration.Host.Node;

/// <summary>
/// The daemon's log: one line per event on stderr. Under systemd (JOURNAL_STREAM is set) a line begins with its syslog priority and
/// journald adds the time; elsewhere with the time in UTC.
/// </summary>
internal sealed class NodeLogging(TextWriter output, bool journal, TimeProvider time) : ILoggerProvider
{
    private readonly Lock _line = new();

    internal static ILoggerFactory Create(TimeProvider time)
    {
        var journal = Environment.GetEnvironmentVariable("JOURNAL_STREAM") is { Length: > 0 };
        return LoggerFactory.Create(logging =>
        {
            logging.AddProvider(new NodeLogging(Console.Error, journal, time));
            logging.AddFilter("Microsoft", LogLevel.Warning);
        });
    }

    public ILogger CreateLogger(string categoryName) => new LineLogger(this, categoryName[(categoryName.LastIndexOf('.') + 1)..]);

    public void Dispose()
    {
        // The output is the process's own and is not closed.
    }

    private void Write(LogLevel level, string category, string text, Exception? failure)
    {
        var head = journal
            ? $"<{Priority(level)}>"
            : $"{time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)} {Word(level)} ";
        // One event is one line, also when a message or a stack trace has line ends.
        var line = $"{head}{category}: {text}{(failure is null ? "" : " | " + failure)}".ReplaceLineEndings(" ⏎ ");
        lock (_line)
        {
            output.WriteLine(line);
        }
    }

    /// <summary>Of sd-daemon(3).</summary>
    private static int Priority(LogLevel level) => level switch
    {
        LogLevel.Critical => 2,
        LogLevel.Error => 3,
        LogLevel.Warning => 4,
        LogLevel.Information => 6,
        _ => 7,
    };

    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Critical => "CRIT ",
        LogLevel.Error => "ERROR",
        LogLevel.Warning => "WARN ",
        LogLevel.Information => "INFO ",
        _ => "DEBUG",
    };

    private sealed class LineLogger(NodeLogging owner, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel is >= LogLevel.Information and < LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                owner.Write(logLevel, category, formatter(state, exception), exception);
            }
        }
    }
}
