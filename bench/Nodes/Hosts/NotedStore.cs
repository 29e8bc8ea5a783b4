using ActorMigration.Actors;
using ActorMigration.Contracts;
using ActorMigration.Host.Balancing;
using Microsoft.Extensions.Logging;

namespace ActorMigration.Nodes;

/// <summary>A balancer's files as the daemon has them; the last decision that went to the log is kept, with the time that took and its size.</summary>
internal sealed class NotedStore(string directory, ILogger log, TimeProvider clock) : IBalanceStore
{
    private readonly BalanceFiles _files = BalanceFiles.Open(directory, log);
    private readonly FileInfo _log = new(Path.Combine(directory, "balance.log"));
    private volatile LoggedDecision? _last;

    public LoggedDecision? Last => _last;

    public BalanceModeSet Mode => _files.Mode;

    public void Keep(BalanceModeSet mode) => _files.Keep(mode);

    public void Append(BalanceRecord record)
    {
        var (before, began) = (Length(), clock.GetTimestamp());
        _files.Append(record);
        _last = new LoggedDecision(record, Length() - before, clock.GetElapsedTime(began));
    }

    private long Length()
    {
        _log.Refresh();
        return _log.Exists ? _log.Length : 0;
    }
}

/// <param name="Record">The decision with all that led to it.</param>
/// <param name="Bytes">In the log; below 0 where the log has begun anew.</param>
/// <param name="Took">The balancer's own thread, for so long.</param>
internal sealed record LoggedDecision(BalanceRecord Record, long Bytes, TimeSpan Took);
