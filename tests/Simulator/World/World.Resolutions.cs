using ActorMigration.Actors;
using ActorMigration.Contracts;

namespace ActorMigration.Simulator;

/// <summary>What must hold of the operator's verdicts, whatever the hosts themselves remember of them.</summary>
internal sealed partial class World
{
    private readonly Dictionary<(RegisterId, int Generation, Verdict, string Fenced), HashSet<HostName>> _consents = [];
    private readonly HashSet<(RegisterId, HostName)> _bound = [];
    private readonly Dictionary<RegisterId, Verdict> _resolved = [];
    private readonly List<(SimulatedHost Host, AttemptId Attempt, Verdict Value)> _effects = [];
    private readonly HashSet<AttemptId> _givenUp = [];
    private int _lostTrees;

    /// <summary>How many trees had been lost when the operator gave the container to a side on which it stood; null when he has not.</summary>
    private int? _lostTreesWhenGiven;

    /// <summary>The certificate of an event, when it has one.</summary>
    private static VerdictCertificate? VerdictIn(AttemptEvent happened) => happened switch
    {
        AttemptEvent.VerdictLearned learned => learned.Certificate,
        AttemptEvent.Received { Message: VerdictReached told } => told.Certificate,
        _ => null,
    };

    /// <summary>What the shell of an attempt asks before its machine hears a verdict.</summary>
    private bool MayActOn(SimulatedHost host, ISide side, VerdictCertificate certificate)
    {
        if (side.Role == AttemptRole.Creator)
        {
            return true;
        }

        var may = _mutant == Mutant.SeatNotAsked || host.Seat.MayActOn(side.Registration, certificate, FakeKeys.Instance);
        if (may && certificate.Generation == 0 && side.Registration?.Register == certificate.Register && _bound.Contains((certificate.Register, host.Name))
            && VerdictCheck.Verify(certificate, side.Registration, FakeKeys.Instance))
        {
            Broken(ViolationKind.BoundActs, $"host {host.Name} has consented to a resolution, and acts on {certificate.Value} of the voters");
        }

        return may;
    }

    /// <summary>A resolution is the verdict when every host that is not said to be off has consented. No register ever has two of them with different values while the side that got the container is there.</summary>
    private void Count(SimulatedHost host, Resolution resolution)
    {
        var (register, generation, value, fenced, _, _, _, _) = resolution;
        _bound.Add((register, host.Name));
        var key = (register, generation, value, string.Join(',', fenced));
        var hosts = _consents.TryGetValue(key, out var known) ? known : _consents[key] = [];
        hosts.Add(host.Name);
        if (_voters.Except(fenced).Except(hosts).Any())
        {
            return;
        }

        // With a side that is off went whatever was given to it: then the other one may have the container after all, or nobody.
        if (_resolved.TryGetValue(register, out var before) && before != value && Array.IndexOf(fenced, host.Ballots.Resolving!.Registration.SideOf(before)) < 0)
        {
            Broken(ViolationKind.TwoValues, $"the register {register.Fence} was resolved with both values");
        }

        _resolved[register] = value;
        if (resolution.IsLost)
        {
            _givenUp.Add(register.Attempt);
        }

        var stands = Array.Exists(_hosts, h => value == Verdict.Dest ? h.Tree == Tree.Gated && h.StoppedBy == register.Attempt : h.Tree is Tree.Frozen or Tree.Running);
        _lostTreesWhenGiven = stands ? _lostTrees : null;
    }

    /// <summary>What was done on a host by a verdict stands against what is done on another, until the host is switched off.</summary>
    private void Effect(SimulatedHost host, AttemptId attempt, Verdict value)
    {
        if (_effects.FirstOrDefault(e => e.Attempt == attempt && e.Value != value && e.Host != host) is { Host: { } other })
        {
            Broken(ViolationKind.TwoValues, $"host {host.Name} acts on {value} of an attempt of which host {other.Name} acts on the other value");
        }

        _effects.Add((host, attempt, value));
    }

    private bool IsGivenUp(AttemptId attempt) => _givenUp.Contains(attempt);

    private bool IsResolved(AttemptId attempt, Verdict value) => _resolved.Any(r => r.Key.Attempt == attempt && r.Value == value);
}
