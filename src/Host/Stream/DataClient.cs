using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using ActorMigration.Contracts;

namespace ActorMigration.Host.Stream;

/// <summary>Opens data connections to another node's <see cref="DataListener"/>; used by the source for each stream of an attempt.</summary>
public static class DataClient
{
    /// <summary>
    /// Connects, proves <paramref name="own"/> key, accepts exactly the server key with digest
    /// <paramref name="serverSpkiSha256"/>, says hello and waits for its answer. Throws <see cref="DataPlaneException"/>.
    /// </summary>
    public static async Task<DataConnection> ConnectAsync(
        IPEndPoint endPoint,
        AttemptId attempt,
        Fence fence,
        AttemptKey own,
        ReadOnlyMemory<byte> serverSpkiSha256,
        DataStreamKind kind,
        int streamNumber,
        TimeProvider time,
        CancellationToken cancel)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(serverSpkiSha256.Length, AttemptKey.DigestSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(streamNumber, DataHello.MaxStreamNumber);
        using var deadline = new CancellationTokenSource(DataPlaneLimits.HandshakeDeadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancel);
        var hello = new DataHello(attempt, fence, kind, streamNumber);
        SslStream? tls = null;
        try
        {
            tls = new SslStream(await Dial(endPoint, either.Token));
            await tls.AuthenticateAsClientAsync(DataPlaneTls.Client(DataPlaneTls.ServerName(attempt), own, serverSpkiSha256.ToArray()), either.Token);
            await Greet(tls, hello, endPoint, either.Token);
            return new DataConnection(tls, hello, endPoint, closed: null);
        }
        catch (Exception failure)
        {
            if (tls is not null)
            {
                await tls.DisposeAsync();
            }

            throw failure switch
            {
                SocketException => new DataPlaneException(DataPlaneFailure.Unreachable, $"data plane of {endPoint} is not reachable: {failure.Message}", failure),
                AuthenticationException => new DataPlaneException(DataPlaneFailure.NotAuthenticated, $"data plane of {endPoint} has not shown the attested key: {failure.Message}", failure),
                // In TLS 1.3 the client is done before the server has looked at its certificate; a refusal arrives as an alert instead of the answer.
                IOException => new DataPlaneException(DataPlaneFailure.NotAuthenticated, $"data plane of {endPoint} closed the connection before it answered: it does not know attempt {attempt} or not this key", failure),
                OperationCanceledException when deadline.IsCancellationRequested => new DataPlaneException(DataPlaneFailure.TimedOut, $"data plane of {endPoint} did not answer within {DataPlaneLimits.HandshakeDeadline.TotalSeconds:0} s", failure),
                _ => failure,
            };
        }
    }

    private static async Task<NetworkStream> Dial(IPEndPoint endPoint, CancellationToken cancel)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(endPoint, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task Greet(SslStream tls, DataHello hello, IPEndPoint endPoint, CancellationToken cancel)
    {
        var bytes = new byte[DataHello.Size];
        hello.WriteTo(bytes);
        await tls.WriteAsync(bytes, cancel);
        await tls.ReadExactlyAsync(bytes.AsMemory(0, 1), cancel);
        var refusal = (DataRefusal)bytes[0];
        if (refusal != DataRefusal.None)
        {
            throw new DataPlaneException(DataPlaneFailure.Refused, $"data plane of {endPoint} refused {hello.Kind} stream {hello.StreamNumber} of attempt {hello.Attempt}: {refusal}");
        }
    }
}
