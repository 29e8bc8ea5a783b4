using ActorMigration.Host.Node;
using Microsoft.Extensions.Logging;

namespace ActorMigration.Host.Tests.Node;

/// <summary>What runs beside the actors says when it has a defect, and ends with the daemon.</summary>
public sealed class BackgroundTaskSpec
{
    [Fact]
    public async Task A_defect_is_said_with_what_does_not_work_any_more()
    {
        var log = new Heard();

        await using (new BackgroundTask(_ => throw new InvalidOperationException("broken"), log, "nobody is told"))
        {
            Assert.Equal("A defect: nobody is told (broken)", Assert.Single(log.Errors));
        }
    }

    [Fact]
    public async Task It_is_cancelled_and_waited_for_when_the_daemon_ends_and_that_is_no_defect()
    {
        var log = new Heard();
        var hasEnded = false;
        var task = new BackgroundTask(
            async cancel =>
            {
                try
                {
                    await Task.Delay(Timeout.Infinite, cancel);
                }
                finally
                {
                    hasEnded = true;
                }
            },
            log,
            "nobody is told");

        await task.DisposeAsync();

        Assert.True(hasEnded);
        Assert.Empty(log.Errors);
    }

    private sealed class Heard : ILogger
    {
        internal List<string> Errors { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
            => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel == LogLevel.Error)
            {
                Errors.Add($"{formatter(state, exception)} ({exception?.Message})");
            }
        }
    }
}
