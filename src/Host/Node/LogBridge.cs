using Akka.Actor;
using Akka.Dispatch;
using Akka.Event;
using Microsoft.Extensions.Logging;
using MsLogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace ActorMigration.Host.Node;

/// <summary>
/// Akka's log, handed to Microsoft.Extensions.Logging: one place decides format and level. Akka makes this actor by its name in
/// akka.loggers; it finds the logger through <see cref="LogBridgeExtension"/>, or drops what comes before one is set.
/// </summary>
public sealed class LogBridge : ReceiveActor, IRequiresMessageQueue<ILoggerMessageQueueSemantics>
{
    private readonly LogBridgeExtension _extension = LogBridgeExtension.Of(Context.System);

    public LogBridge()
    {
        Receive<InitializeLogger>(_ => Sender.Tell(new LoggerInitialized()));
        Receive<Debug>(it => Write(it, MsLogLevel.Debug));
        Receive<Info>(it => Write(it, MsLogLevel.Information));
        Receive<Warning>(it => Write(it, MsLogLevel.Warning));
        Receive<Error>(it => Write(it, MsLogLevel.Error));
    }

    private void Write(LogEvent it, MsLogLevel level)
        => _extension.Logger?.Log(level, it.Cause, "{Message} [{Source}]", it.Message, Short(it.LogSource));

    /// <summary>Without "akka://amig", which is on every line, and without the address.</summary>
    private static string Short(string source)
    {
        var user = source.IndexOf("/user/", StringComparison.Ordinal);
        return user >= 0 ? source[user..] : source.Split('(')[0];
    }
}

/// <summary>Carries the logger to the actor that Akka makes by reflection.</summary>
public sealed class LogBridgeExtension : IExtension
{
    private volatile ILogger? _logger;

    public ILogger? Logger
    {
        get => _logger;
        set => _logger = value;
    }

    public static LogBridgeExtension Of(ActorSystem system) => system.WithExtension<LogBridgeExtension, Provider>();

    private sealed class Provider : ExtensionIdProvider<LogBridgeExtension>
    {
        public override LogBridgeExtension CreateExtension(ExtendedActorSystem system) => new();
    }
}
