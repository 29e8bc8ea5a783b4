using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ActorMigration.Host.Http;

namespace ActorMigration.Host.Cli;

/// <summary>Asks the daemon of this host over its Unix socket. Everything that goes wrong is a <see cref="CliException"/>.</summary>
internal sealed class ApiClient : IDisposable
{
    private readonly string _socket;
    private readonly HttpClient _http;

    internal ApiClient(string socket)
    {
        _socket = socket;
        _http = new HttpClient(new SocketsHttpHandler { ConnectCallback = ConnectAsync, UseProxy = false, UseCookies = false })
        {
            BaseAddress = new Uri("http://amig"),
            // The daemon has its own deadline for each question, and progress streams have none.
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    public void Dispose() => _http.Dispose();

    internal Task<T> GetAsync<T>(string path, JsonTypeInfo<T> answer, CancellationToken cancel)
        => SendAsync(new HttpRequestMessage(HttpMethod.Get, path), answer, cancel);

    internal Task<T> PostAsync<TRequest, T>(string path, TRequest body, JsonTypeInfo<TRequest> request, JsonTypeInfo<T> answer, CancellationToken cancel)
    {
        var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, request));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        var post = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        // A daemon that refuses a body by its length says so and hangs up: who writes on meets a broken pipe and never reads why.
        post.Headers.ExpectContinue = true;
        return SendAsync(post, answer, cancel);
    }

    internal Task<T> PostAsync<T>(string path, JsonTypeInfo<T> answer, CancellationToken cancel)
        => SendAsync(new HttpRequestMessage(HttpMethod.Post, path), answer, cancel);

    internal async Task DeleteAsync(string path, CancellationToken cancel)
    {
        using var response = await ExchangeAsync(new HttpRequestMessage(HttpMethod.Delete, path), cancel).ConfigureAwait(false);
    }

    /// <summary>Reads one JSON object per line until the daemon ends the stream.</summary>
    internal async IAsyncEnumerable<T> StreamAsync<T>(string path, JsonTypeInfo<T> line, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
        where T : class
    {
        using var response = await ExchangeAsync(new HttpRequestMessage(HttpMethod.Get, path), cancel).ConfigureAwait(false);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false));
        while (await NextLineAsync(reader, cancel).ConfigureAwait(false) is { } text)
        {
            yield return Read(text, line);
        }
    }

    private async Task<string?> NextLineAsync(StreamReader reader, CancellationToken cancel)
    {
        try
        {
            return await reader.ReadLineAsync(cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw new CliException(ExitCode.NoDaemon, $"The daemon behind {_socket} went away: {e.Message}", e);
        }
    }

    private async Task<T> SendAsync<T>(HttpRequestMessage request, JsonTypeInfo<T> answer, CancellationToken cancel)
    {
        using var response = await ExchangeAsync(request, cancel).ConfigureAwait(false);
        return Read(await response.Content.ReadAsStringAsync(cancel).ConfigureAwait(false), answer);
    }

    private async Task<HttpResponseMessage> ExchangeAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        HttpResponseMessage response;
        using (request)
        {
            try
            {
                response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel).ConfigureAwait(false);
            }
            catch (HttpRequestException e)
            {
                throw new CliException(ExitCode.NoDaemon, Unreachable(e), e);
            }
        }

        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            var text = await response.Content.ReadAsStringAsync(cancel).ConfigureAwait(false);
            if (response.Content.Headers.ContentType?.MediaType != ApiProblem.MediaType)
            {
                throw new CliException(ExitCode.Failed, $"The daemon behind {_socket} answered {(int)response.StatusCode} to {request.Method} {request.RequestUri}.");
            }

            var problem = Read(text, ApiJson.Default.ApiProblem);
            throw new CliException(ExitCodes.Of(problem.Failure), problem.Sentence);
        }
    }

    private T Read<T>(string text, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(text, type) ?? throw new JsonException("null");
        }
        catch (JsonException e)
        {
            throw new CliException(ExitCode.Failed, $"What answers on {_socket} is not a daemon of this version: {e.Message}", e);
        }
    }

    private string Unreachable(HttpRequestException e) => e.InnerException switch
    {
        SocketException { SocketErrorCode: SocketError.AccessDenied } => $"No permission to open {_socket}: run this as the user of the daemon, usually root.",
        SocketException => $"No daemon answers on {_socket}: start one with 'amig node', or name another socket with --socket or AMIG_SOCKET.",
        _ => $"The daemon behind {_socket} broke the exchange off: {e.Message}",
    };

    private async ValueTask<System.IO.Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(_socket), cancel).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
