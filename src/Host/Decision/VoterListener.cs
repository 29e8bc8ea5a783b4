using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using ActorMigration.Actors;
using ActorMigration.Contracts;
using ActorMigration.Host.Node;
using Microsoft.Extensions.Logging;

namespace ActorMigration.Host.Decision;

/// <summary>
/// Answers other nodes for this host's voter on a port of its own. It knows nothing of the cluster: a node that membership has downed is answered all the same, as a
/// container may stand frozen until it is. Started by the node's composition root; one request at a time per connection.
/// </summary>
public sealed partial class VoterListener : IAsyncDisposable
{
    /// <summary>Connections at once; every node keeps one or two. More are closed at once.</summary>
    public const int MaxConnections = 256;

    /// <summary>A handshake takes longer only when somebody wants it to.</summary>
    private static readonly TimeSpan HandshakePatience = TimeSpan.FromSeconds(5);

    /// <summary>A connection without a request is closed after this; clients connect again when they need to.</summary>
    private static readonly TimeSpan IdlePatience = TimeSpan.FromMinutes(5);

    private readonly Voter _voter;
    private readonly NodeIdentity _identity;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly Socket _socket;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Task, byte> _connections = new();
    private readonly Task _accepting;

    private VoterListener(Socket socket, Voter voter, NodeIdentity identity, TimeProvider clock, ILogger log)
    {
        _socket = socket;
        _voter = voter;
        _identity = identity;
        _clock = clock;
        _log = log;
        _accepting = AcceptAsync();
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint => (IPEndPoint)_socket.LocalEndPoint!;

    /// <summary>Listens; throws <see cref="SocketException"/> when the address is taken.</summary>
    public static VoterListener Start(IPEndPoint address, Voter voter, NodeIdentity identity, TimeProvider clock, ILogger log)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            // SO_REUSEADDR as Linux has it: a restarted daemon need not wait for old connections to be forgotten.
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            socket.Bind(address);
            socket.Listen(MaxConnections);
            return new VoterListener(socket, voter, identity, clock, log);
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        _socket.Dispose();
        await _accepting.ConfigureAwait(false);
        await Task.WhenAll(_connections.Keys).ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var connection = await _socket.AcceptAsync(_stop.Token).ConfigureAwait(false);
                if (_connections.Count >= MaxConnections)
                {
                    connection.Dispose();
                    continue;
                }

                var serving = ServeAsync(connection);
                _connections[serving] = 0;
                _ = serving.ContinueWith(done => _connections.TryRemove(done, out _), TaskScheduler.Default);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                // The listener was told to stop.
                return;
            }
            catch (SocketException e)
            {
                // One connection that went before it was taken, or no descriptor left for it: the next one may do better.
                LogAcceptFailed(e.Message);
            }
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        var from = socket.RemoteEndPoint;
        try
        {
            socket.NoDelay = true;
            await using var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
            using (var handshake = Within(HandshakePatience))
            {
                await stream.AuthenticateAsServerAsync(VoterTls.Server(_identity), handshake.Token).ConfigureAwait(false);
            }

            if (VoterTls.PeerOf(stream) is not { } peer)
            {
                return;
            }

            while (await ReadAsync(stream).ConfigureAwait(false) is { } payload)
            {
                var reply = await _voter.AnswerAsync(peer, VoterFrames.DecodeRequest(payload)).ConfigureAwait(false);
                using var writing = Within(HandshakePatience);
                await VoterFraming.WriteAsync(stream, VoterFrames.Encode(reply), writing.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or AuthenticationException or WireFormatException or OperationCanceledException or InvalidOperationException)
        {
            // Whoever it was connects again; nothing was said that is not on the disk.
            LogConnectionEnded(from, e.Message);
        }
    }

    private async Task<byte[]?> ReadAsync(SslStream stream)
    {
        using var idle = Within(IdlePatience);
        return await VoterFraming.ReadAsync(stream, idle.Token).ConfigureAwait(false);
    }

    private Deadline Within(TimeSpan patience) => new(patience, _clock, _stop.Token);

    [LoggerMessage(LogLevel.Warning, "Voter: a connection could not be taken: {Why}")]
    private partial void LogAcceptFailed(string why);

    [LoggerMessage(LogLevel.Information, "Voter: the connection from {From} ended: {Why}")]
    private partial void LogConnectionEnded(EndPoint? from, string why);
}
