using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using ActorMigration.Host.Node;

namespace ActorMigration.Host.Tests.Node;

/// <summary>A TLS server of somebody else on an address of the cluster; counts the handshakes that its clients broke off.</summary>
internal sealed class RogueListener : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly NodeIdentity _identity;
    private readonly SemaphoreSlim _refused = new(0);
    private readonly Task _accepting;

    internal RogueListener(IPEndPoint at, NodeIdentity identity)
    {
        _identity = identity;
        _listener = new TcpListener(at);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    internal async Task RefusedAsync(TimeSpan patience, int handshakes)
    {
        using var deadline = new CancellationTokenSource(patience);
        for (var i = 0; i < handshakes; i++)
        {
            await _refused.WaitAsync(deadline.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                using var client = await _listener.AcceptTcpClientAsync();
                await using var tls = new SslStream(client.GetStream());
                await tls.AuthenticateAsServerAsync(_identity.Certificate, clientCertificateRequired: false, SslProtocols.Tls12, checkCertificateRevocation: false);
                // TLS 1.2: a client that refuses the certificate may tell only after the handshake, by closing.
                if (await tls.ReadAsync(new byte[1]) == 0)
                {
                    _refused.Release();
                }
            }
            catch (Exception e) when (e is AuthenticationException or IOException)
            {
                _refused.Release();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }
}
