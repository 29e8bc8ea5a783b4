using ActorMigration.Contracts;

namespace ActorMigration.Host.Linux.Migration;

/// <summary>Takes the times of the named parts of a stop; parts may overlap. Thread-safe.</summary>
internal sealed class StopClock(TimeProvider time)
{
    private readonly List<NamedSpan> _spans = [];

    /// <summary>Every part so far, in the order in which they ended.</summary>
    internal NamedSpan[] Spans
    {
        get
        {
            lock (_spans)
            {
                return [.. _spans];
            }
        }
    }

    internal async Task<T> Of<T>(string name, Func<Task<T>> part)
    {
        var began = time.GetTimestamp();
        var result = await part().ConfigureAwait(false);
        Add(name, time.GetElapsedTime(began));
        return result;
    }

    internal Task Of(string name, Func<Task> part) => Of(name, async () =>
    {
        await part().ConfigureAwait(false);
        return true;
    });

    /// <summary>On a thread of its own: what blocks must not hold one of the pool.</summary>
    internal Task<T> OnThread<T>(string name, Func<T> part) => Of(name, () => Blocking.Run(part));

    internal void Add(string name, TimeSpan length)
    {
        lock (_spans)
        {
            _spans.Add(new NamedSpan(name, Math.Round(length.TotalMilliseconds, 1)));
        }
    }
}
