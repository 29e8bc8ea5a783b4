using Akka.Actor;
using Akka.Cluster;

namespace ActorMigration.Nodes;

/// <summary>Counts what nodes think of each other. Thread-safe.</summary>
internal sealed class ClusterEvents
{
    private int _unreachable;
    private int _removed;

    /// <summary>How often a node heard that another one cannot be reached.</summary>
    public int Unreachable => _unreachable;

    /// <summary>How often a node heard that another one is gone.</summary>
    public int Removed => _removed;

    public void Watch(ActorSystem system) => system.ActorOf(Props.Create(() => new Watching(this)), "cluster-events");

    private sealed class Watching : ReceiveActor
    {
        public Watching(ClusterEvents events)
        {
            Receive<ClusterEvent.UnreachableMember>(_ => Interlocked.Increment(ref events._unreachable));
            Receive<ClusterEvent.MemberRemoved>(_ => Interlocked.Increment(ref events._removed));
            Cluster.Get(Context.System).Subscribe(Self, ClusterEvent.InitialStateAsEvents, typeof(ClusterEvent.UnreachableMember), typeof(ClusterEvent.MemberRemoved));
        }
    }
}
