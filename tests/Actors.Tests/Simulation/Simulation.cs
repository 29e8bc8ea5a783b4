using System.Collections.Immutable;
using ActorMigration.Contracts;
using ActorMigration.Contracts.Trust;

namespace ActorMigration.Actors.Tests.Simulation;

/// <summary>
/// One schedule: three hosts with the production state machines, voters and proposers, and one source of randomness that picks what happens next. Messages are lost,
/// doubled, reordered and late; daemons crash between any two steps and forget what was not on the disk; a host is lost; a gated tree dies; calls fail.
/// After the storm everything that is left is healed and runs until nothing happens any more.
/// </summary>
internal sealed partial class Simulation
{
    public static readonly ContainerName Container = new("c1");

    private static readonly AttemptTimes Times = AttemptTimes.Default;
    private static readonly MigrationPolicy Policy = MigrationPolicy.Default with { DowntimeTargetMs = 1_000_000 };
    private static readonly FakeKeys Keys = new();
    private static readonly byte[] Digest = new byte[32];

    private readonly Random _random;
    private readonly Mutant _mutant;
    private readonly SimulatedHost[] _hosts = [new(new HostName("a")), new(new HostName("b")), new(new HostName("w"))];
    private readonly ImmutableArray<HostName> _voters;
    private readonly List<Pending> _pending = [];
    private readonly Dictionary<(RegisterId, Verdict), Dictionary<Ballot, HashSet<HostName>>> _accepts = [];
    private readonly HashSet<(RegisterId, Verdict)> _chosen = [];
    private DateTimeOffset _now = DateTimeOffset.UnixEpoch;
    private int _crashesLeft;
    private int _lossesLeft;
    private int _treeDeathsLeft;
    private int _attempts;
    private bool _isStorm = true;
    private int _cutOff = -1;
    private int _calmSteps;

    public Simulation(int seed, Mutant mutant)
    {
        Seed = seed;
        _mutant = mutant;
        _random = new Random(seed);
        _voters = [.. _hosts.Select(h => h.Name)];
        _crashesLeft = _random.Next(4);
        _lossesLeft = _random.Next(4) == 0 ? 1 : 0;
        _treeDeathsLeft = _random.Next(3) == 0 ? 1 : 0;
        _hosts[0].Tree = Tree.Running;
        foreach (var host in _hosts)
        {
            // Epoch 1 belongs to host a, as after its creation there.
            host.Ballots = host.Ballots with { Lowest = new Fence(1, 1), Owner = _hosts[0].Name };
        }
    }

    public int Seed { get; }

    /// <summary>What was broken, or null.</summary>
    public string? Violation { get; private set; }

    /// <summary>Which (role, state, what happened) were seen; for the coverage report.</summary>
    public HashSet<string> Seen { get; } = [];

    /// <summary>Where the steps of a schedule are written when it is replayed.</summary>
    public Action<string>? Trace { get; init; }

    public void Run()
    {
        const int StormSteps = 200;
        const int CalmSteps = 4_000;
        StartAttempt();
        if (_random.Next(5) != 0)
        {
            // Four of five schedules are quiet until the stop is near: a storm from the start seldom gets there, and it is the stop that must be right.
            RunQuietlyUntil(_hosts[0].Sources.Keys.Single(), SourceState.AgreeingStop + _random.Next(SourceState.AwaitingVerdict - SourceState.AgreeingStop + 1));
        }

        for (var step = 0; step < StormSteps && Violation is null; step++)
        {
            StormStep();
        }

        Heal();
        for (var step = 0; step < CalmSteps && Violation is null && CalmStep(); step++)
        {
        }

        CheckEnd();
    }

    private void RunQuietlyUntil(AttemptId attempt, SourceState state)
    {
        const int MostSteps = 500;
        (_isStorm, var steps) = (false, 0);
        while (steps++ < MostSteps && _hosts[0].Sources.TryGetValue(attempt, out var source) && source.State < state && CalmStep())
        {
        }

        _isStorm = true;
    }

    private void StormStep()
    {
        _now += TimeSpan.FromMilliseconds(1);
        switch (_random.Next(100))
        {
            case < 2 when _crashesLeft > 0:
                _crashesLeft--;
                Crash(_hosts[_random.Next(_hosts.Length)]);
                break;
            case < 5 when Array.Exists(_hosts, h => !h.IsUp && !h.IsLost):
                Restart(Array.Find(_hosts, h => !h.IsUp && !h.IsLost)!);
                break;
            case 5 when _lossesLeft > 0 && _random.Next(3) == 0:
                _lossesLeft--;
                Lose(_hosts[_random.Next(_hosts.Length)]);
                break;
            case 6 or 9 or 10 when _treeDeathsLeft > 0 && Array.Find(_hosts, h => h.Tree == Tree.Gated) is { } gated:
                _treeDeathsLeft--;
                gated.Tree = Tree.None;
                if (gated.Journal.Open.Values.Any(a => a.Proposed is not null) || _pending.Exists(p => p is Pending.Write { Entry: JournalEntry.Proposed } && p.Owner == gated))
                {
                    DiedAfterProposal.Add(gated);
                }

                break;
            case 7 when _cutOff >= 0 || _random.Next(2) == 0:
                _cutOff = _cutOff >= 0 ? -1 : _random.Next(_hosts.Length);
                break;
            case 8:
                StartAttempt();
                break;
            default:
                Take(PickInStorm());
                break;
        }

        CheckNeverTwo();
    }

    /// <summary>Hosts whose tree died once DEST might have been proposed: the container may then have crashed on the host that owns it.</summary>
    private HashSet<SimulatedHost> DiedAfterProposal { get; } = [];

    /// <summary>Any item may be next; timers seldom are, as most things are faster than a timer.</summary>
    private Pending? PickInStorm()
    {
        if (_pending.Count == 0)
        {
            return null;
        }

        for (var tries = 0; ; tries++)
        {
            var index = _random.Next(_pending.Count);
            var item = _pending[index];
            if (item is Pending.Timer t && tries < 8 && _random.Next(t.Event.Timer == AttemptTimer.Patience ? 100 : 12) != 0)
            {
                continue;
            }

            if (item is Pending.Write)
            {
                // A journal is a file: entries reach it in the order in which they were written.
                index = _pending.FindIndex(p => p is Pending.Write && p.Owner == item.Owner);
                item = _pending[index];
            }

            if (item is Pending.Message && _random.Next(12) == 0)
            {
                // Doubled: it stays, and comes again.
                return item;
            }

            _pending.RemoveAt(index);
            return item is Pending.Message or Pending.Request && _random.Next(14) == 0 ? Lost(item) : item;
        }
    }

    private Pending? Lost(Pending item)
    {
        if (item is Pending.Request request)
        {
            // The asker hears nothing; the request itself may still arrive, arbitrarily late.
            FeedProposer(request.From, request.Attempt, request.Life, new ProposerEvent.NoReply(request.Voter.Name, request.Ballot));
            if (_random.Next(2) == 0)
            {
                _pending.Add(request with { IsOrphan = true });
            }
        }

        return null;
    }

    /// <summary>Oldest first, timers last: what a quiet cluster does.</summary>
    private bool CalmStep()
    {
        _now += TimeSpan.FromMilliseconds(1);
        if (_pending.Count == 0)
        {
            return false;
        }

        // Rounds of pre-copy never end by themselves, so a timer has its turn too.
        const int TimerEvery = 16;
        _calmSteps++;
        var index = _calmSteps % TimerEvery == 0 ? _pending.FindIndex(p => p is Pending.Timer) : _pending.FindIndex(p => p is not Pending.Timer);
        index = Math.Max(index, 0);
        var item = _pending[index];
        _pending.RemoveAt(index);
        Take(item);
        CheckNeverTwo();
        return true;
    }

    private void Heal()
    {
        _isStorm = false;
        _cutOff = -1;
        foreach (var host in _hosts.Where(h => !h.IsUp && !h.IsLost))
        {
            Restart(host);
        }
    }

    private void StartAttempt()
    {
        var source = Array.Find(_hosts[..2], h => h is { Tree: Tree.Running, IsUp: true, IsLost: false });
        if (source is null || source.HasOpenAttempt || _attempts >= 3)
        {
            return;
        }

        _attempts++;
        var attempt = new AttemptId(new Guid(Seed, (short)_attempts, 0, new byte[8]));
        var destination = source == _hosts[0] ? _hosts[1] : _hosts[0];
        source.Sources[attempt] = NewSource(attempt, source, destination.Name);
        Feed(source, attempt, new AttemptEvent.Started());
    }

    private static SourceMigration NewSource(AttemptId attempt, SimulatedHost source, HostName destination) => new()
    {
        Attempt = attempt,
        Container = Container,
        Self = source.Name,
        Destination = destination,
        Policy = Policy,
        Times = Times,
        Keys = Keys,
        NewNonce = static () => Digest,
        PolicyDigest = Digest,
        LastClosed = source.Journal.LastClosed.GetValueOrDefault(Container),
    };

    private static DestinationMigration NewDestination(AttemptId attempt, Fence fence, SimulatedHost destination, HostName source) => new()
    {
        Attempt = attempt,
        Container = Container,
        Fence = fence,
        Self = destination.Name,
        Source = source,
        Times = Times,
        Keys = Keys,
        TokenIsValid = TokenIsValid,
        NewNonce = static () => Digest,
        PolicyDigest = Digest,
        KeyDigest = Digest,
        BootId = "boot",
    };

    private static bool TokenIsValid(HandOverToken token, byte[] digest) => token.Signature is [1] && token.SourceKey.AsSpan().SequenceEqual(digest);

    private void Crash(SimulatedHost host)
    {
        if (!host.IsUp)
        {
            return;
        }

        // What was under way in the daemon may or may not have happened; nobody hears of it.
        // Of the journal's file a prefix is there.
        var isTorn = false;
        foreach (var item in _pending.Where(p => p.Owner == host && p is Pending.Call or Pending.Write).ToArray())
        {
            var happens = _random.Next(2) == 0 && !(item is Pending.Write && isTorn);
            isTorn |= item is Pending.Write && !happens;
            if (happens)
            {
                Happen(item, isHeard: false);
            }
        }

        _pending.RemoveAll(p => p.Owner == host);
        Trace?.Invoke($"{host.Name} crashes");
        host.IsUp = false;
        host.Life++;
        host.ForgetMemory();
        if (_mutant == Mutant.VoterForgets)
        {
            var open = host.Ballots.Open;
            host.Ballots = host.Ballots with { Open = open is null ? null : new OpenRegister(open.Registration) };
        }
    }

    private void Lose(SimulatedHost host)
    {
        Crash(host);
        host.IsLost = true;
        host.Tree = Tree.None;
    }

    private void Restart(SimulatedHost host)
    {
        Trace?.Invoke($"{host.Name} restarts");
        host.IsUp = true;
        foreach (var open in host.Journal.Open.Values)
        {
            var (_, fence, attempt) = open.Begun.Registration.Register;
            if (open.Begun.Role == AttemptRole.Source)
            {
                host.Sources[attempt] = NewSource(attempt, host, open.Begun.Registration.Destination).Recovered(open);
            }
            else
            {
                host.Destinations[attempt] = NewDestination(attempt, fence, host, open.Begun.Registration.Source).Recovered(open);
            }

            Feed(host, attempt, new AttemptEvent.Started());
        }
    }

    private SimulatedHost Host(HostName name) => Array.Find(_hosts, h => h.Name == name)!;

    private bool IsCut(SimulatedHost one, SimulatedHost other)
        => _isStorm && _cutOff >= 0 && one != other && (one == _hosts[_cutOff] || other == _hosts[_cutOff]);
}
