namespace ActorMigration.Host.Node;

/// <summary>
/// The first seed forms a cluster by itself when no other answers, as somebody has to. One that is started while it is cut off does so too, and would stay alone for ever
/// when the others have gone on without it: Akka never joins two clusters. Seen here, it ends, and its next start joins the others, which answer then.
/// </summary>
/// <param name="isAlone">This member is the only one of its cluster.</param>
/// <param name="anotherAnswers">Another host's daemon answers.</param>
/// <param name="lookEvery">Between two looks.</param>
/// <param name="time">Clock.</param>
internal sealed class IslandWatch(Func<bool> isAlone, Func<Task<bool>> anotherAnswers, TimeSpan lookEvery, TimeProvider time)
{
    /// <summary>In a daemon.</summary>
    internal static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(3);

    /// <summary>Looks in a row, some 15 s: another daemon that has just been started joins within a few seconds, on a busy host too.</summary>
    internal const int MostLooks = 5;

    /// <summary>Returns when this member is an island.</summary>
    internal async Task RunAsync(CancellationToken cancel)
    {
        for (var looks = 0; looks < MostLooks;)
        {
            await Task.Delay(lookEvery, time, cancel).ConfigureAwait(false);
            looks = isAlone() && await anotherAnswers().ConfigureAwait(false) ? looks + 1 : 0;
        }
    }
}
