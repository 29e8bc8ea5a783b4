using ActorMigration.Actors;
using ActorMigration.Host.Cli;
using ActorMigration.Host.Http;
using ActorMigration.Host.Node;
using ActorMigration.Host.Tests.Node;
using Akka.Actor;
using Microsoft.Extensions.Logging.Abstractions;

namespace ActorMigration.Host.Tests.Http;

/// <summary>The real HTTP server on a real Unix socket, with a console actor that answers as a test says, and the real command line as its client.</summary>
internal sealed class TestApi : IAsyncDisposable
{
    private readonly ActorSystem _system;
    private readonly ApiServer _server;
    private readonly DirectoryInfo _directory;

    private TestApi(ActorSystem system, ApiServer server, DirectoryInfo directory)
    {
        _system = system;
        _server = server;
        _directory = directory;
    }

    internal string Socket => SocketIn(_directory);

    /// <param name="answer">Command to reply; null leaves the command without an answer.</param>
    /// <param name="extraKeys">More configuration.</param>
    /// <param name="resolve">What an operator hears; null refuses.</param>
    internal static async Task<TestApi> StartAsync(Func<object, object?> answer, string extraKeys = "", Func<ResolveOrder, ResolveOutcome>? resolve = null)
    {
        var directory = Directory.CreateTempSubdirectory("amig-api-");
        var settings = NodeSettingsReader.Read(NodeSettingsSpec.With(NodeSettingsSpec.Own + $"\namig.api-socket = \"{SocketIn(directory)}\"\n{extraKeys}"));
        var system = ActorSystem.Create("console", "akka { loglevel = OFF, stdout-loglevel = OFF }");
        var console = system.ActorOf(Props.Create(() => new Answering(answer)));
        HostJson[] hosts = [new("h1", "10.0.0.1:7070", "Up", true, true, true, "proved", ""), new("h2", "10.0.0.2:7070", "Up", false, false, false, "rejected", "evidence of host h2 rejected by policy p (so say 2 of 3 voters: h1, h3)")];
        var server = await ApiServer.StartAsync(settings, console, () => hosts, () => Task.FromResult<VoterJson[]>([new VoterJson("h1", VoterJson.Votes, 3, "i1", 2), new VoterJson("h2", VoterJson.Silent, 0, "", 0), new VoterJson("h3", VoterJson.Waits, 0, "i3", 1)]), order => Task.FromResult(resolve is null ? new ResolveOutcome.Refused("Not here.") : resolve(order)), new OneImage(), TimeProvider.System, NullLoggerFactory.Instance);
        return new TestApi(system, server, directory);
    }

    /// <summary>Runs <c>amig ARGS --socket …</c> in this process.</summary>
    internal Task<CliRun> RunAsync(params string[] args) => CliRun.OfAsync(["--socket", Socket, .. args]);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _system.Terminate();
        _directory.Delete(recursive: true);
    }

    private static string SocketIn(DirectoryInfo directory) => Path.Combine(directory.FullName, "api.sock");

    private sealed class OneImage : IImageCatalog
    {
        private static readonly string Digest = "sha256:" + new string('a', 64);

        public string? Resolve(string nameOrDigest) => nameOrDigest == "redis" ? Digest : null;

        public IReadOnlyList<string> EnvironmentOf(string digest) => [];

        public IReadOnlyList<(string Name, string Digest)> List() => [("redis", Digest)];

        public Task<string> ImportAsync(string path, string name, CancellationToken cancel)
            => path == "/images/redis" ? Task.FromResult(Digest) : throw new ApiException(RequestFailure.InvalidRequest, $"there is no file or directory {path}");
    }

    private sealed class Answering : ReceiveActor
    {
        public Answering(Func<object, object?> answer) => ReceiveAny(command =>
        {
            if (answer(command) is { } reply)
            {
                Sender.Tell(reply);
            }
        });
    }
}

/// <summary>How one run of the command line ended.</summary>
internal sealed record CliRun(ExitCode Code, string Out, string Error)
{
    private const int Width = 120;

    internal static async Task<CliRun> OfAsync(params string[] args)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var context = new CliContext(new Terminal(output, error, IsInteractive: false, Width, Colours: false), TimeProvider.System);
        var code = await AmigCommandLine.RunAsync(args, context, CancellationToken.None);
        return new CliRun((ExitCode)code, output.ToString(), error.ToString());
    }
}
