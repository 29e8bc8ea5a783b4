using ActorMigration.Actors;
using ActorMigration.Contracts;

namespace ActorMigration.Simulator;

/// <summary>What must hold after each step, and at the end.</summary>
internal sealed partial class World
{
    private readonly Dictionary<(RegisterId, Verdict, Ballot), HashSet<HostName>> _accepts = [];
    private readonly HashSet<(AttemptId, Verdict)> _decided = [];
    private readonly Dictionary<(RegisterId Id, HostName Voter), Guid> _spoke = [];
    private readonly Dictionary<Guid, ContainerBallots> _said = [];
    private readonly Dictionary<(AttemptId, Ballot), (int Life, Verdict? Value)> _ballots = [];
    private static readonly Fence NothingClosed = ContainerBallots.Fresh(Container).Lowest;
    private readonly HashSet<RegisterId> _chosen = [];
    private Fence _closed = NothingClosed;
    private bool _votersChanged;
    private bool _isMemoryLost;

    private void CheckAlways()
    {
        CheckNeverTwo();
        if (_votersChanged && _protocol.HasRegister)
        {
            CheckMemory();
        }

        _votersChanged = false;
    }

    /// <summary>Whatever majority votes: one of it knows what was closed at a majority, and one of it knows of each register that has chosen.</summary>
    private void CheckMemory()
    {
        var majority = VerdictCheck.Majority(_voters.Length);
        var floors = _hosts.Where(static h => !h.IsLost).Select(static h => h.Ballots.Lowest).OrderDescending().ToArray();
        if (floors.Length >= majority && floors[majority - 1] > _closed)
        {
            _closed = floors[majority - 1];
        }

        // What for a moment is on no disk any more nobody can know: from then on it is not asked for.
        if (floors[0] < _closed)
        {
            (_closed, _isMemoryLost) = (floors[0], true);
        }

        _isMemoryLost |= _chosen.RemoveWhere(c => !Array.Exists(_hosts, h => !h.IsLost && Knows(h.Ballots, c))) > 0;
        if (_hosts.Count(h => h.IsVoting && h.Ballots.Lowest < _closed) >= majority)
        {
            Broken(ViolationKind.FloorReopened, $"{_closed} was closed at a majority, and a majority that votes does not know it: {Describe()}");
        }

        foreach (var register in _chosen)
        {
            if (_hosts.Count(h => h.IsVoting && !Knows(h.Ballots, register)) >= majority)
            {
                Broken(ViolationKind.ChosenForgotten, $"{register.Fence} of attempt {AttemptNumber.Of(register.Attempt)} has chosen, and a majority that votes does not know of it: {Describe()}");
            }
        }
    }

    private static bool Knows(ContainerBallots state, RegisterId register) => register.Fence < state.Lowest || state.Undecided.Contains(register);

    private void CheckNeverTwo()
    {
        if (_hosts.Count(static h => h.Tree == Tree.Running) > 1)
        {
            Broken(ViolationKind.TwoCopies, "two copies run");
        }
    }

    /// <summary>Only the register leaves the stopped state.</summary>
    private void MustBeDecided(SimulatedHost host, AttemptId attempt, Verdict value, AttemptCall call)
    {
        if (!_protocol.HasRegister)
        {
            return;
        }

        Effect(host, attempt, value);
        if (!_decided.Contains((attempt, value)) && !IsResolved(attempt, value))
        {
            Broken(ViolationKind.NotDecided, $"host {host.Name} does {call} though its register has not decided {value}");
        }
    }

    /// <summary>Agreement: no register ever has two values chosen, not even over time.</summary>
    private void Count(SimulatedHost voter, VoterRecord.Vote vote)
    {
        var key = (vote.Register, vote.Value, vote.Ballot);
        var voters = _accepts.TryGetValue(key, out var known) ? known : _accepts[key] = [];
        voters.Add(voter.Name);
        if (voters.Count < VerdictCheck.Majority(_voters.Length))
        {
            return;
        }

        _decided.Add((vote.Register.Attempt, vote.Value));
        _chosen.Add(vote.Register);
        if (_decided.Contains((vote.Register.Attempt, vote.Value == Verdict.Dest ? Verdict.Source : Verdict.Dest)))
        {
            Broken(ViolationKind.TwoValues, $"the register {vote.Register.Fence} has chosen both values");
        }
    }

    /// <summary>A voter that begins to vote remembers all that it has said as the incarnation that it is.</summary>
    private void CheckRemembers(SimulatedHost voter)
    {
        if (_said.TryGetValue(voter.Incarnation, out var said) && !ReferenceEquals(said, voter.Ballots))
        {
            Broken(ViolationKind.BrokenWord, $"voter {voter.Name} votes with an older memory than it had when it last spoke");
        }
    }

    /// <summary>Of each voter at most one incarnation has a say in a register; otherwise it may break a promise that it does not know.</summary>
    private void CheckSpeaksAsOne(SimulatedHost voter)
    {
        var key = (voter.Ballots.Open!.Id, voter.Name);
        if (_spoke.TryGetValue(key, out var incarnation) && incarnation != voter.Incarnation)
        {
            Broken(ViolationKind.SpokeTwice, $"two incarnations of voter {voter.Name} have a say in the register {key.Id.Fence}");
        }

        _spoke[key] = voter.Incarnation;
    }

    /// <summary>A floor never goes down; what was promised in an open register is not taken back.</summary>
    private void CheckKeepsItsWord(SimulatedHost voter, ContainerBallots before)
    {
        var after = voter.Ballots;
        if (after.Lowest < before.Lowest)
        {
            Broken(ViolationKind.BrokenWord, $"the floor of voter {voter.Name} went down from {before.Lowest} to {after.Lowest}");
        }

        if (before.Open is { Promised: { } promised } open && after.Open is { } still && still.Id == open.Id && (still.Promised is null || still.Promised < promised))
        {
            Broken(ViolationKind.BrokenWord, $"voter {voter.Name} took back its promise of ballot {promised}");
        }

        if (before.Resolving is { } resolving && after.Resolving is { } now && now.Registration.Register == resolving.Registration.Register
            && (now.Generation < resolving.Generation || (resolving.Consented is { } consented && !(now.Consented?.Generation >= consented.Generation))))
        {
            Broken(ViolationKind.BrokenWord, $"host {voter.Name} took back what it had promised or consented to for the operator: {resolving} became {now}");
        }
    }

    /// <summary>A ballot is used in one life of its proposer, and for one value. A host whose journal went back may use one again: voters refuse what they have promised already.</summary>
    private void CheckBallot(SimulatedHost host, AttemptId attempt, ProposerAction.Ask ask)
    {
        Verdict? value = ask.Request is VoterRequest.Accept accept ? accept.Value : null;
        var key = (attempt, ask.Ballot);
        if (!host.HasForgotten && _ballots.TryGetValue(key, out var used) && (used.Life != host.Life || (used.Value is { } earlier && value is { } now && earlier != now)))
        {
            Broken(ViolationKind.BallotTwice, $"host {host.Name} uses ballot {ask.Ballot.Counter} twice");
        }

        _ballots[key] = (host.Life, value ?? (_ballots.TryGetValue(key, out var last) ? last.Value : null));
    }

    private void CheckEnd()
    {
        if (Violation is not null || !_protocol.HasRegister)
        {
            return;
        }

        CheckAllVote();
        if (Array.Exists(_hosts, static h => h.HasForgotten) || !_exists)
        {
            return;
        }

        var lost = Array.Find(_hosts, static h => h.IsLost);
        var isRunning = Array.Exists(_hosts, static h => h.Tree == Tree.Running);
        var isCrashed = Array.Exists(_hosts, static h => h.DiedAfterProposal) && (_decided.Any(static d => d.Item2 == Verdict.Dest) || _resolved.ContainsValue(Verdict.Dest));
        var canDecide = _hosts.All(CanDecide);
        if (!isRunning && canDecide && _lostTreesWhenGiven == _lostTrees)
        {
            Broken(ViolationKind.NothingRuns, $"nothing runs though the operator gave the container to a side on which it stood, and nothing was lost since: {Describe()}");
        }

        if (isRunning || isCrashed || !canDecide)
        {
            // One runs, or it crashed at its gate after the register had given it to that host, or too few voters are left that remember.
        }
        else if (!Array.Exists(_hosts, static h => h.LostWith != Tree.None))
        {
            Broken(ViolationKind.NothingRuns, $"nothing runs though no host was lost with a copy: {Describe()}");
        }
        else if (_hosts.Any(h => h.Tree is Tree.Frozen or Tree.Gated))
        {
            Broken(ViolationKind.StaysStopped, $"a host was lost with its copy, and what is left stays stopped: {Describe()}");
        }

        if (lost is null && canDecide && _hosts.Any(static h => h.HasOpenAttempt))
        {
            Broken(ViolationKind.DoesNotEnd, $"an attempt does not end: {Describe()}");
        }
    }

    /// <summary>With a majority that votes every voter comes to vote in the end, and crashes alone keep none from it.</summary>
    private void CheckAllVote()
    {
        var isAnyLost = Array.Exists(_hosts, static h => h.IsLost || h.HasLostVotes);
        if ((!isAnyLost || _hosts.Count(static h => h.IsVoting) >= VerdictCheck.Majority(_voters.Length)) && Array.Find(_hosts, static h => h is { IsLost: false, IsVoting: false }) is { } silent)
        {
            Broken(ViolationKind.VoterStaysSilent, $"voter {silent.Name} does not come to vote: {Describe()}");
        }
    }

    /// <summary>True unless an attempt of this host waits for a register of which no majority is left: voters are lost, or are not those any more that BEGIN named.</summary>
    private bool CanDecide(SimulatedHost host)
        => host.IsLost || host.Journal.Open.Values.All(a => a.Begun.Registration.Voters.Count(v => Host(v.Host) is { IsVoting: true } h && h.Incarnation == v.Incarnation) >= VerdictCheck.Majority(_voters.Length));

    private string Describe() => string.Join("; ", _hosts.Select(h =>
        $"{h.Name}{(h.IsLost ? " lost" : "")} {h.Tree} {(h.IsVoting ? "votes" : "silent")} [{string.Join(",", h.Sides.Values.Select(s => $"{s.Role}:{s.StateName}"))}] floor {h.Ballots.Lowest}{(h.Ballots.Resolving is { } r ? $" waits for the operator ({r.Generation}, {r.Consented?.Value.ToString() ?? "no consent"})" : "")} {(h.Ballots.Open is { } o ? "open " + o.Id.Fence : "")}"));
}
