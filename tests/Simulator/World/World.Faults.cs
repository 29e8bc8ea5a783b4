using ActorMigration.Actors;
using ActorMigration.Contracts;

namespace ActorMigration.Simulator;

/// <summary>What goes wrong with hosts, daemons, links, disks and clocks; and what operators do.</summary>
internal sealed partial class World
{
    private void ApplyFault(Step step, SimulatedHost host)
    {
        switch (step.Kind)
        {
            case StepKind.Crash:
                Crash(host, step.Mask);
                break;
            case StepKind.Restart:
                Restart(host);
                break;
            case StepKind.LoseHost when !host.IsLost:
                Crash(host, step.Mask);
                host.IsLost = true;
                _votersChanged = true;
                LoseTree(host);
                break;
            case StepKind.SwitchOff when host is { IsLost: false, IsOff: false }:
                SwitchOff(host, step.Mask);
                break;
            case StepKind.SwitchOn:
                SwitchOn(host);
                Restart(host);
                break;
            case StepKind.Resolve:
                Resolve(host, step.Number == 0 ? null : (Verdict)step.Number);
                break;
            case StepKind.Reboot when host is { IsLost: false, Tree: Tree.None or Tree.Gated }:
                Crash(host, step.Mask);
                LoseGatedTree(host);
                host.Boot++;
                break;
            case StepKind.TreeDies when host.Tree == Tree.Gated:
                LoseGatedTree(host);
                break;
            case StepKind.Disk when !host.IsLost:
                Crash(host, step.Mask);
                host.GoBack(step.Number, step.Part, NewIncarnation(host));
                _votersChanged = true;
                Trace?.Invoke($"{host.Name} has an old disk ({step.Part}, {step.Number} writes back), voter {host.Votes.Membership}, floor {host.Ballots.Lowest}");
                break;
            case StepKind.Count:
                CountOn(host);
                break;
            case StepKind.Cut:
                foreach (var other in _hosts.Where(h => h != host && (step.Number < 0 || h.Index == step.Number)))
                {
                    _isCut[host.Index, other.Index] = _isCut[other.Index, host.Index] = true;
                }

                break;
            case StepKind.Join:
                Array.Clear(_isCut);
                WakeWaiting();
                break;
            case StepKind.Clock:
                host.ClockStep += TimeSpan.FromSeconds(step.Number);
                break;
            case StepKind.Cancel when SourceOn(host.Index) is not null:
                Tell(host, host.Sides.First(s => s.Value.Role == AttemptRole.Source).Key, new AttemptEvent.CancelRequested());
                break;
            case StepKind.BreakStream when SourceOn(host.Index) is not null:
                Tell(host, host.Sides.First(s => s.Value.Role == AttemptRole.Source).Key, new AttemptEvent.StreamFailed("the stream breaks in this schedule"));
                break;
        }
    }

    private void Cut(SimulatedHost host)
    {
        foreach (var other in _hosts.Where(h => h != host))
        {
            _isCut[host.Index, other.Index] = _isCut[other.Index, host.Index] = true;
        }
    }

    private void LoseGatedTree(SimulatedHost host)
    {
        if (host.Tree != Tree.Gated)
        {
            return;
        }

        host.Tree = Tree.None;
        host.DiedAfterProposal |= host.Journal.Open.Values.Any(a => a.Proposed is not null)
                                  || _pending.Exists(p => p is Pending.Write { Entry: JournalEntry.Proposed } && p.Owner == host)
                                  || (_mutant == Mutant.DecidesBeforeGate && _decided.Count > 0);
        _lostTrees++;
        Trace?.Invoke($"the gated tree on {host.Name} dies");
    }

    /// <summary>What was under way in the daemon may or may not have happened, as the mask says; nobody hears of it. Of the journal's file a prefix is there.</summary>
    private void Crash(SimulatedHost host, int mask)
    {
        if (!host.IsUp)
        {
            return;
        }

        Trace?.Invoke($"{host.Name} crashes");
        var (bit, isTorn) = (0, host.IsJournalBroken);
        foreach (var item in _pending.Where(p => p.Owner == host && p is Pending.Call or Pending.Write or Pending.VoterWork).ToArray())
        {
            var happens = (mask >> bit++ & 1) != 0 && !(item is Pending.Write && isTorn);
            isTorn |= item is Pending.Write && !happens;
            if (happens)
            {
                Happen(item, Outcome.Well);
            }
        }

        _pending.RemoveAll(p => p.Owner == host);
        host.IsUp = false;
        host.Life++;
        host.ForgetMemory();
        EndRunsOf(host);
        if (_mutant == Mutant.VoterForgets && host.Ballots.Open is { } open)
        {
            host.Write(host.Ballots with { Open = new OpenRegister(open.Registration) });
        }
    }

    private void Restart(SimulatedHost host)
    {
        if (host.IsUp || host.IsLost || host.IsOff)
        {
            return;
        }

        Trace?.Invoke($"{host.Name} restarts");
        host.IsUp = true;
        host.RoundsWaited = 0;
        OpenSeat(host);
        if (_isResolving)
        {
            CatchUp(host);
        }
        else
        {
            TakeUp(host);
        }
    }

    /// <summary>Its voter begins to vote, and its attempts go on from the journal.</summary>
    private void TakeUp(SimulatedHost host)
    {
        WakeWaiting();
        Recover(host);
        foreach (var open in host.Journal.Open.Values)
        {
            host.Sides[open.Id] = open.Begun.Role == AttemptRole.Creator ? new Creator(open, host.Name, host.Tree == Tree.Running) : _protocol.Recovered(open, host);
            Tell(host, open.Id, new AttemptEvent.Started());
            if (open.Begun.Role != AttemptRole.Creator && host.Seat.VerdictOf(open.Begun.Registration.Register) is { } verdict)
            {
                // Heard while no attempt was here.
                Tell(host, open.Id, new AttemptEvent.VerdictLearned(verdict));
            }
        }
    }
}
