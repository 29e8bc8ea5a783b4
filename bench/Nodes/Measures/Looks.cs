using System.Diagnostics;
using ActorMigration.Actors;
using ActorMigration.Contracts;
using Akka.Actor;

namespace ActorMigration.Nodes;

/// <summary>Looks of the acting balancer at all hosts, and the decisions that it makes of them.</summary>
internal static class Looks
{
    /// <summary>One begins so long after the one before, if that has ended.</summary>
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan Patience = BalancerActor.LookPatience * 2;

    /// <summary>Decisions are made anew so often.</summary>
    private const int Replays = 21;

    /// <summary>As the operator asks for one; milliseconds until the decision is there, which is the time of the questions and of the decision, or null when there was none.</summary>
    public static async Task<double?> OneAsync(SimulatedNode acting)
    {
        var began = Stopwatch.GetTimestamp();
        try
        {
            return await acting.Balancer.Ask<object>(new LookNow(), Patience).ConfigureAwait(false) is BalanceSeen ? Stopwatch.GetElapsedTime(began).TotalMilliseconds : null;
        }
        catch (AskTimeoutException)
        {
            return null;
        }
    }

    /// <summary>So many, and the milliseconds of those that came to a decision.</summary>
    public static async Task<double[]> ManyAsync(SimulatedNode acting, int count)
    {
        var took = new List<double>();
        for (var look = 0; look < count; look++)
        {
            var began = Stopwatch.GetTimestamp();
            if (await OneAsync(acting).ConfigureAwait(false) is { } ms)
            {
                took.Add(ms);
            }

            if (Every - Stopwatch.GetElapsedTime(began) is var rest && rest > TimeSpan.Zero)
            {
                await Task.Delay(rest).ConfigureAwait(false);
            }
        }

        return [.. took];
    }

    /// <summary>How the acting balancer sees the cluster; null when it does not say.</summary>
    public static async Task<BalanceStatus?> StatusAsync(SimulatedNode acting)
    {
        try
        {
            return await acting.Balancer.Ask<object>(new AskBalance(), Patience).ConfigureAwait(false) as BalanceStatus;
        }
        catch (AskTimeoutException)
        {
            return null;
        }
    }

    /// <summary>Bytes of a message between hosts, before TLS; null for one that is too large to be sent.</summary>
    public static int? Bytes(SimulatedNode node, IWire message)
    {
        try
        {
            return node.System.Serialization.FindSerializerFor(message).ToBinary(message).Length;
        }
        catch (System.Runtime.Serialization.SerializationException)
        {
            return null;
        }
    }

    /// <summary>The last decision that was logged, made anew: median milliseconds on the wall and of the thread.</summary>
    public static (double Wall, double Cpu) Decide(BalanceRecord record)
    {
        var (walls, cpus) = (new List<double>(), new List<double>());
        for (var replay = 0; replay < Replays; replay++)
        {
            var (wall, cpu) = (Stopwatch.GetTimestamp(), Usage.ThreadCpu());
            BalanceRounds.See(record.Memory, record.Self, record.Snapshot, record.Policy, record.Mode);
            cpus.Add((Usage.ThreadCpu() - cpu).TotalMilliseconds);
            walls.Add(Stopwatch.GetElapsedTime(wall).TotalMilliseconds);
        }

        return (walls.Median()!.Value, cpus.Median()!.Value);
    }
}
