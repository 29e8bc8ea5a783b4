using Akka;
using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Akka.Remote;
using Microsoft.Extensions.Logging;

namespace ActorMigration.Host.Node;

/// <summary>Why the daemon ends.</summary>
public enum NodeEnd
{
    /// <summary>It was told to.</summary>
    Asked,

    /// <summary>The cluster removed this member, by downing or because another daemon left for it.</summary>
    Removed,

    /// <summary>Another member quarantined this actor system: it will not be heard again under this incarnation.</summary>
    Quarantined,

    /// <summary>It is alone in a cluster of its own, and others are there (<see cref="IslandWatch"/>).</summary>
    Island,

    /// <summary>An actor that cannot be restarted has failed; the log says which.</summary>
    ActorFailed,
}

/// <summary>
/// The one way in which a daemon stops: leave the cluster, then terminate. Akka's CoordinatedShutdown is not used, because it can
/// run only once and a failed TLS handshake towards a stranger sets it off; that is vetoed here. Containers are not touched by any of it.
/// </summary>
public sealed class NodeLifecycle
{
    /// <summary>Internal to Akka.Remote, so known by name only; a test with a rogue listener notices if it changes.</summary>
    private const string TlsReason = "TlsHandshakeFailureReason";

    /// <summary>For gossip to reach the others: two of its intervals.</summary>
    private static readonly TimeSpan WithoutConfirmation = TimeSpan.FromSeconds(1);

    private readonly ActorSystem _system;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly TaskCompletionSource<NodeEnd> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public NodeLifecycle(ActorSystem system, TimeProvider time, ILogger log)
    {
        _system = system;
        _time = time;
        _log = log;
        VetoShutdownByTls();
        Cluster.Get(system).RegisterOnMemberRemoved(() => _end.TrySetResult(NodeEnd.Removed));
        system.ActorOf(Props.Create(() => new QuarantineWatch(() => _end.TrySetResult(NodeEnd.Quarantined))), "quarantine-watch");
    }

    /// <summary>Completes when something other than <see cref="StopAsync"/> ended this member's life in the cluster.</summary>
    public Task<NodeEnd> Ended => _end.Task;

    /// <summary>Ends the daemon because it is alone in a cluster of its own.</summary>
    public void EndIsland() => _end.TrySetResult(NodeEnd.Island);

    /// <summary>Ends the daemon because a child of <see cref="NodeSupervisor"/> failed.</summary>
    public void Fail(string actor, Exception failure)
    {
        _log.LogError(failure, "The actor {Actor} failed: {Message}", actor, failure.Message);
        _end.TrySetResult(NodeEnd.ActorFailed);
    }

    /// <summary>Leaves the cluster, waits at most <paramref name="patience"/> to be let go, and terminates the actor system.</summary>
    public async Task StopAsync(TimeSpan patience)
    {
        if (_end.Task is not { IsCompleted: true, Result: NodeEnd.Removed or NodeEnd.Quarantined })
        {
            // While a member is unreachable no leave is confirmed: there is nothing to wait for but that the others hear of it.
            var wait = Cluster.Get(_system).State.Unreachable.IsEmpty ? patience : WithoutConfirmation;
            try
            {
                await Cluster.Get(_system).LeaveAsync().WaitAsync(wait, _time).ConfigureAwait(false);
            }
            catch (Exception e) when (e is TimeoutException or OperationCanceledException)
            {
                // The others find out by the failure detector, some seconds later.
                _log.LogWarning("The cluster did not confirm the leave within {Seconds} s; stopping all the same.", wait.TotalSeconds);
            }
        }

        await _system.Terminate().ConfigureAwait(false);
    }

    private void VetoShutdownByTls()
    {
        var shutdown = CoordinatedShutdown.Get(_system);
        shutdown.AddTask(CoordinatedShutdown.PhaseBeforeServiceUnbind, "tls-veto", () =>
            shutdown.ShutdownReason?.GetType().Name == TlsReason
                ? throw new InvalidOperationException("A peer with a wrong certificate does not end this daemon.")
                : Task.FromResult(Done.Instance));
    }

    /// <summary>Akka tells only the event stream that others have quarantined us, and goes on as if nothing were.</summary>
    private sealed class QuarantineWatch : ReceiveActor
    {
        public QuarantineWatch(Action quarantined) => Receive<ThisActorSystemQuarantinedEvent>(it =>
        {
            Context.GetLogger().Error("Quarantined by {0}", it.RemoteAddress);
            quarantined();
        });

        protected override void PreStart() => Context.System.EventStream.Subscribe(Self, typeof(ThisActorSystemQuarantinedEvent));
    }
}
