using System.Collections.Immutable;
using ActorMigration.Actors.Trust;
using ActorMigration.Contracts;
using Akka.Actor;

namespace ActorMigration.Actors;

/// <summary>
/// The operator's commands on this node (its HTTP turns requests into these messages): finds the host that a command is for and hands it on; asks all members and
/// puts their answers together. Holds no state; what it knows of owners it asks for each time.
///
/// Supervision: restarted by the node.
/// </summary>
public sealed class ConsoleActor : UntypedActor
{
    /// <summary>Longest wait for one member's answer: a runc list on a loaded host.</summary>
    public static readonly TimeSpan MemberPatience = TimeSpan.FromSeconds(5);

    /// <summary>Longest wait for an examination: that host's own deadline, and the way.</summary>
    public static readonly TimeSpan ExaminationPatience = DoctorActor.Deadline + MemberPatience;

    /// <summary>Longest wait for a command that stops, starts or asks voters.</summary>
    public static readonly TimeSpan CommandPatience = TimeSpan.FromMinutes(2);

    private readonly IPeers _peers;
    private readonly VoterPoll _poll;
    private readonly ClusterTrust _trust;

    public ConsoleActor(IPeers peers, VoterPoll poll, ClusterTrust trust)
    {
        _trust = trust;
        _peers = peers;
        _poll = poll;
    }

    public static Props Props(IPeers peers, VoterPoll poll, ClusterTrust trust) => Akka.Actor.Props.Create(() => new ConsoleActor(peers, poll, trust));

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case RunContainer run:
                AskAsync(_peers.Containers(run.Host), run.Host, run).PipeTo(Sender, Self);
                break;
            case ListContainers:
                ListAsync().PipeTo(Sender, Self, success: static all => all);
                break;
            case RemoveContainer remove:
                RemoveAsync(remove).PipeTo(Sender, Self);
                break;
            case MigrateContainer migrate:
                MigrateAsync(migrate).PipeTo(Sender, Self);
                break;
            case ListMigrations:
                ListMigrationsAsync().PipeTo(Sender, Self, success: static all => all);
                break;
            case ShowMigration show:
                ShowAsync(show.Attempt).PipeTo(Sender, Self);
                break;
            case CancelMigration cancel:
                CancelAsync(cancel).PipeTo(Sender, Self);
                break;
            case ExamineHosts examine:
                ExamineAsync(examine.Only).PipeTo(Sender, Self);
                break;
            case DrainHost drain:
                DrainAsync(drain).PipeTo(Sender, Self);
                break;
            case SetBalanceMode or AskBalance or LookNow or ApplyPlan or AskMove:
                BalanceAsync((IWire)message).PipeTo(Sender, Self);
                break;
            case ListLoads:
                ListLoadsAsync().PipeTo(Sender, Self, success: static all => all);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private async Task<object> BalanceAsync(IWire command)
        => _peers.Oldest(_trust.MayLead) is { } oldest
            ? await AskAsync(_peers.Balancer(oldest), oldest, command).ConfigureAwait(false)
            : new CommandRefused(MigrationFailure.UnknownHost, $"host {_peers.Self} does not know yet who balances the cluster: it has not joined, or not met all members; try again");

    private async Task<object> DrainAsync(DrainHost drain)
        => _peers.Members.Contains(drain.Host) ? await AskAsync(_peers.Balancer(drain.Host), drain.Host, drain).ConfigureAwait(false) : NoMember(drain.Host);

    private async Task<object> MigrateAsync(MigrateContainer migrate)
    {
        if (!_peers.Members.Contains(migrate.To))
        {
            return NoMember(migrate.To);
        }

        return await FindAsync(migrate.Container).ConfigureAwait(false) is { } host
            ? await AskAsync(_peers.Migrations(host), host, migrate).ConfigureAwait(false)
            : new CommandRefused(MigrationFailure.UnknownContainer, $"container {migrate.Container} is on no reachable host");
    }

    private async Task<object> RemoveAsync(RemoveContainer remove)
    {
        var host = await FindAsync(remove.Container).ConfigureAwait(false);
        if (host is null && await _poll.ReadFloorAsync(remove.Container).ConfigureAwait(false) is { } floor)
        {
            // Removed, and its name given back to some of the voters only.
            host = floor.Owner ?? floor.Released?.By;
        }

        return host is { } owner
            ? await AskAsync(_peers.Containers(owner), owner, remove).ConfigureAwait(false)
            : new CommandRefused(MigrationFailure.UnknownContainer, $"container {remove.Container} is on no reachable host");
    }

    private async Task<object> CancelAsync(CancelMigration cancel)
    {
        var details = await ShowAsync(cancel.Attempt).ConfigureAwait(false);
        return details is AttemptDetails attempt
            ? await AskAsync(_peers.Migrations(attempt.Source), attempt.Source, cancel).ConfigureAwait(false)
            : details;
    }

    private async Task<object> ShowAsync(AttemptId attempt)
    {
        var views = new List<AttemptDetails>();
        var asked = _peers.Members.ToDictionary(h => h, h => AskAsync(_peers.Migrations(h), h, new ShowMigration(attempt)));
        await foreach (var answer in Task.WhenEach(asked.Values).ConfigureAwait(false))
        {
            // The source's view has the rounds; with it nobody else, who may hang, is waited for. The destination's stands in when the source is gone.
            switch (await answer.ConfigureAwait(false))
            {
                case AttemptDetails { Outcome: AttemptOutcome.Committed, HasEnded: true } moved when moved.ReportedBy == moved.Source && asked.TryGetValue(moved.Destination, out var destination):
                    // The container runs, and its memory may still be coming: for whoever waits the attempt ends when that is over.
                    return await destination.ConfigureAwait(false) is AttemptDetails { HasEnded: false } there ? moved with { Step = there.Step } : moved;
                case AttemptDetails view when view.ReportedBy == view.Source:
                    return view;
                case AttemptDetails view:
                    views.Add(view);
                    break;
            }
        }

        return views.FirstOrDefault()
            ?? (object)new CommandRefused(MigrationFailure.UnknownContainer, $"no reachable host knows an attempt {attempt}");
    }

    private async Task<MigrationsListed> ListMigrationsAsync()
    {
        var answers = await Task.WhenAll(_peers.Members.Select(h => AskAsync(_peers.Migrations(h), h, new ListMigrations()))).ConfigureAwait(false);
        return new MigrationsListed([.. answers.OfType<MigrationsListed>().SelectMany(l => l.Attempts)
            .GroupBy(a => a.Attempt)
            .Select(g => g.FirstOrDefault(a => a.ReportedBy == a.Source) ?? g.First())
            .OrderBy(a => a.Outcome != AttemptOutcome.Open).ThenByDescending(a => a.StartedUnixMs)]);
    }

    private async Task<ClusterContainers> ListAsync()
    {
        var owners = _poll.OwnersAsync();
        var hosts = await Task.WhenAll(_peers.Members.Select(async host =>
            await AskAsync(_peers.Containers(host), host, new ListContainers()).ConfigureAwait(false) as HostContainers ?? new HostContainers(host, false, []))).ConfigureAwait(false);
        return new ClusterContainers(WithUnreachable(hosts, await owners.ConfigureAwait(false) ?? []));
    }

    /// <summary>What belongs to hosts that did not answer, members or not any more.</summary>
    private static HostContainers[] WithUnreachable(HostContainers[] hosts, ImmutableArray<ContainerFloor> owners)
    {
        var (answered, listed) = (hosts.Where(h => h.Reachable).ToArray(), hosts.SelectMany(h => h.Containers).Select(c => c.Name).ToHashSet());
        var silent = owners.Where(o => !listed.Contains(o.Container) && !Array.Exists(answered, h => h.Host == o.Owner)).ToLookup(o => o.Owner!.Value);
        return
        [
            .. answered,
            .. hosts.Where(h => !h.Reachable).Select(h => h.Host).Union(silent.Select(s => s.Key)).Select(host => new HostContainers(
                host, false, [.. silent[host].Select(o => new ContainerStatus(o.Container, o.Lowest, ContainerState.Unreachable, 0, "", "", 0))])),
        ];
    }

    private async Task<object> ExamineAsync(HostName? only)
    {
        if (only is { } host && !_peers.Members.Contains(host))
        {
            return NoMember(host);
        }

        var hosts = only is { } one ? [one] : _peers.Members;
        return new HostsExamined(await Task.WhenAll(hosts.Select(async member =>
            await AskAsync(_peers.Doctor(member), member, new ExamineHost()).ConfigureAwait(false) as HostExamined
            ?? new HostExamined(member, [new DoctorFinding(DoctorActor.NoAnswer, DoctorVerdict.Missing, "did not answer")]))).ConfigureAwait(false));
    }

    private async Task<LoadsListed> ListLoadsAsync()
    {
        var answers = await Task.WhenAll(_peers.Members.Select(async host => await AskAsync(_peers.Load(host), host, new AskLoad()).ConfigureAwait(false) switch
        {
            // Who tells the load of another host than the one that was asked is not believed.
            LoadTold told when told.Load.Host == host => (object)told.Load,
            LoadUnknown unknown when unknown.Host == host => unknown,
            _ => new LoadUnknown(host, $"host {host} did not answer"),
        })).ConfigureAwait(false);
        return new LoadsListed([.. answers.OfType<HostLoad>()], [.. answers.OfType<LoadUnknown>()]);
    }

    private CommandRefused NoMember(HostName host)
        => new(MigrationFailure.UnknownHost, _peers.Members is [var only]
            ? $"host {host} is not a reachable member of the cluster: host {only} reaches no other host, or has not joined yet"
            : $"host {host} is not a reachable member of the cluster; members are {string.Join(", ", _peers.Members)}");

    private async Task<HostName?> FindAsync(ContainerName container)
    {
        var all = await ListAsync().ConfigureAwait(false);
        var hosts = all.Hosts.Where(h => h.Containers.Any(c => c.Name == container)).ToArray();

        // During a hand-over both hosts have it; the command is for the one where it runs or stands, not for a gate.
        var host = Array.Find(hosts, h => h.Containers.Any(c => c.Name == container && c.State != ContainerState.Gated)) ?? hosts.FirstOrDefault();
        return host?.Host;
    }

    private static async Task<object> AskAsync(ICanTell? actor, HostName host, IWire command)
    {
        if (actor is null)
        {
            return new CommandRefused(MigrationFailure.UnknownHost, $"host {host} is not a reachable member of the cluster");
        }

        try
        {
            return await actor.Ask<object>(command, PatienceFor(command)).ConfigureAwait(false);
        }
        catch (AskTimeoutException)
        {
            return new CommandRefused(MigrationFailure.UnknownHost, $"host {host} did not answer; whether it carried the command out is not known");
        }
    }

    private static TimeSpan PatienceFor(IWire command) => command switch
    {
        ListContainers or ListMigrations or ShowMigration or AskLoad or DrainHost or SetBalanceMode or AskBalance or ApplyPlan or AskMove => MemberPatience,
        LookNow => BalancerActor.LookPatience * 2 + MemberPatience,
        ExamineHost => ExaminationPatience,
        _ => CommandPatience,
    };
}
