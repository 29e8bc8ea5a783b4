using System.Diagnostics;
using ActorMigration.Actors;
using ActorMigration.Contracts;
using Akka.Actor;

namespace ActorMigration.Nodes;

/// <summary>One cluster of one size, from its first node to the end of its oldest one. Each part puts its results under their names.</summary>
internal sealed class Run(Shape shape, NodesInProcess cluster)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(200);

    /// <summary>After the cluster has formed, before anything is counted: the last gossip, and two samples of every load.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(12);

    /// <summary>Between two looks while containers are moved.</summary>
    private static readonly TimeSpan MovingLooks = TimeSpan.FromSeconds(2);

    /// <summary>Between two looks of a balancer by default (<c>amig.balance.interval</c>).</summary>
    private const double LookSeconds = 30;

    public Dictionary<string, object?> Results { get; } = [];

    /// <summary>True when the cluster formed; only then is anything else measured.</summary>
    public async Task<bool> MeasureAsync()
    {
        var isFormed = await FormAsync().ConfigureAwait(false);
        if (isFormed && cluster.Acting is { } acting)
        {
            await Task.Delay(Settling).ConfigureAwait(false);
            var idle = await IdleAsync(acting).ConfigureAwait(false);
            await LookAsync(acting, idle).ConfigureAwait(false);
            await BalanceAsync(acting).ConfigureAwait(false);
            await TakeOverAsync(acting).ConfigureAwait(false);
        }

        Results["load_average_end"] = Usage.LoadAverage();
        Results["warnings"] = cluster.Log.WarningCount;
        foreach (var warning in cluster.Log.Warnings.Take(8))
        {
            Say($"warning, {warning}");
        }

        return isFormed;
    }

    private async Task<bool> FormAsync()
    {
        var usage = Usage.Now(TimeProvider.System);
        var (residentBefore, threadsBefore, began) = (Usage.ResidentMiB(), Usage.Threads(), Stopwatch.GetTimestamp());
        Results["load_average"] = Usage.LoadAverage();
        await cluster.StartAsync().ConfigureAwait(false);
        Results["start_s"] = Seconds(began);
        Say($"{shape.Hosts} nodes are started");
        var isFormed = await UntilAsync(() => cluster.IsFormed).ConfigureAwait(false);
        Results["form_s"] = isFormed ? Seconds(began) : null;
        Results["named_share_when_formed"] = cluster.NamedShare.Rounded(3);
        Results["named_by_acting_when_formed"] = cluster.Acting?.Sight.Named;
        Say($"formed: {isFormed}");
        var isNamed = isFormed && await UntilAsync(() => cluster.Acting?.Sight.Named == shape.Hosts).ConfigureAwait(false);
        Results["acting_names_all_s"] = isNamed ? Seconds(began) : null;
        var now = Usage.Now(TimeProvider.System);
        Results["cores_had_while_forming"] = ((now.Cpu - usage.Cpu) / (now.At - usage.At)).Rounded(2);
        GC.Collect();
        Results["threads_per_node"] = ((Usage.Threads() - threadsBefore) / (double)shape.Hosts).Rounded(1);
        Results["resident_mib_per_node"] = ((Usage.ResidentMiB() - residentBefore) / shape.Hosts).Rounded(1);
        Results["largest_gossip_bytes"] = cluster.Log.LargestGossip;
        Results["unreachable_while_forming"] = cluster.Events.Unreachable;
        return isFormed;
    }

    /// <summary>Nobody looks: gossip, heartbeats of the cluster, and those of each connection.</summary>
    private async Task<Counted> IdleAsync(SimulatedNode acting)
    {
        var unreachable = cluster.Events.Unreachable;
        var counting = new Counting(acting);
        await Task.Delay(shape.Window).ConfigureAwait(false);
        var idle = counting.Stop();
        Results["connections_per_host"] = (idle.Connections / (double)shape.Hosts).Rounded(1);
        Results["named_share"] = cluster.NamedShare.Rounded(3);
        Results["idle_bytes_per_host_s"] = (idle.All.Bytes / idle.Seconds / shape.Hosts).Rounded(0);
        Results["idle_messages_per_host_s"] = (idle.All.Messages / idle.Seconds / shape.Hosts).Rounded(1);
        Results["idle_wire_bytes_per_host_s"] = (idle.WireBytes / idle.Seconds / shape.Hosts).Rounded(0);
        Results["idle_cpu_ms_per_host_s"] = (idle.Cpu.TotalMilliseconds / idle.Seconds / shape.Hosts).Rounded(2);
        Results["cores_had_while_idle"] = (idle.Cpu.TotalSeconds / idle.Seconds).Rounded(2);
        Results["unreachable_while_idle"] = cluster.Events.Unreachable - unreachable;
        Say("counted without looks");
        return idle;
    }

    private async Task LookAsync(SimulatedNode acting, Counted idle)
    {
        // The first one asks for the attempts as well, and pays for what is compiled.
        Results["first_look_ms"] = (await Looks.OneAsync(acting).ConfigureAwait(false)).Rounded(1);
        var unreachable = cluster.Events.Unreachable;
        var counting = new Counting(acting);
        var took = await Looks.ManyAsync(acting, shape.Looks).ConfigureAwait(false);
        var with = counting.Stop();
        double Added(Func<Counted, double> of) => ((of(with) / with.Seconds) - (of(idle) / idle.Seconds)) * with.Seconds / shape.Looks;
        Results["looks"] = took.Length;
        Results["look_ms"] = took.Median().Rounded(1);
        Results["look_ms_most"] = took.Length > 0 ? took.Max().Rounded(1) : null;
        Results["look_bytes"] = Added(c => c.All.Bytes).Rounded(0);
        Results["look_messages"] = Added(c => c.All.Messages).Rounded(0);
        Results["look_bytes_to_acting"] = Added(c => c.AtActing.Bytes).Rounded(0);
        Results["look_bytes_per_host_s"] = (Added(c => c.All.Bytes) / shape.Hosts / LookSeconds).Rounded(1);
        Results["look_cpu_ms_all_hosts"] = Added(c => c.Cpu.TotalMilliseconds).Rounded(1);
        Results["unreachable_while_looking"] = cluster.Events.Unreachable - unreachable;
        await Looks.OneAsync(acting).ConfigureAwait(false);
        var status = await Looks.StatusAsync(acting).ConfigureAwait(false);
        Results["hosts_seen"] = status?.Hosts.Length;
        Results["status_bytes"] = status is null ? null : Looks.Bytes(acting, status);
        Say("counted with looks");
    }

    private async Task BalanceAsync(SimulatedNode acting)
    {
        acting.Balancer.Tell(new SetBalanceMode(BalanceMode.Auto));
        var began = Stopwatch.GetTimestamp();
        Results["imbalance_before"] = (await Looks.StatusAsync(acting).ConfigureAwait(false))?.Last?.Imbalance.Rounded(3);
        while (Stopwatch.GetElapsedTime(began) < shape.Moving)
        {
            acting.Tick();
            await Task.Delay(MovingLooks).ConfigureAwait(false);
        }

        var status = await Looks.StatusAsync(acting).ConfigureAwait(false);
        Results["imbalance_after"] = status?.Last?.Imbalance.Rounded(3);
        Results["moves_made"] = cluster.Hosts.Moves;
        Results["moves_failed"] = status?.Moves.Count(m => m.Outcome is AttemptOutcome.Aborted or AttemptOutcome.Lost);
        if (((NotedStore)acting.Store).Last is { } logged)
        {
            var (wall, cpu) = Looks.Decide(logged.Record);
            Results["decision_ms"] = wall.Rounded(2);
            Results["decision_cpu_ms"] = cpu.Rounded(2);
            Results["log_bytes"] = logged.Bytes;
            Results["log_ms"] = logged.Took.TotalMilliseconds.Rounded(1);
        }

        // What is under way would be waited for after the takeover.
        acting.Balancer.Tell(new SetBalanceMode(BalanceMode.Off));
        Say("balanced");
    }

    /// <summary>The acting balancer's node is gone without a word. The next oldest is told every other second that it is time to look, and has taken over when it knows the loads of all that are left.</summary>
    private async Task TakeOverAsync(SimulatedNode acting)
    {
        var began = Stopwatch.GetTimestamp();
        await cluster.CrashAsync(acting).ConfigureAwait(false);
        double? first = null;
        var (seen, most) = (0, 0);
        bool IsOver() => seen == shape.Hosts - 1 || Stopwatch.GetElapsedTime(began) > shape.Patience;
        for (var isOver = false; !isOver; isOver = IsOver())
        {
            await Task.Delay(MovingLooks).ConfigureAwait(false);
            if (cluster.Acting is { } next && next.Peers.Oldest(static _ => true) == next.Host && await Looks.OneAsync(next).ConfigureAwait(false) is not null)
            {
                seen = (await Looks.StatusAsync(next).ConfigureAwait(false))?.Hosts.Length ?? 0;
                Results["hosts_seen_by_next_at_first"] = first is null ? seen : Results["hosts_seen_by_next_at_first"];
                first ??= Seconds(began);
                most = Math.Max(most, seen);
            }
        }

        Results["next_looks_s"] = first;
        Results["next_sees_all_s"] = seen == shape.Hosts - 1 ? Seconds(began) : null;
        Results["hosts_seen_by_next_most"] = most;
    }

    private async Task<bool> UntilAsync(Func<bool> isSo)
    {
        var began = Stopwatch.GetTimestamp();
        while (!isSo())
        {
            if (Stopwatch.GetElapsedTime(began) > shape.Patience)
            {
                return false;
            }

            await Task.Delay(LookAgain).ConfigureAwait(false);
        }

        return true;
    }

    private static double Seconds(long began) => Stopwatch.GetElapsedTime(began).TotalSeconds.Rounded(1);

    private static void Say(string sentence) => Console.Error.WriteLine($"cluster: {sentence}.");
}
