using System.Net.Sockets;
using ActorMigration.Actors;
using ActorMigration.Contracts;
using ActorMigration.Host.Node;
using Akka.Actor;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ActorMigration.Host.Http;

/// <summary>
/// The daemon's HTTP interface on its Unix socket, for the CLI and for scripts. Whoever can open the socket is the operator: it is
/// for its owner only. Requests become commands to the console actor; nothing is decided here.
/// </summary>
public sealed class ApiServer : IAsyncDisposable
{
    /// <summary>Somebody may be following a migration for hours: a daemon that stops waits for its clients for so long only.</summary>
    private static readonly TimeSpan ShutdownPatience = TimeSpan.FromSeconds(2);

    /// <summary>Bytes; the largest request is a container's spec.</summary>
    private const long MaxBodyBytes = IWire.MaxBytes;

    private readonly WebApplication _app;

    private ApiServer(WebApplication app) => _app = app;

    /// <summary>Listens when this returns. Throws <see cref="SettingsException"/> when the socket cannot be had.</summary>
    /// <param name="settings">Socket, deadline, defaults.</param>
    /// <param name="console">The console actor.</param>
    /// <param name="hosts">The members as this host sees them.</param>
    /// <param name="voters">Asks all voters.</param>
    /// <param name="resolve">Carries the operator's word about a register to all that have a part in it.</param>
    /// <param name="images">The images of this host.</param>
    /// <param name="time">Clock of the progress stream.</param>
    /// <param name="logs">Where the server logs.</param>
    public static async Task<ApiServer> StartAsync(
        NodeSettings settings, ICanTell console, Func<HostJson[]> hosts, Func<Task<VoterJson[]>> voters, Func<ResolveOrder, Task<ResolveOutcome>> resolve, IImageCatalog images, TimeProvider time, ILoggerFactory logs)
    {
        await PrepareSocketAsync(settings.ApiSocket).ConfigureAwait(false);
        // Empty: a builder with defaults looks for appsettings.json and watches the working directory for it, with everything below, which for a daemon is the whole file system.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRoutingCore();
        builder.Services.Replace(ServiceDescriptor.Singleton(logs));
        builder.Services.Replace(ServiceDescriptor.Singleton<IHostLifetime, NoSignals>());
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = ShutdownPatience);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.ListenUnixSocket(settings.ApiSocket, listen => listen.Protocols = HttpProtocols.Http1);
            kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
            kestrel.AddServerHeader = false;
        });
        var app = builder.Build();
        app.Use(AnswerRefusalsAsync);
        var client = new ConsoleClient(console, settings.ApiDeadline);
        new ContainerRoutes(client, images, hosts, settings.Host, settings.StopGrace).Map(app);
        new ImageRoutes(images).Map(app);
        new MigrationRoutes(client, settings.Migration.Policy, resolve, time).Map(app);
        new DoctorRoutes(client, hosts, [.. settings.Voters.Select(voter => voter.Host)]).Map(app);
        new BalanceRoutes(client).Map(app);
        app.MapGet("/v1/load", async http => await http.WriteAsync(
            LoadJson.From(await client.AskAsync<LoadsListed>(new ListLoads(), http.RequestAborted).ConfigureAwait(false)), ApiJson.Default.LoadJson).ConfigureAwait(false));
        app.MapGet("/v1/hosts", http => http.WriteAsync(new HostsJson(hosts()), ApiJson.Default.HostsJson));
        app.MapGet("/v1/voters", async http => await http.WriteAsync(new VotersJson(await voters().ConfigureAwait(false)), ApiJson.Default.VotersJson).ConfigureAwait(false));
        var node = new NodeJson(settings.Host.Value, typeof(ApiServer).Assembly.GetName().Version!.ToString(3), Environment.ProcessId);
        app.MapGet("/v1/node", http => http.WriteAsync(node, ApiJson.Default.NodeJson));
        try
        {
            await app.StartAsync().ConfigureAwait(false);
        }
        catch (IOException e)
        {
            await app.DisposeAsync().ConfigureAwait(false);
            throw new SettingsException($"Cannot listen on {settings.ApiSocket} (amig.api-socket): {e.Message}", e);
        }

        // Until here the socket had the mode that the umask leaves, without write permission for others, which connect(2) asks for.
        File.SetUnixFileMode(settings.ApiSocket, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return new ApiServer(app);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync().ConfigureAwait(false);
        await _app.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task AnswerRefusalsAsync(HttpContext http, RequestDelegate next)
    {
        try
        {
            await next(http).ConfigureAwait(false);
        }
        catch (ApiException e) when (!http.Response.HasStarted)
        {
            await http.WriteAsync(e.Problem, ApiJson.Default.ApiProblem, e.Problem.Status, ApiProblem.MediaType).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client has gone; nobody is left to be answered.
        }
    }

    /// <summary>Removes the socket of a daemon that died; refuses while one answers.</summary>
    private static async Task PrepareSocketAsync(string path)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"Cannot make the directory of {path} (amig.api-socket): {e.Message}", e);
        }

        if (!File.Exists(path))
        {
            return;
        }

        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await probe.ConnectAsync(new UnixDomainSocketEndPoint(path)).ConfigureAwait(false);
        }
        catch (SocketException)
        {
            File.Delete(path);
            return;
        }

        throw new SettingsException($"Another daemon answers on {path} (amig.api-socket): stop it first, or give this one a socket of its own.");
    }

    /// <summary>The daemon's own handler of SIGTERM stops this server, in its turn.</summary>
    private sealed class NoSignals : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
