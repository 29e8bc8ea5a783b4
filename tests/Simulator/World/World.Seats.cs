using System.Collections.Immutable;
using ActorMigration.Actors;
using ActorMigration.Contracts;

namespace ActorMigration.Simulator;

/// <summary>The production <see cref="Voter"/> of each host, over the host's simulated disk: what it writes is there at once, and is checked.</summary>
internal sealed partial class World
{
    /// <summary>What a daemon does first.</summary>
    private void OpenSeat(SimulatedHost host)
    {
        var membership = new Membership(host);
        host.Seat = new Voter(host.Name, incarnation => CoreOf(host, incarnation), membership, new VoterLog(this, host), () => host.Journal)
        {
            CanGoOn = (registration, value) => value == Verdict.Dest
                ? host.Tree is Tree.Gated or Tree.Running && host.StoppedBy == registration.Register.Attempt
                : host.Tree is Tree.Running or Tree.Frozen,
            Runs = _ => host.Tree == Tree.Running,
            StillStands = _ => host.Tree != Tree.None,
        };
        host.Seat.Resolved += certificate => HearResolved(host, certificate);
    }

    private VoterCore CoreOf(SimulatedHost host, Guid incarnation) => new(host.Name, incarnation, _voters, new FakeSigner(host.Name), FakeKeys.Instance, TokenIsValid);

    private VoterReply Vote(SimulatedHost voter, SimulatedHost peer, VoterRequest request)
    {
        var reply = VoteBrokenly(voter, peer, request) ?? Now(voter.Seat.AnswerAsync(peer.Name, request));
        if (_mutant == Mutant.ConsentsToBoth && reply is VoterReply.ResolutionPromised promised)
        {
            reply = promised with { ConsentedTo = null };
        }

        Trace?.Invoke($"{voter.Name} votes on {request} of {peer.Name}: {reply}");
        return reply;
    }

    /// <summary>Nothing here waits: disks answer at once.</summary>
    private static T Now<T>(Task<T> task) => task.IsCompleted ? task.GetAwaiter().GetResult() : throw new InvalidOperationException("a voter waits for something that is not simulated");

    private static void Now(Task task)
    {
        if (!task.IsCompleted)
        {
            throw new InvalidOperationException("a voter waits for something that is not simulated");
        }

        task.GetAwaiter().GetResult();
    }

    /// <summary>What a mutant says in the voter's place, around its seat, which then begins anew from the disk; null where the rule is whole.</summary>
    private VoterReply? VoteBrokenly(SimulatedHost voter, SimulatedHost peer, VoterRequest request)
    {
        if (_mutant == Mutant.AdmittedVotesInOldAttempts && voter.IsVoting && request is VoterRequest.Begin or VoterRequest.Prepare or VoterRequest.Accept)
        {
            return Answer(voter, peer, request, CoreOf(voter, IncarnationFor(voter, request)), voter.Ballots);
        }

        if (_mutant == Mutant.LossNotLookedAt && request is VoterRequest.AskWhetherLost)
        {
            return new VoterReply.Done(voter.Name);
        }

        if (_mutant == Mutant.LossNotLookedAt && request is VoterRequest.PrepareResolution { IsLost: true } lost)
        {
            // As of one that is to get nothing.
            var other = voter.Name == lost.Registration.Source ? Verdict.Dest : Verdict.Source;
            return Now(voter.Seat.AnswerAsync(peer.Name, lost with { IsLost = false, Value = other }));
        }

        if (_mutant == Mutant.GenerationNotCompared && request is VoterRequest.ConsentToResolution { Resolution: var asked } && voter.Ballots.Resolving is { } resolving && resolving.Registration.Register == asked.Register)
        {
            return Answer(voter, peer, request, CoreOf(voter, voter.Incarnation), voter.Ballots with { Resolving = resolving with { Generation = asked.Generation } });
        }

        return null;
    }

    private VoterReply Answer(SimulatedHost voter, SimulatedHost peer, VoterRequest request, VoterCore core, ContainerBallots state)
    {
        var (records, reply) = core.Answer(state, peer.Name, request);
        Persist(voter, records);
        OpenSeat(voter);
        if (voter.IsVoting)
        {
            Now(voter.Seat.ConfirmAsync());
        }

        return reply;
    }

    /// <summary>It is whoever BEGIN named.</summary>
    private static Guid IncarnationFor(SimulatedHost voter, VoterRequest request)
    {
        var registration = request is VoterRequest.Begin begin ? begin.Registration : voter.Ballots.Open?.Registration;
        return registration is not null && Array.Find(registration.Voters, v => v.Host == voter.Name) is { } named && named.Incarnation != Guid.Empty ? named.Incarnation : voter.Incarnation;
    }

    private void Persist(SimulatedHost voter, ImmutableArray<VoterRecord> records)
    {
        foreach (var record in records)
        {
            var before = voter.Ballots;
            var isDropped = (record is VoterRecord.ResolutionConsented && _mutant == Mutant.ConsentNotKept) || (record is VoterRecord.GenerationPromised && _mutant == Mutant.PromiseNotKept);
            if (!isDropped)
            {
                voter.Write(before.Apply(record));
            }

            CheckKeepsItsWord(voter, before);
            _votersChanged = true;
            if (record is not VoterRecord.Snapshot || _said.ContainsKey(voter.Incarnation))
            {
                _said[voter.Incarnation] = voter.Ballots;
            }

            switch (record)
            {
                case VoterRecord.Promise:
                    CheckSpeaksAsOne(voter);
                    break;
                case VoterRecord.Vote vote:
                    CheckSpeaksAsOne(voter);
                    Count(voter, vote);
                    break;
                case VoterRecord.ResolutionConsented consent:
                    Count(voter, consent.Resolution);
                    break;
            }
        }
    }

    /// <summary>voter.log: records are on the disk when they are written.</summary>
    private sealed class VoterLog(World world, SimulatedHost host) : IRecordLog<VoterRecord>
    {
        public ImmutableArray<VoterRecord> Load() => host.Ballots == ContainerBallots.Fresh(Container) ? [] : [new VoterRecord.Snapshot(host.Ballots)];

        public Task AppendAsync(ImmutableArray<VoterRecord> records)
        {
            world.Persist(host, records);
            return Task.CompletedTask;
        }

        public Task CompactAsync(ImmutableArray<VoterRecord> records) => Task.CompletedTask;
    }

    /// <summary>voter.json.</summary>
    private sealed class Membership(SimulatedHost host) : IVoterMembership
    {
        public VoterMembership Current => host.Votes.Membership;

        public Task WriteAsync(VoterMembership membership)
        {
            host.Write(membership);
            return Task.CompletedTask;
        }
    }
}
