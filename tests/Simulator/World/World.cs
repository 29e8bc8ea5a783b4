using System.Collections.Immutable;
using ActorMigration.Actors;
using ActorMigration.Contracts;

namespace ActorMigration.Simulator;

/// <summary>
/// A cluster with the production state machines, voters and proposers in which everything that may happen is in one list, and nothing happens by itself: it is
/// changed by <see cref="Apply"/> only, which is a function of the world and the step. So a schedule is its list of steps: it can be written down, replayed and shortened.
/// The first three hosts may run the container; all vote.
/// </summary>
internal sealed partial class World
{
    public const int ContainerHosts = 3;

    /// <summary>Steps of a quiet cluster after which it is said to hang; an attempt without faults needs some 150.</summary>
    private const int MostCalmSteps = 4_000;

    /// <summary>Rounds of pre-copy never end by themselves, so a timer has its turn too.</summary>
    private const int TimerEvery = 16;

    private static readonly string[] Names = ["a", "b", "c", "d", "e"];
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    public static readonly ContainerName Container = new("c1");
    public static readonly byte[] Digest = new byte[32];

    private readonly IProtocol _protocol;
    private readonly Mutant _mutant;
    private readonly SimulatedHost[] _hosts;
    private readonly ImmutableArray<HostName> _voters;
    private readonly List<Pending> _pending = [];
    private readonly List<Pending> _held = [];
    private readonly bool[,] _isCut;
    private DateTimeOffset _now = DateTimeOffset.UnixEpoch;
    private int _attempts;
    private int _calmSteps;
    private int _incarnations;
    private bool _exists;
    private readonly HashSet<int> _copied = [];
    private Trap? _trap;

    public World(IProtocol protocol, Mutant mutant, int voters)
    {
        _protocol = protocol;
        _mutant = mutant;
        _hosts = [.. Names.Take(voters).Select((name, index) => new SimulatedHost(new HostName(name), index, FirstIncarnation(index)))];
        _voters = [.. _hosts.Select(h => h.Name)];
        _isCut = new bool[voters, voters];
        Create(_hosts[0]);
        foreach (var host in _hosts)
        {
            OpenSeat(host);
            Now(host.Seat.ConfirmAsync());
        }
    }

    public IReadOnlyList<SimulatedHost> Hosts => _hosts;

    public IReadOnlyList<Pending> Waiting => _pending;

    public IReadOnlyList<Pending> Held => _held;

    /// <summary>What was broken, or null.</summary>
    public Violation? Violation { get; private set; }

    /// <summary>Counts what was seen, when somebody wants to know.</summary>
    public Coverage? Coverage { get; init; }

    /// <summary>Where it is written what happens, when somebody reads it.</summary>
    public Action<string>? Trace { get; init; }

    /// <summary>Everything that happened so far, one by one.</summary>
    public long Steps { get; private set; }

    /// <summary>True while an attempt that this host began is in its memory.</summary>
    public ISide? SourceOn(int host) => _hosts[host].Sides.Values.FirstOrDefault(s => s.Role == AttemptRole.Source);

    /// <summary>Does one step; a step that cannot be done now (its item is not there, its host is not up) changes nothing.</summary>
    public void Apply(Step step)
    {
        if (Violation is not null)
        {
            return;
        }

        Advance();
        var host = _hosts[step.Host];
        switch (step.Kind)
        {
            case StepKind.Start:
                StartAttempt(host, _hosts[step.Number]);
                break;
            case StepKind.Found:
                Found();
                break;
            case StepKind.Create:
                StartCreation(host);
                break;
            case StepKind.Quiet:
                RunQuietlyUntil(host, step.Number);
                break;
            case StepKind.Heal:
                Heal();
                break;
            case StepKind.Copy:
                _copied.Add(step.Number);
                break;
            case StepKind.Trap:
                _trap = new Trap(step.Number, step.Crash, step.Mask);
                break;
            case StepKind.Take or StepKind.Double or StepKind.Lose or StepKind.Hold or StepKind.Release:
                ApplyToItem(step);
                break;
            default:
                ApplyFault(step, host);
                break;
        }

        CheckAlways();
    }

    /// <summary>After the last step: everything that is left is healed, what was held back comes, and the world runs until nothing happens any more.</summary>
    public void Finish()
    {
        if (Violation is null)
        {
            _copied.Clear();
            _pending.AddRange(_held);
            _held.Clear();
            Heal();
            ResolveWhatIsLeft();
            CheckEnd();
        }
    }

    /// <summary>The container runs on a host, the owner of epoch 1, as after <c>amig run</c>: the host's journal has the verdict, all voters have begun together and have the floor.</summary>
    private void Create(SimulatedHost owner)
    {
        var register = new RegisterId(Container, new Fence(0, 1), AttemptNumber.Id(0));
        var unsigned = new Registration(register, RegisterKind.Creation, owner.Name, owner.Name, [.. _hosts.Select(h => new RegisteredVoter(h.Name, h.Incarnation))], [], [], []);
        var registration = unsigned with { Signature = FakeKeys.Sign(owner.Name, DecisionBytes.ToSign(unsigned)) };
        var accepts = _hosts.Select(h => new SignedAccept(h.Name, h.Incarnation, register, new Ballot(1, owner.Name), Verdict.Dest, []))
            .Select(a => a with { Signature = FakeKeys.Sign(a.Voter, DecisionBytes.ToSign(a)) });
        var created = new ClosedRegister(registration, new VerdictCertificate(register, Verdict.Dest, [.. accepts]));
        ImmutableArray<RegisteredVoter> founders = [.. registration.Voters];
        foreach (var host in _hosts)
        {
            host.Counter = 1;
            host.Write(host.Votes.Membership.Admitted(founders, 1, new VoterSet(VoterSet.First, [.. _voters])));
            host.Confirm();
            host.Write(host.Ballots.Apply(new VoterRecord.Closed(created)).Apply(new VoterRecord.Acknowledged(register, owner.Name)));
        }

        owner.Write(owner.Journal.Apply(new JournalEntry.LastVerdict(created)));
        owner.Tree = Tree.Running;
        _exists = true;
        _votersChanged = true;
    }

    private void Advance()
    {
        _now += Tick;
        Steps++;
    }

    private DateTimeOffset Now(SimulatedHost host) => _now + host.ClockStep;

    private SimulatedHost Host(HostName name) => Array.Find(_hosts, h => h.Name == name)!;

    private bool IsCut(SimulatedHost one, SimulatedHost other) => _isCut[one.Index, other.Index];

    private void Broken(ViolationKind kind, string sentence) => Violation ??= new Violation(kind, sentence);

    private void StartAttempt(SimulatedHost source, SimulatedHost destination)
    {
        if (source == destination || destination.Index >= ContainerHosts || source is not { Tree: Tree.Running, IsUp: true } || source.HasOpenAttempt)
        {
            return;
        }

        var attempt = AttemptNumber.Id(++_attempts);
        Trace?.Invoke($"attempt {_attempts}: {source.Name} -> {destination.Name}");
        source.Sides[attempt] = _protocol.NewSource(attempt, source, destination.Name);
        Tell(source, attempt, new AttemptEvent.Started());
    }

    /// <summary>The operator runs the container for the first time, on a host that has nothing of it.</summary>
    private void StartCreation(SimulatedHost host)
    {
        if (host.Index >= ContainerHosts || host is not { Tree: Tree.None, IsUp: true } || host.HasOpenAttempt || _isMemoryLost || !_protocol.HasRegister)
        {
            return;
        }

        var attempt = AttemptNumber.Id(++_attempts);
        Trace?.Invoke($"attempt {_attempts}: {host.Name} creates");
        host.Sides[attempt] = new Creator(attempt, host.Name);
        Tell(host, attempt, new AttemptEvent.Started());
    }

    private void RunQuietlyUntil(SimulatedHost source, int state)
    {
        const int MostSteps = 500;
        for (var steps = 0; steps < MostSteps && SourceOn(source.Index) is { } side && side.State < state && CalmStep(); steps++)
        {
        }
    }

    /// <summary>Oldest first, timers last: what a quiet cluster does.</summary>
    private bool CalmStep()
    {
        Advance();
        if (_pending.Count == 0 || Violation is not null)
        {
            return false;
        }

        _calmSteps++;
        var isTimersTurn = _calmSteps % TimerEvery == 0 || !_pending.Exists(static p => !p.IsTimer);

        // All others answer a voter that asks for their memory, or are missed: there is no need to wait for the end of the time.
        var index = _pending.FindIndex(p => p.IsTimer == isTimersTurn && p is not Pending.MemoryDeadline);
        var item = _pending[index >= 0 ? index : _pending.FindIndex(static p => p is not Pending.MemoryDeadline) is var other and >= 0 ? other : 0];
        _pending.Remove(item);
        Take(item, Outcome.Well, CrashPoint.None, 0);
        CheckAlways();
        return true;
    }

    private void Heal()
    {
        Array.Clear(_isCut);
        foreach (var host in _hosts.Where(h => h.IsJournalBroken))
        {
            Crash(host, 0);
        }

        SwitchAllOn();
        WakeWaiting();
        RunCalmly();
    }

    private void RunCalmly()
    {
        for (var step = 0; step < MostCalmSteps && CalmStep(); step++)
        {
            // A trap may have made a host crash, and an operator's run may have ended.
            SwitchAllOn();
        }
    }

    private void SwitchAllOn()
    {
        foreach (var host in _hosts)
        {
            SwitchOn(host);
            Restart(host);
        }
    }

    private void ApplyToItem(Step step)
    {
        var list = step.Kind == StepKind.Release ? _held : _pending;
        if (step.Item is not { } item || !list.Contains(item))
        {
            return;
        }

        switch (step.Kind)
        {
            case StepKind.Take:
                if (item is Pending.Write)
                {
                    // A journal is a file: entries reach it in the order in which they were written.
                    item = _pending.Find(p => p is Pending.Write && p.Owner == item.Owner)!;
                }

                _pending.Remove(item);
                Take(item, step.Outcome, step.Crash, step.Mask);
                break;
            case StepKind.Double when item.MayComeTwice:
                Take(item, step.Outcome, step.Crash, step.Mask);
                break;
            case StepKind.Lose when item is Pending.Message or Pending.Request or Pending.Reply:
                _pending.Remove(item);
                Lose(item, isLate: step.Number == 1);
                break;
            case StepKind.Hold when item is Pending.Message or Pending.Request { Asker: null }:
                _pending.Remove(item);
                _held.Add(item);
                break;
            case StepKind.Release:
                _held.Remove(item);
                _pending.Add(item);
                break;
        }
    }

    private void Lose(Pending item, bool isLate)
    {
        switch (item)
        {
            case Pending.Request { Asker: { } asker } request:
                // The asker hears nothing; the request itself may still arrive, arbitrarily late.
                if (isLate)
                {
                    _pending.Add(new Pending.Request(request.From, request.Voter, request.Body, null));
                }

                NoReply(request.From, asker, request.Voter);
                break;
            case Pending.Reply reply:
                NoReply(reply.To, reply.Asker, reply.Voter);
                break;
        }
    }
}
