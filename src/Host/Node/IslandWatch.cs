namespace ActorMigration.Host.Node;

/// <summary>
/// The first seed forms a cluster by itself when no other host is a member of one, as somebody has to, and else joins that one (<see cref="NodeSettings.JoiningOnly"/>). Either can turn out wrong: started while it is cut
/// off it stands alone beside the cluster that the others have gone on with, and Akka never joins two clusters; and the cluster that it wants to join may end before it has. Seen here, the daemon
/// ends, and its next start does the other thing.
/// </summary>
/// <param name="isStranded">Whether it looks like that now.</param>
/// <param name="lookEvery">Between two looks.</param>
/// <param name="time">Clock.</param>
internal sealed class IslandWatch(Func<Task<bool>> isStranded, TimeSpan lookEvery, TimeProvider time)
{
    /// <summary>In a daemon.</summary>
    internal static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(3);

    /// <summary>Looks in a row, some 15 s: a join takes a few seconds, on a busy host too.</summary>
    internal const int MostLooks = 5;

    /// <summary>Returns when this host is stranded.</summary>
    internal async Task RunAsync(CancellationToken cancel)
    {
        for (var looks = 0; looks < MostLooks;)
        {
            await Task.Delay(lookEvery, time, cancel).ConfigureAwait(false);
            looks = await isStranded().ConfigureAwait(false) ? looks + 1 : 0;
        }
    }
}
