using System.Collections.Immutable;
using ActorMigration.Actors;
using ActorMigration.Contracts;

namespace ActorMigration.Simulator;

/// <summary>Hosts that are really switched off, and the operator who says so and gives the container to a side: the production <see cref="Resolver"/>.</summary>
internal sealed partial class World
{
    private readonly List<OperatorRun> _operators = [];
    private int _runs;

    /// <summary>True while an operator's command has not ended.</summary>
    public bool IsBeingResolved => _operators.Count > 0;

    private void SwitchOff(SimulatedHost host, int mask)
    {
        BeginResolving();
        Trace?.Invoke($"{host.Name} is switched off");
        host.IsOff = true;
        if (_mutant == Mutant.FencedRunsOn)
        {
            Cut(host);
            return;
        }

        Crash(host, mask);
        LoseTree(host);
        host.Boot++;
    }

    /// <summary>Who said that it is off sees to it that it stays so until his command has ended.</summary>
    private void SwitchOn(SimulatedHost host)
    {
        if (host is { IsOff: true, Fencing: 0 })
        {
            Trace?.Invoke($"{host.Name} is switched on");
            host.IsOff = false;
        }
    }

    private void LoseTree(SimulatedHost host)
    {
        _effects.RemoveAll(e => e.Host == host);
        if (host.Tree != Tree.None)
        {
            host.LostWith = host.Tree;
        }

        if (host.Tree == Tree.Gated)
        {
            LoseGatedTree(host);
        }
        else if (host.Tree != Tree.None)
        {
            host.Tree = Tree.None;
            _lostTrees++;
        }
    }

    /// <summary>The operator gives the container to a side, or to nobody, on this host, and says which hosts are off: those that are.</summary>
    private void Resolve(SimulatedHost at, Verdict? value)
    {
        if (at is not { IsUp: true, IsStarting: false })
        {
            return;
        }

        BeginResolving();
        var off = _hosts.Where(static h => h.IsOff || h.IsLost).ToArray();
        var run = new OperatorRun(++_runs, at, off);
        Trace?.Invoke($"operator's run {run.Number} on {at.Name}: {value?.ToString() ?? "to nobody"}, off: {string.Join(", ", off.Select(h => h.Name.Value))}");
        foreach (var host in off)
        {
            host.Fencing++;
        }

        _operators.Add(run);
        GoOn(() => _errands.Add(ResolveAsync(run, new ResolveOrder(Container.Value, value, [.. off.Select(h => h.Name)], "root", ReasonOf(run)))));
    }

    private async Task ResolveAsync(OperatorRun run, ResolveOrder order)
    {
        using var journal = new AttemptJournal(new JournalAsItIs(run.At));
        var resolver = new Resolver(run.At.Name, new Client(this, run.At, run.Number), run.At.Seat, journal, FakeKeys.Instance, NoTimes, new ErrandClock(this, run.At));
        run.Outcome = await resolver.ResolveAsync(order).ConfigureAwait(false);
        Trace?.Invoke($"operator's run {run.Number}: {run.Outcome}");
        if (order.Value is null && run.Outcome is ResolveOutcome.Verdict { Certificate.ResolvedBy.Resolution: { } own } && own.Reason == ReasonOf(run)
            && Array.Find(_hosts, h => h.Tree != Tree.None && Array.IndexOf(run.Off, h) < 0) is { } standing)
        {
            Broken(ViolationKind.GivenUp, $"the container was given up as lost, and stands on host {standing.Name}: {standing.Tree}");
        }

        End(run);
    }

    /// <summary>Told apart from all other runs by it.</summary>
    private static string ReasonOf(OperatorRun run) => $"run {run.Number}: they are off in this schedule";

    private void End(OperatorRun run)
    {
        if (_operators.Remove(run))
        {
            foreach (var host in run.Off)
            {
                host.Fencing--;
            }
        }
    }

    private void EndRunsOf(SimulatedHost host)
    {
        foreach (var run in _operators.Where(r => r.At == host).ToArray())
        {
            End(run);
        }
    }

    /// <summary>
    /// When all is well again, hosts may still wait for the operator whose run was cut off, or for a majority that is lost for good. He gives the container to the side on which something of it stands, or to the other when that may have been given it, or to nobody when nothing of it is left;
    /// and when a host that has nothing of it acts on another verdict, he switches that host off, as he is told.
    /// </summary>
    private void ResolveWhatIsLeft()
    {
        const int MostOrders = 8;
        for (var order = 0; order < MostOrders && Violation is null && Array.Find(_hosts, h => NeedsOperator(h) is not null) is { } waiting; order++)
        {
            var registration = NeedsOperator(waiting)!;
            var (source, destination) = (Host(registration.Source), Host(registration.Destination));
            var first = destination.Tree is Tree.Gated or Tree.Running && source.Tree is not (Tree.Running or Tree.Frozen) ? Verdict.Dest : Verdict.Source;
            if (order >= MostOrders / 2)
            {
                foreach (var acting in _hosts.Where(h => NeedsOperator(h) is null && h is { IsLost: false, Tree: Tree.None }))
                {
                    SwitchOff(acting, 0);
                }
            }

            var isLost = Array.TrueForAll(_hosts, static h => h.Tree == Tree.None);
            Resolve(waiting, isLost ? null : order % 2 == 0 ? first : first == Verdict.Source ? Verdict.Dest : Verdict.Source);
            for (var step = 0; step < MostCalmSteps && IsBeingResolved && CalmStep(); step++)
            {
            }

            SwitchAllOn();
            WakeWaiting();
            RunCalmly();
        }
    }

    private Registration? NeedsOperator(SimulatedHost host)
        => WaitsForOperator(host) ?? (_isResolving && host is { IsUp: true, IsStarting: false } && !CanDecide(host) ? host.Journal.Open.Values.Select(a => a.Begun.Registration).FirstOrDefault() : null);

    private static bool IsWaitingForOperator(SimulatedHost host) => WaitsForOperator(host) is not null;

    private static Registration? WaitsForOperator(SimulatedHost host)
        => host is { IsUp: true, IsStarting: false } ? host.Seat.UnsettledRegistrations().FirstOrDefault(r => host.Seat.WaitsForOperator(r.Register)) : null;

    /// <summary>With <see cref="Mutant.ConsentNotAsked"/> a host that is there and does not answer by itself.</summary>
    private VoterReply? Forged(HostName host, VoterRequest request) => request switch
    {
        _ when Host(host).Sides.Count > 0 => null,
        VoterRequest.PrepareResolution prepare => new VoterReply.ResolutionPromised(host, prepare.Generation, null),
        VoterRequest.ConsentToResolution consent => new VoterReply.Consented(new SignedConsent(host, FakeKeys.Sign(host, DecisionBytes.ToSign(host, consent.Resolution)))),
        _ => null,
    };

    /// <summary>One command, on the daemon of one host.</summary>
    private sealed class OperatorRun(int number, SimulatedHost at, SimulatedHost[] off)
    {
        public int Number { get; } = number;

        public SimulatedHost At { get; } = at;

        public SimulatedHost[] Off { get; } = off;

        public ResolveOutcome? Outcome { get; set; }
    }

    /// <summary>attempts.log, as a run reads it at its beginning.</summary>
    private sealed class JournalAsItIs(SimulatedHost host) : IRecordLog<JournalEntry>
    {
        public ImmutableArray<JournalEntry> Load() => host.Journal.ToEntries();

        public Task AppendAsync(ImmutableArray<JournalEntry> records) => throw new NotSupportedException("an operator's run writes no attempt");

        public Task CompactAsync(ImmutableArray<JournalEntry> records) => AppendAsync(records);
    }
}
