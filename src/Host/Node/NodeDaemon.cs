using System.Net;
using System.Runtime.InteropServices;
using ActorMigration.Actors.Trust;
using ActorMigration.Contracts.Trust;
using ActorMigration.Host.Cli;
using ActorMigration.Host.Http;
using ActorMigration.Host.Trust;
using Akka.Cluster;
using Microsoft.Extensions.Logging;

namespace ActorMigration.Host.Node;

/// <summary>
/// The life of one daemon: lock, identity, actor system, actors, HTTP; then wait; then the same backwards. Containers run on
/// whatever becomes of it.
/// </summary>
internal static class NodeDaemon
{
    /// <summary>How long the cluster may take to let this member go.</summary>
    private static readonly TimeSpan LeavePatience = TimeSpan.FromSeconds(10);

    /// <summary>How long an orderly stop waits for containers that stand in the middle of their move: with what follows it, less than systemd's TimeoutStopSec in deploy/amig.service.</summary>
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(12);

    /// <summary>Runs until SIGTERM, SIGINT, <paramref name="cancel"/>, or until the cluster has removed this member.</summary>
    internal static async Task<ExitCode> RunAsync(NodeSettings settings, HoconFiles files, TimeProvider time, CancellationToken cancel)
    {
        using var logs = NodeLogging.Create(time);
        var log = logs.CreateLogger("node");
        using var state = StateLock.Take(settings.StateDirectory);
        Directory.CreateDirectory(settings.RunDirectory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        using var trust = TrustState.Load(settings.StateDirectory);
        var identity = new NodeIdentity(trust.Node, trust.OwnerCa);
        var peers = new PeerCertificates(identity.OwnerCa, settings.Seeds);
        var services = await NodeServices.OpenAsync(settings, trust, identity, time, logs, cancel).ConfigureAwait(false);
        await using (services.ConfigureAwait(false))
        {
            var system = NodeActorSystem.Create(services.OthersAreMembers ? settings.JoiningOnly() : settings, files, identity, peers, logs.CreateLogger("tls"));
            LogBridgeExtension.Of(system).Logger = logs.CreateLogger("akka");
            var lifecycle = new NodeLifecycle(system, time, log);
            try
            {
                var cluster = new ClusterPeers(system, settings.Host, peers);
                services.TellMembership(() => IsUp(settings, cluster));
                var console = await services.StartAsync(system, lifecycle, cluster).ConfigureAwait(false);
                system.ActorOf(MemberDialler.Props(cluster, system), "member-dialler");
                var api = await ApiServer.StartAsync(settings, console, () => Hosts(settings, cluster, services.Trust.Board), services.AskVotersAsync, services.ResolveAsync, services.Linux.Images, time, logs).ConfigureAwait(false);
                await using (api.ConfigureAwait(false))
                {
                    log.LogInformation("{Host} listens on {Address}:{Port}; API on {Socket}.", settings.Host, settings.Address, settings.RemotePort, settings.ApiSocket);
                    using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancel);
                    var island = new BackgroundTask(stop => WatchIslandAsync(settings, cluster, services, lifecycle, time, stop), log, "a host that stands alone beside the others' cluster is not noticed here any more");
                    var rehearsal = Rehearsal.RunAsync(system, services.Linux.Criu, time, log, stopping.Token);
                    var end = await WaitAsync(lifecycle, log, cancel).ConfigureAwait(false);
                    if (!await NodeServices.TellOfStopAsync(system, StopPatience).ConfigureAwait(false))
                    {
                        log.LogWarning("A container still stands for a migration of this host: it goes on when this daemon is back, or when the others have decided without it.");
                    }

                    await stopping.CancelAsync().ConfigureAwait(false);
                    await rehearsal.ConfigureAwait(false);
                    await island.DisposeAsync().ConfigureAwait(false);
                    return end;
                }
            }
            finally
            {
                await lifecycle.StopAsync(LeavePatience).ConfigureAwait(false);
                log.LogInformation("Stopped; containers run on.");
            }
        }
    }

    private static async Task<ExitCode> WaitAsync(NodeLifecycle lifecycle, ILogger log, CancellationToken cancel)
    {
        var asked = new TaskCompletionSource<NodeEnd>(TaskCreationOptions.RunContinuationsAsynchronously);
        void OnSignal(PosixSignalContext signal)
        {
            signal.Cancel = true;
            asked.TrySetResult(NodeEnd.Asked);
        }

        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var cancelled = cancel.Register(() => asked.TrySetResult(NodeEnd.Asked));
        var end = await (await Task.WhenAny(asked.Task, lifecycle.Ended).ConfigureAwait(false)).ConfigureAwait(false);
        if (end == NodeEnd.Asked)
        {
            log.LogInformation("Stopping as asked.");
            return ExitCode.Ok;
        }

        log.LogError("This member is no longer part of the cluster that the others have ({End}): the daemon ends, so that a new start can join anew.", end);
        return ExitCode.Failed;
    }

    /// <summary>Only the first seed can form a cluster by itself.</summary>
    private static async Task WatchIslandAsync(NodeSettings settings, ClusterPeers cluster, NodeServices services, NodeLifecycle lifecycle, TimeProvider time, CancellationToken cancel)
    {
        if (!settings.IsFirstSeed)
        {
            return;
        }

        async Task<bool> IsStranded()
            => services.OthersAreMembers
                ? !IsUp(settings, cluster) && !await services.AnotherIsMemberAsync().ConfigureAwait(false)
                : IsUp(settings, cluster) && cluster.Describe().Count() == 1 && await services.AnotherIsMemberAsync().ConfigureAwait(false);
        await new IslandWatch(IsStranded, IslandWatch.LookEvery, time).RunAsync(cancel).ConfigureAwait(false);
        lifecycle.EndIsland();
    }

    private static bool IsUp(NodeSettings settings, ClusterPeers cluster) => cluster.Describe().Any(one => one.Name == settings.Host && one.Member.Status == MemberStatus.Up);

    private static HostJson[] Hosts(NodeSettings settings, ClusterPeers cluster, TrustBoard trust)
        => [.. cluster.Describe()
            .Select(one => new HostJson(
                one.Name?.Value ?? "",
                $"{one.Member.Address.Host}:{one.Member.Address.Port}",
                one.Member.Status.ToString(),
                one.Reachable,
                settings.Voters.Any(voter => voter.Host == one.Name),
                one.Name == settings.Host,
                (one.Name is { } name ? trust.Of(name) : HostTrust.Unknown).ToString().ToLowerInvariant(),
                one.Name is { } named ? trust.Against(named) : ""))
            .OrderBy(host => host.Host, StringComparer.Ordinal)];
}
