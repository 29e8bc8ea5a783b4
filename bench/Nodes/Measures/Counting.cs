using ActorMigration.Contracts;

namespace ActorMigration.Nodes;

/// <summary>Counts from when it is made until it is stopped.</summary>
/// <param name="acting">Whose incoming traffic is counted apart.</param>
internal sealed class Counting(SimulatedNode acting)
{
    private readonly Connections _connections = Connections.Read();
    private readonly Usage _usage = Usage.Now(TimeProvider.System);

    public Counted Stop()
    {
        var (usage, connections) = (Usage.Now(TimeProvider.System), Connections.Read());
        return new Counted(
            (usage.At - _usage.At).TotalSeconds,
            usage.Cpu - _usage.Cpu,
            connections.Since(_connections),
            connections.Since(_connections, NodesInProcess.EndPoint(acting.Host)),
            usage.WireBytes - _usage.WireBytes,
            connections.Count);
    }
}

/// <param name="Seconds">For so long.</param>
/// <param name="Cpu">Of the whole process.</param>
/// <param name="All">What came in at all hosts, which is what went out of all.</param>
/// <param name="AtActing">What the others sent to the acting balancer's host.</param>
/// <param name="WireBytes">Over the loopback interface, headers included.</param>
/// <param name="Connections">At the end.</param>
internal sealed record Counted(double Seconds, TimeSpan Cpu, Traffic All, Traffic AtActing, long WireBytes, int Connections);
