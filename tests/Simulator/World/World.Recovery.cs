using System.Collections.Immutable;
using ActorMigration.Actors;
using ActorMigration.Contracts;

namespace ActorMigration.Simulator;

/// <summary>How voters come to vote: the production <see cref="RecoveryMachine"/> and <see cref="VoterAdmission"/>, with a disk, a counter and the other voters around them.</summary>
internal sealed partial class World
{
    /// <summary>Rounds that a voter asks while nothing changes; the next one would hear the same.</summary>
    private const int MostRounds = 3;

    /// <summary>The voters' daemons have just been installed: their state directories are empty and no TPM has counted.</summary>
    private void Found()
    {
        if (_attempts > 0 || _pending.Count > 0)
        {
            return;
        }

        for (var index = 0; index < _hosts.Length; index++)
        {
            _hosts[index] = new SimulatedHost(_hosts[index].Name, index, FirstIncarnation(index));
        }

        _exists = false;
        _closed = NothingClosed;
        foreach (var host in _hosts)
        {
            OpenSeat(host);
            Recover(host);
        }
    }

    /// <summary>What a daemon does at its start, and when it has waited.</summary>
    private void Recover(SimulatedHost host)
    {
        if (_protocol.HasRegister)
        {
            host.Recovery = new RecoveryMachine(host.Name, new VoterSet(VoterSet.First, [.. _voters]), () => NewIncarnation(host), host.IsVoting);
            FeedRecovery(host, host.Life, new RecoveryEvent.Begun(), CrashPoint.None, 0);
        }
    }

    /// <summary>The daemon runs on for hours: it counts.</summary>
    private void CountOn(SimulatedHost host)
    {
        if (host is { IsUp: true, IsVoting: true } && host.Recovery is null or { State: RecoveryState.Idle })
        {
            Recover(host);
        }
    }

    private void FeedRecovery(SimulatedHost host, int life, RecoveryEvent e, CrashPoint crash, int mask)
    {
        if (!host.IsUp || life != host.Life || host.Recovery is not { } machine)
        {
            return;
        }

        Crossing(host, Cells.Of(machine, e), crash, mask, () =>
        {
            (host.Recovery, var action) = machine.Step(host.Votes.Membership, Rewritten(host, e));
            Trace?.Invoke($"{host.Name} recovery: {machine.State} -> {host.Recovery.State} on {e}: {action}");
            if (action is RecoveryAction.AskOthers && _mutant == Mutant.EmptyVoterVotesAtOnce && host.Votes.Membership.HasVoted is false && host.Ballots.Owner is null)
            {
                action = new RecoveryAction.Vote();
            }

            Perform(host, action);
        });
    }

    private void Perform(SimulatedHost host, RecoveryAction action)
    {
        switch (action)
        {
            case RecoveryAction.AskOthers:
                var asker = new Asker.Memory(host.Life, [.. _voters.Where(v => v != host.Name)]);
                foreach (var voter in _hosts.Where(v => v != host))
                {
                    _pending.Add(new Pending.Request(host, voter, new VoterRequest.AskMemory(null), asker));
                }

                _pending.Add(new Pending.MemoryDeadline(asker) { Owner = host });
                break;
            case RecoveryAction.Vote:
                CheckRemembers(host);
                host.Confirm();
                Now(host.Seat.ConfirmAsync());
                _votersChanged = true;
                WakeWaiting();
                break;
            case RecoveryAction.Wait:
                Retry(host);
                break;
            default:
                _pending.Add(new Pending.VoterWork(action) { Owner = host });
                break;
        }
    }

    private void Retry(SimulatedHost host)
    {
        if (!host.IsVoting && ++host.RoundsWaited < MostRounds)
        {
            _pending.Add(new Pending.VoterRetry { Owner = host });
        }
    }

    /// <summary>Something has changed that a waiting voter may have waited for.</summary>
    private void WakeWaiting()
    {
        foreach (var host in _hosts.Where(h => h is { IsUp: true, IsVoting: false, RoundsWaited: > 0 }))
        {
            host.RoundsWaited = 0;
            if (host.Recovery is null or { State: RecoveryState.Idle } && !_pending.Exists(p => p is Pending.VoterRetry && p.Owner == host))
            {
                _pending.Add(new Pending.VoterRetry { Owner = host });
            }
        }

        foreach (var host in _hosts)
        {
            host.RoundsTold = 0;
            WakeNews(host);
        }
    }

    private void TakeVoterWork(Pending.VoterWork work, Outcome outcome, CrashPoint crash, int mask)
    {
        var host = work.Owner!;
        var happened = outcome == Outcome.Fails ? null : DoVoterWork(host, work.Action);
        if (outcome == Outcome.Well)
        {
            FeedRecovery(host, host.Life, happened!, crash, mask);
        }
        else
        {
            // The disk or the TPM has failed: a voter that does not vote yet begins anew, one that counts on does so at the next count.
            host.Recovery = null;
            host.RoundsWaited = 0;
            Retry(host);
        }
    }

    private RecoveryEvent DoVoterWork(SimulatedHost host, RecoveryAction action)
    {
        switch (action)
        {
            case RecoveryAction.ReadCounter:
                return new RecoveryEvent.CounterRead(host.Counter);
            case RecoveryAction.Increment:
                host.Counter = (host.Counter ?? 0) + 1;
                return new RecoveryEvent.Counted(host.Counter.Value);
            case RecoveryAction.Note note:
                Now(host.Seat.NoteAsync(note.Membership));
                return new RecoveryEvent.Written();
            case RecoveryAction.TakeOver takeOver:
                Now(host.Seat.TakeOverAsync(takeOver.Containers));
                _votersChanged = true;
                return new RecoveryEvent.Written();
            default:
                throw new InvalidOperationException($"nobody does {action.GetType().Name}");
        }
    }

    private void HearMemory(SimulatedHost host, Asker.Memory asker, HostName voter, VoterReply? reply, CrashPoint crash, int mask)
    {
        if (asker.IsOver || asker.Life != host.Life || !host.IsUp || host.Recovery is not { } machine)
        {
            return;
        }

        if (reply is VoterReply.Memory memory)
        {
            Crossing(host, Cells.Of(machine, memory), crash, mask, () => asker.Replies.TryAdd(voter, memory));
            if (asker.Life != host.Life)
            {
                return;
            }
        }

        asker.Waiting.Remove(voter);
        if (asker.Waiting.Count == 0)
        {
            EndMemory(host, asker);
        }
    }

    private void EndMemory(SimulatedHost host, Asker.Memory asker)
    {
        if (asker.IsOver || asker.Life != host.Life)
        {
            return;
        }

        asker.IsOver = true;
        _pending.RemoveAll(p => p is Pending.MemoryDeadline d && d.Asker == asker);
        FeedRecovery(host, asker.Life, new RecoveryEvent.Heard([.. _voters.Where(asker.Replies.ContainsKey).Select(v => asker.Replies[v])]), CrashPoint.None, 0);
    }

    /// <summary>With a mutant, what the machine hears is another than what has happened.</summary>
    private RecoveryEvent Rewritten(SimulatedHost host, RecoveryEvent e) => (_mutant, e) switch
    {
        (Mutant.OldCopyIsTakenForNewest, RecoveryEvent.CounterRead read) when host.Votes.Membership is { IsAdmitted: true, Counter: { } recorded } && read.Value > recorded
            => new RecoveryEvent.CounterRead(recorded),
        (Mutant.AdmissionAsksMinority, RecoveryEvent.Heard heard) when heard.Others.FirstOrDefault(o => o.Standing == VoterStanding.Votes) is { } one
            => new RecoveryEvent.Heard([.. _voters.Where(v => v != host.Name).Select(v => one with { Voter = v })]),
        (Mutant.AdmissionTakesOwnerOnly, RecoveryEvent.Heard heard)
            => new RecoveryEvent.Heard([.. heard.Others.Select(o => o with { Floors = [.. o.Floors.Select(f => f with { Lowest = ContainerBallots.Fresh(Container).Lowest })] })]),
        (Mutant.AdmissionForgetsOpenRegisters, RecoveryEvent.Heard heard)
            => new RecoveryEvent.Heard([.. heard.Others.Select(o => o with { Floors = [.. o.Floors.Select(f => f with { Unsettled = [] })] })]),
        (Mutant.CrashedCountIsCountedOnce, RecoveryEvent.CounterRead read) when host.Votes.Membership is { IsAdmitted: true, Counter: { } recorded } && read.Value + 1 == recorded
            => new RecoveryEvent.CounterRead(recorded),
        _ => e,
    };

    private static Guid FirstIncarnation(int index) => new(index + 1, 0, 0, new byte[8]);

    private Guid NewIncarnation(SimulatedHost host)
        => _mutant == Mutant.RolledBackVoterKeepsIncarnation ? FirstIncarnation(host.Index) : new Guid(100 + ++_incarnations, 0, 0, new byte[8]);
}
