using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using ActorMigration.Contracts;
using ActorMigration.Host.Stream;
using Microsoft.Extensions.Logging.Abstractions;

namespace ActorMigration.Host.Tests.Stream;

/// <summary>Only the attested key gets through, on every socket, and what is refused disturbs nobody.</summary>
public sealed class DataListenerSpec : IAsyncLifetime
{
    private static readonly Fence Seventh = new(7, 2);

    private readonly AttemptId _attempt = AttemptId.New();
    private readonly AttemptKey _server = AttemptKey.Create(TimeProvider.System);
    private readonly AttemptKey _client = AttemptKey.Create(TimeProvider.System);
    private readonly AttemptKey _stranger = AttemptKey.Create(TimeProvider.System);
    private readonly DataListener _listener = DataListener.Start(new IPEndPoint(IPAddress.Loopback, 0), TimeProvider.System, NullLogger.Instance);
    private readonly DataRegistration _registration;

    public DataListenerSpec() => _registration = _listener.Register(_attempt, Seventh, _server, _client.SpkiSha256);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _listener.DisposeAsync();
        _server.Dispose();
        _client.Dispose();
        _stranger.Dispose();
    }

    [Fact]
    public async Task The_attested_key_is_accepted_and_bytes_go_both_ways()
    {
        using var client = await Connect(_client);
        using var server = await _registration.Connections.ReadAsync();
        await client.Stream.WriteAsync("ping"u8.ToArray());
        await server.Stream.WriteAsync("pong"u8.ToArray());

        Assert.Equal("ping", await ReadText(server));
        Assert.Equal("pong", await ReadText(client));
        Assert.Equal((_attempt, Seventh, DataStreamKind.Pages, 0), (server.Attempt, server.Fence, server.Kind, server.StreamNumber));
        Assert.Equal(SslProtocols.Tls13, ((SslStream)server.Stream).SslProtocol);
        Assert.Equal(TlsCipherSuite.TLS_AES_256_GCM_SHA384, ((SslStream)server.Stream).NegotiatedCipherSuite);
    }

    [Fact]
    public async Task A_client_with_another_key_is_refused()
        => Assert.Equal(DataPlaneFailure.NotAuthenticated, await Refusal(() => Connect(_stranger)));

    [Fact]
    public async Task A_server_with_another_key_is_refused_by_the_client()
        => Assert.Equal(DataPlaneFailure.NotAuthenticated, await Refusal(() => Connect(_client, server: _stranger)));

    [Fact]
    public async Task A_second_socket_with_another_key_is_refused_while_the_first_goes_on()
    {
        using var first = await Connect(_client);
        using var server = await _registration.Connections.ReadAsync();
        Assert.Equal(DataPlaneFailure.NotAuthenticated, await Refusal(() => Connect(_stranger, number: 1)));

        await first.Stream.WriteAsync("ping"u8.ToArray());
        Assert.Equal("ping", await ReadText(server));
    }

    [Fact]
    public async Task An_attempt_that_is_not_registered_is_refused()
        => Assert.Equal(DataPlaneFailure.NotAuthenticated, await Refusal(() => Connect(_client, attempt: AttemptId.New())));

    [Fact]
    public async Task A_hello_of_another_attempt_than_the_server_name_is_refused()
    {
        using var other = _listener.Register(AttemptId.New(), Seventh, _server, _client.SpkiSha256);
        var answer = await Greet(new DataHello(other.Attempt, Seventh, DataStreamKind.Pages, 0));

        Assert.Equal(DataRefusal.WrongAttempt, answer);
    }

    [Fact]
    public async Task A_hello_of_an_older_fence_is_refused()
        => Assert.Equal(DataRefusal.WrongFence, await Greet(new DataHello(_attempt, new Fence(7, 1), DataStreamKind.Pages, 0)));

    [Fact]
    public async Task A_stream_that_is_open_is_not_opened_again_until_it_is_closed()
    {
        using var first = await Connect(_client);
        var server = await _registration.Connections.ReadAsync();
        Assert.Equal(DataPlaneFailure.Refused, await Refusal(() => Connect(_client)));

        server.Dispose();
        using var again = await Connect(_client);
    }

    [Fact]
    public async Task An_ended_attempt_accepts_nothing()
    {
        _registration.Dispose();

        Assert.Equal(DataPlaneFailure.NotAuthenticated, await Refusal(() => Connect(_client)));
    }

    [Fact]
    public async Task A_client_without_a_certificate_is_refused()
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(_listener.EndPoint);
        await using var tls = new SslStream(tcp.GetStream(), false, (_, peer, _, _) => AttemptKey.IsKeyOf(peer as X509Certificate2, _server.SpkiSha256));
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = DataPlaneTls.ServerName(_attempt), EnabledSslProtocols = SslProtocols.Tls13 });

        await Assert.ThrowsAnyAsync<IOException>(async () => await tls.ReadExactlyAsync(new byte[1]));
    }

    [Fact]
    public async Task Tls_1_2_is_refused()
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(_listener.EndPoint);
        await using var tls = new SslStream(tcp.GetStream());
        var options = DataPlaneTls.Client(DataPlaneTls.ServerName(_attempt), _client, _server.SpkiSha256.ToArray());
        options.EnabledSslProtocols = SslProtocols.Tls12;
        options.CipherSuitesPolicy = null;

        await Assert.ThrowsAnyAsync<Exception>(() => tls.AuthenticateAsClientAsync(options));
    }

    /// <summary>
    /// A client that would resume: two connections by one authentication options object, resumption allowed on its side. The
    /// second server-side certificate callback must run again, which it does only in a full handshake.
    /// </summary>
    [Fact]
    public async Task A_second_connection_is_a_full_handshake_again()
    {
        var shown = 0;
        var options = DataPlaneTls.Client(DataPlaneTls.ServerName(_attempt), _client, _server.SpkiSha256.ToArray());
        options.AllowTlsResume = true;
        options.RemoteCertificateValidationCallback = (_, _, _, _) => ++shown > 0;
        for (var i = 0; i < 3; i++)
        {
            using var tcp = new TcpClient();
            await tcp.ConnectAsync(_listener.EndPoint);
            await using var tls = new SslStream(tcp.GetStream());
            await tls.AuthenticateAsClientAsync(options);
            var hello = new byte[DataHello.Size];
            new DataHello(_attempt, Seventh, DataStreamKind.Files, i).WriteTo(hello);
            await tls.WriteAsync(hello);
            // Reads past where a session ticket would have come.
            await tls.ReadExactlyAsync(new byte[1]);
        }

        Assert.Equal(3, shown);
    }

    [Fact]
    public async Task Garbage_and_silence_disturb_nobody()
    {
        var noise = new List<TcpClient>();
        for (var i = 0; i < 20; i++)
        {
            var tcp = new TcpClient();
            await tcp.ConnectAsync(_listener.EndPoint);
            noise.Add(tcp);
            if (i % 2 == 0)
            {
                await tcp.GetStream().WriteAsync(Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: nobody\r\n\r\n"));
            }
        }

        using var client = await Connect(_client);
        using var server = await _registration.Connections.ReadAsync();
        await client.Stream.WriteAsync("ping"u8.ToArray());
        Assert.Equal("ping", await ReadText(server));
        noise.ForEach(tcp => tcp.Dispose());
    }

    [Fact]
    public async Task Handshakes_beyond_the_limit_are_closed_at_once()
    {
        var silent = new List<TcpClient>();
        for (var i = 0; i < DataPlaneLimits.MaxOpenHandshakes; i++)
        {
            var tcp = new TcpClient();
            await tcp.ConnectAsync(_listener.EndPoint);
            silent.Add(tcp);
        }

        using var beyond = new TcpClient();
        await beyond.ConnectAsync(_listener.EndPoint);
        var end = await Record.ExceptionAsync(async () => Assert.Equal(0, await beyond.GetStream().ReadAsync(new byte[1])));
        Assert.True(end is null or IOException, $"the connection was to be closed: {end}");
        silent.ForEach(tcp => tcp.Dispose());
    }

    [Fact]
    public void A_signature_is_of_its_key_and_its_bytes()
    {
        var signature = _client.Sign("manifest"u8);

        Assert.True(AttemptKey.Verify(_client.SubjectPublicKeyInfo, "manifest"u8, signature));
        Assert.False(AttemptKey.Verify(_client.SubjectPublicKeyInfo, "Manifest"u8, signature));
        Assert.False(AttemptKey.Verify(_stranger.SubjectPublicKeyInfo, "manifest"u8, signature));
        Assert.False(AttemptKey.Verify([1, 2, 3], "manifest"u8, signature));
    }

    private async Task<DataRefusal> Greet(DataHello hello)
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(_listener.EndPoint);
        await using var tls = new SslStream(tcp.GetStream());
        await tls.AuthenticateAsClientAsync(DataPlaneTls.Client(DataPlaneTls.ServerName(_attempt), _client, _server.SpkiSha256.ToArray()));
        var bytes = new byte[DataHello.Size];
        hello.WriteTo(bytes);
        await tls.WriteAsync(bytes);
        await tls.ReadExactlyAsync(bytes.AsMemory(0, 1));
        return (DataRefusal)bytes[0];
    }

    private Task<DataConnection> Connect(AttemptKey own, AttemptKey? server = null, AttemptId? attempt = null, int number = 0)
        => DataClient.ConnectAsync(_listener.EndPoint, attempt ?? _attempt, Seventh, own, (server ?? _server).SpkiSha256.ToArray(), DataStreamKind.Pages, number, TimeProvider.System, CancellationToken.None);

    private static async Task<DataPlaneFailure> Refusal(Func<Task<DataConnection>> connect)
        => (await Assert.ThrowsAsync<DataPlaneException>(connect)).Failure;

    private static async Task<string> ReadText(DataConnection connection)
    {
        var bytes = new byte[4];
        await connection.Stream.ReadExactlyAsync(bytes);
        return Encoding.ASCII.GetString(bytes);
    }
}
