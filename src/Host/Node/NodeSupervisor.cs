using Akka.Actor;
using Akka.Event;

namespace ActorMigration.Host.Node;

/// <summary>
/// /user/node: parent of every actor of the daemon. What it makes is listed at one place, in <see cref="NodeServices"/>.
///
/// Supervision: <c>tpm</c>, <c>containers</c>, <c>doctor</c>, <c>load</c>, <c>trust</c>, <c>balancer</c> and <c>console</c> are restarted, since all they hold can be made anew. An exception in any other child ends the
/// daemon: what it knew is in its journals, and a fresh start that reads them is the one way back that is tested. Containers run on.
/// A Kill is ignored: Akka lets it through from peers, even in untrusted mode, to each path that they may select.
/// </summary>
internal sealed class NodeSupervisor : UntypedActor
{
    /// <summary>Its name under /user.</summary>
    internal const string Name = "node";

    private static readonly string[] Restartable = ["tpm", "containers", "doctor", "load", "trust", "balancer", "console"];

    private readonly Action<IActorRefFactory> _compose;
    private readonly Action<string, Exception> _failed;
    private readonly ILoggingAdapter _log = Context.GetLogger();

    public NodeSupervisor(Action<IActorRefFactory> compose, Action<string, Exception> failed)
    {
        _compose = compose;
        _failed = failed;
    }

    /// <param name="compose">Makes the children.</param>
    /// <param name="failed">Called with the name of a child whose exception must end the daemon.</param>
    internal static Props Props(Action<IActorRefFactory> compose, Action<string, Exception> failed)
        => Akka.Actor.Props.Create(() => new NodeSupervisor(compose, failed));

    protected override void PreStart() => _compose(Context);

    protected override void OnReceive(object message) => Unhandled(message);

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(failure =>
    {
        var child = Sender.Path.Name;
        switch (failure)
        {
            case ActorKilledException:
                _log.Warning("A Kill for {0} was ignored; nobody in this daemon sends one", child);
                return Directive.Resume;
            case not ActorInitializationException when Restartable.Contains(child):
                return Directive.Restart;
            default:
                _failed(child, failure);
                return Directive.Stop;
        }
    });
}
