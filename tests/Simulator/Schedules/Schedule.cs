using ActorMigration.Actors;
using ActorMigration.Contracts;

namespace ActorMigration.Simulator;

/// <summary>
/// One seed's schedule: one to three attempts, each quiet up to some point and then in a storm. What may go wrong in it is drawn first, so that some schedules have one
/// kind of fault and get far, and others have many.
/// </summary>
internal sealed partial class Schedule
{
    /// <summary>Any cell is as good as any other.</summary>
    public const int NoAim = -1;

    private const int TimerTries = 8;
    private const int MostEarlySteps = 16;
    private const int MostFoundingSteps = 80;
    private const int MostWritesBack = 8;
    private const int WholeDisk = 1_000;

    /// <summary>Enough for a voter that is lost again, or for one after the other.</summary>
    private const int MostDisks = 5;

    /// <summary>The kind of message of which a late copy could do most harm.</summary>
    private static readonly int Verdicts = Array.IndexOf(Cells.MessageNames, nameof(VerdictReached));

    private static readonly int Offers = Array.IndexOf(Cells.MessageNames, nameof(OfferMigration));

    private static readonly int Questions = Array.IndexOf(Cells.MessageNames, nameof(AskAttempt));

    private const int AllBits = 1 << 30;

    /// <summary>An item that would do what the aim wants, were its machine in the right state, is left for later so many times out of so many and one.</summary>
    private const int Patience = 8;

    private readonly Plan _plan;
    private readonly Chance _chance;
    private readonly World _world;
    private readonly List<string>? _lines;
    private readonly bool _isCutting;
    private readonly bool _isHolding;
    private readonly bool _isFailing;
    private readonly int _aim;
    private int _destination = -1;
    private int _crashes;
    private int _lostHosts;
    private int _treeDeaths;
    private int _reboots;
    private int _disks;
    private int _counts;
    private int _creations;
    private int _clocks;
    private int _cancels;

    private Schedule(Plan plan, ulong seed, Coverage? coverage, bool isRecorded, int aim)
    {
        _plan = plan;
        _aim = aim;
        _chance = new Chance(seed);
        _isOfTheOperator = !plan.IsNaive && (plan.IsOfTheOperator || new Chance(seed ^ Operators).Once(OneInOfTheOperator));
        Voters = _chance.Once(_isOfTheOperator ? 2 : 4) ? 5 : 3;
        _world = new World(plan.Protocol, plan.Mutant, Voters) { Coverage = coverage };
        _lines = isRecorded ? [] : null;
        _isCutting = _chance.Once(2);
        _isHolding = _chance.Next(3) != 0;
        _isFailing = _chance.Next(3) != 0;
        _crashes = _chance.Next(4);
        _lostHosts = _chance.Once(4) ? 1 : 0;
        _treeDeaths = _chance.Once(3) ? 1 : 0;
        _reboots = _chance.Once(8) ? 1 : 0;
        _disks = _chance.Once(2) ? 1 + _chance.Next(2) : _chance.Once(4) ? MostDisks : 0;
        _counts = _chance.Once(3) ? 1 + _chance.Next(3) : 0;
        _creations = _chance.Once(4) ? 1 : 0;
        _clocks = _chance.Once(4) ? 1 + _chance.Next(3) : 0;
        _cancels = _chance.Once(4) ? 1 : 0;
        if (_isOfTheOperator)
        {
            PrepareOperator();
        }
    }

    private int Voters { get; }

    /// <summary>Runs the schedule of a seed to its end; with a trap its daemon crashes there.</summary>
    /// <param name="plan">What it is about.</param>
    /// <param name="seed">Draws everything.</param>
    /// <param name="coverage">Counts what was seen.</param>
    /// <param name="trap">Where a daemon crashes.</param>
    /// <param name="aim">A cell that the schedule tries to reach: what gets there is taken as soon as it can be, and what could later is kept for it. -1 for none.</param>
    public static World Run(Plan plan, ulong seed, Coverage? coverage = null, Step? trap = null, int aim = NoAim)
    {
        var schedule = new Schedule(plan, seed, coverage, isRecorded: false, aim);
        schedule.Go(trap);
        return schedule._world;
    }

    /// <summary>The same, written down.</summary>
    public static Script Record(Plan plan, ulong seed, Step? trap = null, int aim = NoAim)
    {
        var schedule = new Schedule(plan, seed, null, isRecorded: true, aim);
        schedule.Go(trap);
        return new Script(plan.IsNaive, plan.Mutant, schedule.Voters, schedule._lines!);
    }

    private void Go(Step? trap)
    {
        if (trap is { } step)
        {
            Do(step);
        }

        if (!_isOfTheOperator && !_plan.IsNaive && _chance.Once(6))
        {
            FoundCluster();
        }

        var attempts = _chance.Next(6) switch { < 3 => 1, < 5 => 2, _ => 3 };
        for (var attempt = 0; attempt < attempts && _world.Violation is null; attempt++)
        {
            if (_aim >= 0 && attempt == 0)
            {
                CopyWhatIsAimedAt();
            }
            else if (_isHolding && attempt == 0 && attempts > 1)
            {
                Do(new Step(StepKind.Copy) { Number = _chance.Next(3) != 0 ? Verdicts : _chance.Next(Cells.MessageNames.Length) });
            }

            Attempt(mostSteps: _isOfTheOperator ? MostStepsBefore : attempts == 1 ? 200 : 120);
            if (_isOfTheOperator)
            {
                LoseMajority();
            }

            if (attempt < attempts - 1 && !_chance.Once(3))
            {
                Do(new Step(StepKind.Heal));
            }
        }

        _world.Finish();
    }

    /// <summary>A new cluster in a storm, and in it one or two hosts on which the operator runs the container.</summary>
    private void FoundCluster()
    {
        Do(new Step(StepKind.Found));
        Storm(_chance.Next(MostFoundingSteps));
        if (_chance.Once(2))
        {
            Do(new Step(StepKind.Heal));
        }

        for (var creators = 1 + _chance.Next(2); creators > 0; creators--)
        {
            Do(new Step(StepKind.Create) { Host = _chance.Next(World.ContainerHosts) });
            Storm(_chance.Next(MostFoundingSteps));
        }

        Do(new Step(StepKind.Heal));
    }

    private void Attempt(int mostSteps)
    {
        var source = StartAttempt();
        if (_chance.Once(3))
        {
            // What is lost at the very beginning, such as a voter's floor, is felt much later.
            Storm(_chance.Next(MostEarlySteps));
        }

        if (source >= 0 && _chance.Next(5) != 0)
        {
            // Most attempts are quiet until the stop is near: a storm from the start seldom gets there, and it is the stop that must be right.
            var from = _chance.Once(4) ? SourceState.Offering : SourceState.AgreeingStop;
            var to = _chance.Once(4) ? SourceState.Cleaning : SourceState.AwaitingVerdict;
            var state = _chance.Once(4) || (_isOfTheOperator && _chance.Once(2)) ? SourceState.AwaitingVerdict : from + _chance.Next(to - from + 1);
            Do(new Step(StepKind.Quiet) { Host = source, Number = (int)state });
        }

        Storm(_chance.Next(mostSteps));
    }

    private void Storm(int steps)
    {
        for (var step = 0; step < steps && _world.Violation is null; step++)
        {
            StormStep();
        }
    }

    private int StartAttempt()
    {
        for (var host = 0; host < World.ContainerHosts; host++)
        {
            if (_world.Hosts[host] is { Tree: Tree.Running, IsUp: true, HasOpenAttempt: false })
            {
                if (_destination < 0 || _destination == host || _chance.Once(2))
                {
                    _destination = (host + 1 + _chance.Next(World.ContainerHosts - 1)) % World.ContainerHosts;
                }

                Do(new Step(StepKind.Start) { Host = host, Number = _destination });
                return host;
            }
        }

        return -1;
    }

    private void StormStep()
    {
        if ((_aim >= 0 && TakeAimed()) || (_isOfTheOperator && OperatorStep()))
        {
            return;
        }

        var host = _chance.Next(Voters);
        switch (_chance.Next(100))
        {
            case < 2 when _crashes > 0:
                _crashes--;
                Do(new Step(StepKind.Crash) { Host = host, Mask = _chance.Next(AllBits) });
                break;
            case < 5 when Down() is var down and >= 0:
                Do(new Step(StepKind.Restart) { Host = down });
                break;
            case >= 50 and < 58 when First(static h => h is { IsUp: false, IsLost: false, IsOff: false, HasLostVotes: true }) is var emptied and >= 0:
                // What a voter without its memory does is worth more than that it is away.
                Do(new Step(StepKind.Restart) { Host = emptied });
                break;
            case 58 when _counts > 0:
                _counts--;
                Count(host);
                break;
            case 59 when _creations > 0:
                _creations--;
                Do(new Step(StepKind.Create) { Host = _chance.Next(World.ContainerHosts) });
                break;
            case 5 when _lostHosts > 0 && _chance.Once(3):
                _lostHosts--;
                Do(new Step(StepKind.LoseHost) { Host = host, Mask = _chance.Next(AllBits) });
                break;
            case 6 or 9 or 10 when _treeDeaths > 0 && Gated() is var gated and >= 0:
                _treeDeaths--;
                Do(new Step(StepKind.TreeDies) { Host = gated });
                break;
            case 7 when _isCutting:
                Do(_chance.Once(2) ? new Step(StepKind.Join) : new Step(StepKind.Cut) { Host = host, Number = _chance.Once(2) ? -1 : _chance.Next(Voters) });
                break;
            case 8:
                StartAttempt();
                break;
            case 11 when _reboots > 0 && Gated() is var gated and >= 0:
                _reboots--;
                Do(new Step(StepKind.Reboot) { Host = gated, Mask = _chance.Next(AllBits) });
                break;
            case 12 or (>= 40 and < 50) when _disks > 0 && (Accepted() >= 0 || _chance.Once(8)):
                _disks--;
                Do(new Step(StepKind.Disk) { Host = Accepted() is var voter and >= 0 && _chance.Next(4) != 0 ? voter : host, Mask = _chance.Next(AllBits), Part = Part(), Number = WritesBack() });
                break;
            case 13 when _clocks > 0:
                _clocks--;
                Do(new Step(StepKind.Clock) { Host = host, Number = ClockStep() });
                break;
            case 14 when _cancels > 0 && Source() is var source and >= 0:
                _cancels--;
                Do(new Step(StepKind.Cancel) { Host = source });
                break;
            case 15 when _isFailing && Source() is var source and >= 0 && _chance.Once(4):
                Do(new Step(StepKind.BreakStream) { Host = source });
                break;
            case >= 16 and < 20 when _world.Held.Count > 0:
                Release(_chance.Next(_world.Held.Count));
                break;
            case >= 20 and < 40 when _world.Held.Count > 0 && IsDeciding():
                Release(_chance.Next(_world.Held.Count));
                break;
            default:
                TakeOne();
                break;
        }
    }

    /// <summary>The message itself, and in some schedules what makes a side begin again for an attempt that has been (a late offer, to a host that has forgotten), or what is answered by the message.</summary>
    private void CopyWhatIsAimedAt()
    {
        if (Array.IndexOf(Cells.MessageNames, Cells.EventOf(_aim)) is var wanted and >= 0)
        {
            Do(new Step(StepKind.Copy) { Number = wanted });
        }

        if (_chance.Once(2))
        {
            Do(new Step(StepKind.Copy) { Number = Offers });
            _disks = _isOfTheOperator ? 0 : Math.Max(_disks, 1 + _chance.Next(2));
        }

        if (_chance.Once(3))
        {
            Do(new Step(StepKind.Copy) { Number = _chance.Once(2) ? Questions : _chance.Next(Cells.MessageNames.Length) });
        }
    }

    /// <summary>True when something got to the cell that the schedule is about.</summary>
    private bool TakeAimed()
    {
        foreach (var outcome in (Outcome[])[Outcome.Well, Outcome.Fails])
        {
            if (_world.Held.FirstOrDefault(item => _world.CellAhead(item, outcome) == _aim) is { } late)
            {
                Do(new Step(StepKind.Release) { Item = late });
                Do(new Step(StepKind.Take) { Item = late, Outcome = outcome });
                return true;
            }

            if (_world.Waiting.FirstOrDefault(item => _world.CellAhead(item, outcome) == _aim) is { } item)
            {
                Do(new Step(StepKind.Take) { Item = item, Outcome = outcome });
                return true;
            }
        }

        return false;
    }

    /// <summary>True for what the same machine would take for the event that is aimed at, in another state.</summary>
    private bool IsKept(Pending item)
        => _aim >= 0 && ((Outcome[])[Outcome.Well, Outcome.Fails]).Any(outcome => _world.CellAhead(item, outcome) is var cell and >= 0 && Cells.IsSameEvent(cell, _aim)) && _chance.Next(Patience + 1) != 0;

    /// <summary>Any item may be next; timers seldom are, as most things are faster than a timer.</summary>
    private void TakeOne()
    {
        if (_world.Waiting.Count == 0)
        {
            return;
        }

        var item = _world.Waiting[_chance.Next(_world.Waiting.Count)];
        for (var tries = 0; item.IsTimer && tries < TimerTries && !_chance.Once(item is Pending.Timer { Fired.Timer: AttemptTimer.Patience } ? 100 : 12); tries++)
        {
            item = _world.Waiting[_chance.Next(_world.Waiting.Count)];
        }

        if (IsKept(item))
        {
            return;
        }

        Do(item is Pending.Message or Pending.Request or Pending.Reply && _chance.Once(14) ? new Step(StepKind.Lose) { Item = item, Number = _chance.Next(2) }
            : _isHolding && item is Pending.Message or Pending.Request { Asker: null } && _chance.Once(12) ? new Step(StepKind.Hold) { Item = item }
            : item.MayComeTwice && _chance.Once(12) ? WithCrash(new Step(StepKind.Double) { Item = item })
            : WithCrash(new Step(StepKind.Take) { Item = item, Outcome = OutcomeOf(item) }));
    }

    private Step WithCrash(Step step)
    {
        if (_crashes == 0 || !_chance.Once(60))
        {
            return step;
        }

        _crashes--;
        return step with { Crash = _chance.Once(2) ? CrashPoint.Before : CrashPoint.After, Mask = _chance.Next(AllBits) };
    }

    private Outcome OutcomeOf(Pending item)
    {
        var oneIn = item switch
        {
            Pending.Call { Action: AttemptAction.Quote or AttemptAction.CheckEvidence } => 150,
            Pending.Call => 40,
            Pending.Write or Pending.VoterWork => 200,
            _ => 0,
        };
        return !_isFailing || oneIn == 0 || !_chance.Once(oneIn) ? Outcome.Well : _chance.Once(2) ? Outcome.Fails : Outcome.FailsAfter;
    }

    /// <summary>From a second to a day, forwards or backwards.</summary>
    private int ClockStep()
    {
        int[] seconds = [1, 20, 40, 3_600, 86_400];
        return seconds[_chance.Next(seconds.Length)] * (_chance.Once(2) ? 1 : -1);
    }

    private int Down() => First(static h => h is { IsUp: false, IsLost: false, IsOff: false });

    private int Gated() => First(static h => h.Tree == Tree.Gated);

    /// <summary>A voter that forgets hurts most when it has accepted something, and when it is no party that would notice by itself.</summary>
    private int Accepted() => First(h => h.Ballots.Open is { AcceptedBallot: not null } && (h.Sides.Count == 0 || _chance.Once(4)));

    private DiskPart Part() => _aim >= 0 ? (DiskPart)_chance.Next(3) : _chance.Next(4) switch { 0 => DiskPart.Both, 1 => DiskPart.Journal, _ => DiskPart.Votes };

    /// <summary>Some way into a count, and often no further: then the TPM and the disk differ.</summary>
    private void Count(int host)
    {
        const int WorkOfCount = 3;
        Do(new Step(StepKind.Count) { Host = host });
        for (var works = _chance.Next(WorkOfCount + 1); works > 0; works--)
        {
            if (_world.Waiting.FirstOrDefault(p => p is Pending.VoterWork && p.Owner == _world.Hosts[host]) is { } work)
            {
                Do(new Step(StepKind.Take) { Item = work });
            }
        }

        if (_chance.Once(2))
        {
            Do(new Step(StepKind.Crash) { Host = host, Mask = _chance.Next(AllBits) });
            Do(new Step(StepKind.Restart) { Host = host });
        }
    }

    private int WritesBack() => _chance.Next(4) switch { 0 => WholeDisk, 1 => 1 + _chance.Next(MostWritesBack), _ => 1 };

    /// <summary>What comes late now could do most harm.</summary>
    private bool IsDeciding() => First(static h => h.Sides.Values.Any(s => s.StateName is nameof(SourceState.AwaitingVerdict) or nameof(DestinationState.JournalingProposed) or nameof(DestinationState.Deciding))) >= 0;

    private void Release(int index)
    {
        var item = _world.Held[index];
        Do(new Step(StepKind.Release) { Item = item });
        if (_chance.Once(2))
        {
            Do(new Step(StepKind.Take) { Item = item });
        }
    }

    private int Source() => First(h => _world.SourceOn(h.Index) is not null);

    private int First(Predicate<SimulatedHost> isIt)
    {
        for (var host = 0; host < Voters; host++)
        {
            if (isIt(_world.Hosts[host]))
            {
                return host;
            }
        }

        return -1;
    }

    private void Do(Step step)
    {
        _lines?.Add(Script.Line(step, _world));
        _world.Apply(step);
    }
}

/// <summary>What a run is about: the production protocol or the naive one, whole or with one rule broken.</summary>
internal sealed record Plan(bool IsNaive, Mutant Mutant)
{
    public static readonly Plan Production = new(false, Mutant.None);

    public IProtocol Protocol => IsNaive ? AcknowledgeProtocol.Instance : RegisterProtocol.Instance;

    /// <summary>True when only schedules with an operator's resolutions can show what is broken.</summary>
    public bool IsOfTheOperator => Mutant >= Mutant.ConsentNotKept;

    /// <summary>True when a violation is what it should end with.</summary>
    public bool IsBroken => IsNaive || Mutant != Mutant.None;
}
