using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;

namespace ActorMigration.Nodes;

/// <summary>What all nodes of a run say: warnings are counted by their first words, and Akka's lines on large payloads give the largest one. Thread-safe.</summary>
internal sealed partial class RunLog : ILogger
{
    /// <summary>Characters of a warning that it is told apart by: what follows are addresses.</summary>
    private const int Beginning = 32;

    private readonly ConcurrentDictionary<string, int> _warnings = new(StringComparer.Ordinal);
    private int _largest;

    /// <summary>The most frequent first.</summary>
    public IEnumerable<string> Warnings => _warnings.OrderByDescending(w => w.Value).Select(w => $"{w.Value} times: {w.Key}");

    public int WarningCount => _warnings.Values.Sum();

    /// <summary>Bytes of the largest message of the cluster protocol that was sent, before TLS; 0 while all were small.</summary>
    public int LargestGossip => _largest;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        var text = formatter(state, exception);
        if (logLevel >= LogLevel.Warning)
        {
            _warnings.AddOrUpdate(text[..Math.Min(text.Length, Beginning)], 1, static (_, count) => count + 1);
        }
        else if (PayloadPattern().Match(text) is { Success: true } payload && text.Contains("Gossip", StringComparison.Ordinal))
        {
            var bytes = int.Parse(payload.Groups[1].ValueSpan.Trim('0') is "" ? "0" : payload.Groups[1].Value, CultureInfo.InvariantCulture);
            for (var before = _largest; bytes > before && Interlocked.CompareExchange(ref _largest, bytes, before) != before; before = _largest)
            {
            }
        }
    }

    [GeneratedRegex(@"ayload size for \[[^\]]*\] is \[?(\d+)\]? bytes")]
    private static partial Regex PayloadPattern();
}
