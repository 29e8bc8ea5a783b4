using System.Collections.Immutable;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using ActorMigration.Actors;
using ActorMigration.Contracts;
using ActorMigration.Host.Node;

namespace ActorMigration.Host.Decision;

/// <summary>
/// <see cref="IVoterClient"/> over mutual TLS: one connection per voter, kept between requests and made anew after any failure. This host's own voter is asked without
/// a socket.
/// </summary>
/// <param name="identity">This node's certificate, and the CA that must have issued the voters'.</param>
/// <param name="voters">Where they listen.</param>
/// <param name="self">This host.</param>
/// <param name="own">This host's voter, when it is one.</param>
public sealed class TlsVoterClient(NodeIdentity identity, ImmutableDictionary<HostName, IPEndPoint> voters, HostName self, Voter? own) : IVoterClient, IAsyncDisposable
{
    private readonly ImmutableDictionary<HostName, Line> _lines = voters.ToImmutableDictionary(v => v.Key, v => new Line(v.Key, v.Value, identity));

    public async Task<VoterReply> AskAsync(HostName voter, VoterRequest request, CancellationToken cancel)
    {
        if (voter == self && own is not null)
        {
            try
            {
                return await own.AnswerAsync(self, request).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or InvalidOperationException)
            {
                throw new VoterUnreachableException(voter, e.Message, e);
            }
        }

        return _lines.TryGetValue(voter, out var line)
            ? await line.AskAsync(request, cancel).ConfigureAwait(false)
            : throw new VoterUnreachableException(voter, "no address of it is configured (amig.voters)");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var line in _lines.Values)
        {
            await line.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>The connection to one voter; one request at a time.</summary>
    private sealed class Line(HostName voter, IPEndPoint address, NodeIdentity identity) : IAsyncDisposable
    {
        private readonly SemaphoreSlim _oneAtATime = new(1, 1);
        private SslStream? _stream;

        public async Task<VoterReply> AskAsync(VoterRequest request, CancellationToken cancel)
        {
            await _oneAtATime.WaitAsync(cancel).ConfigureAwait(false);
            try
            {
                return await TryAskAsync(request, cancel).ConfigureAwait(false);
            }
            finally
            {
                _oneAtATime.Release();
            }
        }

        public async ValueTask DisposeAsync()
        {
            await CloseAsync().ConfigureAwait(false);
            _oneAtATime.Dispose();
        }

        private async Task<VoterReply> TryAskAsync(VoterRequest request, CancellationToken cancel)
        {
            var wasOpen = _stream is not null;
            var answered = false;
            try
            {
                var stream = _stream ??= await ConnectAsync(cancel).ConfigureAwait(false);
                await VoterFraming.WriteAsync(stream, VoterFrames.Encode(request), cancel).ConfigureAwait(false);
                var payload = await VoterFraming.ReadAsync(stream, cancel).ConfigureAwait(false) ?? throw new IOException("it closed the connection");
                var reply = VoterFrames.DecodeReply(payload);
                answered = true;
                return reply;
            }
            catch (Exception e) when (wasOpen && e is IOException or SocketException)
            {
                // A kept connection may have been closed while it was idle. Every request may be made twice, so it is, on a new one (below).
                cancel.ThrowIfCancellationRequested();
            }
            catch (Exception e) when (e is IOException or SocketException or AuthenticationException or WireFormatException)
            {
                throw new VoterUnreachableException(voter, e.Message, e);
            }
            finally
            {
                if (!answered)
                {
                    // A late reply to this request must never be read as the reply to the next.
                    await CloseAsync().ConfigureAwait(false);
                }
            }

            return await TryAskAsync(request, cancel).ConfigureAwait(false);
        }

        private async Task<SslStream> ConnectAsync(CancellationToken cancel)
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            SslStream? stream = null;
            try
            {
                await socket.ConnectAsync(address, cancel).ConfigureAwait(false);
                stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
                await stream.AuthenticateAsClientAsync(VoterTls.Client(identity, voter), cancel).ConfigureAwait(false);
                return stream;
            }
            catch
            {
                if (stream is not null)
                {
                    await stream.DisposeAsync().ConfigureAwait(false);
                }

                socket.Dispose();
                throw;
            }
        }

        private async Task CloseAsync()
        {
            if (_stream is { } stream)
            {
                _stream = null;
                await stream.DisposeAsync().ConfigureAwait(false);
            }
        }
    }
}
