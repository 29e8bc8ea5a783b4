using System.Net;
using System.Net.Sockets;

namespace ActorMigration.Host.Node;

/// <summary>
/// The first seed forms a cluster by itself when no other answers, as somebody has to. One that is started while it is cut off does so too, and would stay alone for ever
/// when the others have gone on without it: Akka never joins two clusters. Seen here, it ends, and its next start joins the others, which answer then.
/// </summary>
/// <param name="isAlone">This member is the only one of its cluster.</param>
/// <param name="anotherAnswers">Something listens where another seed should.</param>
/// <param name="lookEvery">Between two looks.</param>
/// <param name="time">Clock.</param>
internal sealed class IslandWatch(Func<bool> isAlone, Func<CancellationToken, Task<bool>> anotherAnswers, TimeSpan lookEvery, TimeProvider time)
{
    /// <summary>In a daemon.</summary>
    internal static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(3);

    /// <summary>Looks in a row, some 15 s: another daemon that has just been started joins within a few seconds, on a busy host too.</summary>
    internal const int MostLooks = 5;

    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(1);

    /// <summary>Returns when this member is an island.</summary>
    internal async Task RunAsync(CancellationToken cancel)
    {
        for (var looks = 0; looks < MostLooks;)
        {
            await Task.Delay(lookEvery, time, cancel).ConfigureAwait(false);
            looks = isAlone() && await anotherAnswers(cancel).ConfigureAwait(false) ? looks + 1 : 0;
        }
    }

    /// <summary>Whether something accepts a connection at one of these addresses.</summary>
    internal static async Task<bool> AnyListensAsync(IEnumerable<IPEndPoint> addresses, CancellationToken cancel)
    {
        var asked = await Task.WhenAll(addresses.Select(address => ListensAsync(address, cancel))).ConfigureAwait(false);
        return asked.Contains(true);
    }

    private static async Task<bool> ListensAsync(IPEndPoint address, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(ConnectPatience);
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(address, patience.Token).ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            return false;
        }
    }
}
