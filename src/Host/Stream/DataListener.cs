using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using ActorMigration.Contracts;
using Microsoft.Extensions.Logging;

namespace ActorMigration.Host.Stream;

/// <summary>
/// The data plane's one listener per node. A connection is handed to its attempt after: TLS 1.3 with the server name of a
/// registered attempt, a client certificate with exactly the attested key, and a <see cref="DataHello"/> that agrees.
/// Whatever else arrives (garbage, silence, strangers) costs one of <see cref="DataPlaneLimits.MaxOpenHandshakes"/> places
/// for at most the deadline and touches no other connection.
/// </summary>
public sealed class DataListener : IAsyncDisposable
{
    /// <summary>Between two tries to accept: without a descriptor left the one that waits would be tried again at once, for as long as that lasts.</summary>
    private static readonly TimeSpan AcceptRetry = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<string, DataRegistration> _attempts = new(StringComparer.Ordinal);
    private readonly Socket _socket;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _places = new(DataPlaneLimits.MaxOpenHandshakes, DataPlaneLimits.MaxOpenHandshakes);
    private readonly Task _accepting;

    private DataListener(Socket socket, TimeProvider time, ILogger log)
    {
        _socket = socket;
        _time = time;
        _log = log;
        _accepting = Task.Run(AcceptAll);
    }

    /// <summary>Where it listens; the port is known even when 0 was asked for.</summary>
    public IPEndPoint EndPoint => (IPEndPoint)_socket.LocalEndPoint!;

    /// <summary>Binds and listens at once; throws <see cref="SocketException"/> with the reason when the address is taken.</summary>
    public static DataListener Start(IPEndPoint endPoint, TimeProvider time, ILogger log)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(endPoint);
            socket.Listen(DataPlaneLimits.Backlog);
            return new DataListener(socket, time, log);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Accepts connections of an attempt from now on: this host proves itself with <paramref name="key"/>, the other must hold
    /// the key with the SPKI digest <paramref name="clientSpkiSha256"/> that its quote was bound to.
    /// </summary>
    public DataRegistration Register(AttemptId attempt, Fence fence, AttemptKey key, ReadOnlySpan<byte> clientSpkiSha256)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(clientSpkiSha256.Length, AttemptKey.DigestSize);
        var name = DataPlaneTls.ServerName(attempt);
        var registration = new DataRegistration(attempt, fence, key, clientSpkiSha256.ToArray(), gone => _attempts.TryRemove(KeyValuePair.Create(name, gone)));
        return _attempts.TryAdd(name, registration)
            ? registration
            : throw new InvalidOperationException($"attempt {attempt} is registered at the data listener already");
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _socket.Dispose();
        await _accepting;
        foreach (var registration in _attempts.Values)
        {
            registration.Dispose();
        }

        _stopping.Dispose();
    }

    private async Task AcceptAll()
    {
        while (!_stopping.IsCancellationRequested)
        {
            Socket peer;
            try
            {
                peer = await _socket.AcceptAsync(_stopping.Token);
            }
            catch (Exception failure) when (failure is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException failure)
            {
                // The peer's reset, or no descriptor left: the next accept says it again or goes on.
                _log.LogWarning("Data listener: accept failed: {Reason}", failure.Message);
                await Task.Delay(AcceptRetry, _time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                continue;
            }

            if (_places.Wait(0))
            {
                _ = Task.Run(() => Receive(peer));
            }
            else
            {
                _log.LogWarning("Data listener: {Peer} closed, {Limit} handshakes are under way", peer.RemoteEndPoint, DataPlaneLimits.MaxOpenHandshakes);
                peer.Dispose();
            }
        }
    }

    private async Task Receive(Socket peer)
    {
        peer.NoDelay = true;
        var remote = peer.RemoteEndPoint;
        var tls = new SslStream(new NetworkStream(peer, ownsSocket: true));
        var handed = false;
        try
        {
            using var deadline = new CancellationTokenSource(DataPlaneLimits.HandshakeDeadline, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, _stopping.Token);
            handed = await Admit(tls, remote, either.Token);
        }
        catch (Exception failure) when (failure is AuthenticationException or IOException or OperationCanceledException)
        {
            _log.LogWarning("Data listener: {Peer} refused: {Reason}", remote, failure.InnerException?.Message ?? failure.Message);
        }
        finally
        {
            _places.Release();
            if (!handed)
            {
                await tls.DisposeAsync();
            }
        }
    }

    private async Task<bool> Admit(SslStream tls, EndPoint? remote, CancellationToken deadline)
    {
        DataRegistration? registration = null;
        await tls.AuthenticateAsServerAsync(
            (_, client, _, _) =>
            {
                registration = _attempts.GetValueOrDefault(client.ServerName);
                return registration is null
                    ? throw new AuthenticationException($"no attempt is registered as '{client.ServerName}'")
                    : ValueTask.FromResult(registration.TlsOptions);
            },
            state: null,
            deadline);

        // The options refuse both; asked again because everything rests on it.
        if (registration is null || !AttemptKey.IsKeyOf(tls.RemoteCertificate as System.Security.Cryptography.X509Certificates.X509Certificate2, registration.ClientSpki))
        {
            throw new AuthenticationException("the client has shown no certificate of the attested key");
        }

        var bytes = new byte[DataHello.Size];
        await tls.ReadExactlyAsync(bytes, deadline);
        var hello = DataHello.Parse(bytes);
        var refusal = hello is null ? DataRefusal.BadHello : registration.TryOccupy(hello.Value);
        if (refusal != DataRefusal.None)
        {
            await tls.WriteAsync(new[] { (byte)refusal }, deadline);
            _log.LogWarning("Data listener: {Peer} of attempt {Attempt} refused: {Refusal}", remote, registration.Attempt, refusal);
            return false;
        }

        var connection = new DataConnection(tls, hello!.Value, remote, () => registration.Release(hello.Value));
        try
        {
            await tls.WriteAsync(new[] { (byte)DataRefusal.None }, deadline);
        }
        catch
        {
            connection.Dispose();
            throw;
        }

        if (!registration.Offer(connection))
        {
            connection.Dispose();
        }

        return true;
    }
}
