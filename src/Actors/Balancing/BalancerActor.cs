using System.Collections.Immutable;
using ActorMigration.Contracts;
using Akka.Actor;
using Akka.Event;

namespace ActorMigration.Actors;

/// <summary>
/// The balancer of a host (/user/node/balancer). Every host has one, and the one on the oldest reachable member looks at all hosts from time to time, decides by <see cref="BalanceRounds"/> and orders moves. Two may do so for seconds, when the
/// cluster is cut or one has hung: each order names the fence of its container, so that the second of two orders is refused at the container's host, and who runs what is for the voters to say in any case.
///
/// It holds what it remembers in memory; another host that takes over begins with what the hosts tell of their attempts. Supervision: restarted by the node, and then it takes over from itself.
/// </summary>
public sealed class BalancerActor : UntypedActor, IWithTimers
{
    /// <summary>Longest wait for one host's load or mode; a host that takes longer is not in the snapshot.</summary>
    public static readonly TimeSpan HostPatience = TimeSpan.FromSeconds(5);

    /// <summary>How often moves under way are looked at.</summary>
    public static readonly TimeSpan WatchEvery = TimeSpan.FromSeconds(1);

    /// <summary>A move whose attempt neither of its hosts knows is not waited for any longer than this: both are away, and whoever comes back ends it.</summary>
    public static readonly TimeSpan SightPatience = TimeSpan.FromMinutes(10);

    /// <summary>A look that took longer (this daemon hung, or the machine) shows what was, and nothing is done by it.</summary>
    public static readonly TimeSpan LookPatience = HostPatience * 3;

    /// <summary>Moves and decisions that <c>amig explain</c> knows; older ones are in the log.</summary>
    private const int MostRemembered = 200;

    /// <summary>Moves that have ended, in one answer: it has to fit into a message.</summary>
    private const int MostTold = 50;

    /// <summary>Containers that cannot leave, in one answer; some 150 bytes each.</summary>
    private const int MostStuck = 1000;

    /// <summary>So many questions about a move in a row have to be in vain before it is given up, however much time the clock says went by.</summary>
    private const int FewestMisses = 10;

    private readonly BalanceServices _services;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly List<IActorRef> _lookers = [];
    private readonly List<Watched> _moves = [];
    private readonly List<BalanceDecision> _decisions = [];
    private BalanceModeSet _mode = BalanceModeSet.None;
    private BalanceMemory? _memory;
    private BalanceDecision? _last;
    private BalanceDecision? _logged;
    private BalanceRecord? _record;
    private HostSeen[] _hosts = [];
    private ImmutableHashSet<HostName> _members = [];
    private long _rounds;
    private bool _isLooking;
    private bool _looksAgain;
    private bool _takesOver;

    public BalancerActor(BalanceServices services) => _services = services;

    /// <summary>What the clock tells it; for specs that do not wait for the clock.</summary>
    internal static object TickNow => Tick.Instance;

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(BalanceServices services) => Akka.Actor.Props.Create(() => new BalancerActor(services));

    private HostName Here => _services.Peers.Self;

    private bool IsActing => _services.Peers.Oldest == Here;

    private CommandRefused NotActing => new(MigrationFailure.UnknownHost, _services.Peers.Oldest is { } oldest
        ? $"host {oldest} balances the cluster, as host {Here} sees it; try again"
        : $"host {Here} does not know yet who balances the cluster: it has not joined, or not met all members; try again");

    protected override void PreStart()
    {
        _mode = _services.Store.Mode;
        Timers.StartPeriodicTimer(nameof(Tick), Tick.Instance, _services.Interval);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Tick when IsActing:
                Look(byClock: true);
                break;
            case Tick:
                // Whoever takes over later begins with what is then.
                (_memory, _last, _logged, _record, _hosts, _members) = (null, null, null, null, [], []);
                _moves.RemoveAll(m => m.Outcome == AttemptOutcome.Open);
                break;
            case Seen seen:
                OnSeen(seen);
                break;
            case LookFailed failed:
                Fail(failed.Lookers, failed.Sentence);
                break;
            case MoveAnswered answered:
                OnAnswered(answered);
                break;
            case Watch:
                WatchMoves();
                break;
            case MoveLooked looked:
                OnMoveLooked(looked);
                break;
            case AskBalanceMode:
                Sender.Tell(_mode);
                break;
            case BalanceModeSet set:
                Adopt(set);
                break;
            case DrainHost drain when drain.Host == Here:
                Sender.Tell(Drain(drain));
                break;
            case SetBalanceMode or AskBalance or LookNow or ApplyPlan or AskMove when !IsActing:
                Sender.Tell(NotActing);
                break;
            case SetBalanceMode set:
                Sender.Tell(SetMode(set.Mode));
                break;
            case AskBalance:
                Sender.Tell(Status());
                break;
            case LookNow:
                _lookers.Add(Sender);
                Look(byClock: false);
                break;
            case ApplyPlan apply:
                Sender.Tell(Apply(apply.Round));
                break;
            case AskMove ask:
                Sender.Tell(Explain(ask.Move));
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <summary>A look that is under way may have asked some hosts before what it is wanted for happened: then another one follows it.</summary>
    private void Look(bool byClock)
    {
        if (_isLooking)
        {
            _looksAgain |= !byClock;
            return;
        }

        _isLooking = true;
        IActorRef[] lookers = [.. _lookers];
        _lookers.Clear();
        LookAsync(_memory is null || _takesOver, byClock, lookers).PipeTo(Self, Self, success: static seen => seen, failure: e => new LookFailed(lookers, e.GetBaseException().Message));
    }

    private async Task<object> LookAsync(bool takesOver, bool byClock, IActorRef[] lookers)
    {
        var (clock, began) = (_services.Clock, _services.Clock.GetTimestamp());
        var (at, members) = (clock.GetUtcNow().ToUnixTimeMilliseconds(), _services.Peers.Members);
        var modes = Task.WhenAll(members.Where(m => m != Here).Select(m => AskAsync<BalanceModeSet>(_services.Peers.Balancer(m), new AskBalanceMode(), HostPatience)));
        var loads = Task.WhenAll(members.Select(async m => (Member: m, Told: await AskAsync<LoadTold>(_services.Peers.Load(m), new AskLoad(), HostPatience).ConfigureAwait(false))));

        // The console waits for each member for as long as this waits for a load, and has to say then what the others told.
        var attempts = takesOver ? await AskAsync<MigrationsListed>(_services.Console, new ListMigrations(), HostPatience + ConsoleActor.MemberPatience).ConfigureAwait(false) : null;
        if (takesOver && attempts is null)
        {
            return new LookFailed(lookers, "which migrations are under way is not known yet");
        }

        var told = (await loads.ConfigureAwait(false)).Where(one => one.Told is not null)
            .Select(one => (one.Told!.Load, WhyNot: one.Told.Load.Host == one.Member ? LoadCheck.WhyNot(one.Told.Load) : $"host {one.Member} tells the load of host {one.Told.Load.Host}")).ToArray();
        return new Seen(
            new LoadSnapshot(at, [.. told.Where(one => one.WhyNot is null).Select(one => one.Load).OrderBy(l => l.Host.Value, StringComparer.Ordinal)]),
            [.. told.Select(one => one.WhyNot).OfType<string>()],
            [.. (await modes.ConfigureAwait(false)).OfType<BalanceModeSet>()],
            [.. members], attempts?.Attempts, byClock, lookers, began);
    }

    private static async Task<T?> AskAsync<T>(ICanTell? actor, IWire question, TimeSpan patience)
        where T : class
    {
        if (actor is null)
        {
            return null;
        }

        try
        {
            return await actor.Ask<object>(question, patience).ConfigureAwait(false) as T;
        }
        catch (AskTimeoutException)
        {
            return null;
        }
    }

    private void Fail(IActorRef[] lookers, string sentence)
    {
        _isLooking = false;
        _log.Warning("The hosts could not be looked at for balance: {0}", sentence);
        Answer(lookers, new CommandRefused(MigrationFailure.Internal, $"the hosts could not be looked at: {sentence}; try again"));
        LookAgain();
    }

    private void LookAgain()
    {
        var again = _looksAgain;
        _looksAgain = false;
        if (again && IsActing)
        {
            Look(byClock: false);
        }
        else if (again)
        {
            Answer([.. _lookers], NotActing);
            _lookers.Clear();
        }
    }

    private void OnSeen(Seen seen)
    {
        if (!IsActing || _services.Clock.GetElapsedTime(seen.Began) > LookPatience || (_memory is null && seen.Attempts is null))
        {
            _isLooking = false;
            Answer(seen.Lookers, IsActing ? new CommandRefused(MigrationFailure.Internal, "looking at the hosts took too long; try again") : NotActing);
            LookAgain();
            return;
        }

        try
        {
            Decide(seen);
            LookAgain();
        }
        catch (Exception defect)
        {
            _log.Error(defect, "No decision could be made about the balance of the cluster");
            Fail(seen.Lookers, $"a defect: {defect.Message}");
        }
    }

    private void Decide(Seen seen)
    {
        foreach (var why in seen.Unusable)
        {
            _log.Warning("Balance leaves a host out: {0}", why);
        }

        foreach (var mode in seen.Modes)
        {
            Adopt(mode);
        }

        if (seen.Modes.Any(m => _mode.IsNewerThan(m)))
        {
            TellMode();
        }

        var memory = seen.Attempts is null ? _memory! : TakeOver(seen.Attempts, seen.Snapshot.AtUnixMs);
        _hosts = [.. seen.Snapshot.Hosts.Select(h => new HostSeen(h.Host, h.Standing, h.Containers.Aggregate(h.Own, (sum, c) => sum + c.Used), h.Capacity, h.Pressure, h.Containers.Length))];

        // A look that somebody asked for orders nothing for balance, and does not count as one of those that an imbalance has to last for.
        var done = seen.ByClock || _mode.Mode != BalanceMode.Auto ? _mode.Mode : BalanceMode.Recommend;
        var (next, decision) = BalanceRounds.See(memory, Here, seen.Snapshot, _services.Policy, done);
        _memory = seen.ByClock ? next : next with { RoundsAbove = decision.AreOrdered ? 0 : memory.RoundsAbove, IsSettling = memory.IsSettling, RoundsBelow = memory.RoundsBelow };
        _rounds = next.Round;
        _last = decision;
        _record = new BalanceRecord(memory, Here, seen.Snapshot, _services.Policy, done, decision);
        Remember(decision);
        if (decision.AreOrdered || (decision.Moves.Length > 0 && !IsSame(decision, _logged)))
        {
            _services.Store.Append(_record);
            _logged = decision;
        }

        if (decision.AreOrdered)
        {
            Order(decision);
        }

        // A host that was not there before may know of moves that this one does not.
        _takesOver = seen.Members.Except(_members).Count > 0 && seen.Attempts is null;
        _members = seen.Members;
        _isLooking = false;
        Answer(seen.Lookers, new BalanceSeen(Short(decision)));
    }

    /// <summary>The same moves, said once more.</summary>
    private static bool IsSame(BalanceDecision one, BalanceDecision? other)
        => other is not null && one.Moves.Select(m => (m.Move.Container, m.Move.To, m.Reason)).SequenceEqual(other.Moves.Select(m => (m.Move.Container, m.Move.To, m.Reason)));

    private static BalanceDecision Short(BalanceDecision decision) => decision with { Stuck = [.. decision.Stuck.Take(MostStuck)] };

    /// <summary>What is under way, ordered here or elsewhere, and what has ended lately and has to cool down. A creation is listed too, and is no move.</summary>
    private BalanceMemory TakeOver(AttemptDetails[] listed, long nowUnixMs)
    {
        var attempts = listed.Where(a => a.Source != a.Destination).OrderBy(a => a.StartedUnixMs).ToArray();
        var memory = attempts.Where(a => a.HasEnded && nowUnixMs - a.StartedUnixMs < _services.Policy.LongestCooldown.TotalMilliseconds)
            .Aggregate(BalanceMemory.Empty, (m, a) => Ended(m, a, _services.Policy));
        foreach (var open in attempts.Where(a => !a.HasEnded && !_moves.Exists(m => m.Attempt == a.Attempt)))
        {
            Follow(new Watched(
                new DecidedMove(
                    $"attempt-{open.Attempt}", MoveReason.Balance, new PlannedMove(open.Container, open.Source, open.Destination, 0, 0, new MoveCost(0, 0, 0)), open.Fence,
                    $"{open.Container} was on its way from {open.Source} to {open.Destination} when host {Here} took over"),
                _services.Clock, nowUnixMs)
            { Attempt = open.Attempt });
        }

        return memory with
        {
            Round = _rounds,
            Places = [],
            RoundsAbove = _memory?.RoundsAbove ?? 0,
            IsSettling = _memory?.IsSettling ?? false,
            UnderWay = [.. _moves.Where(m => m.Outcome == AttemptOutcome.Open).Select(m => new OrderedMove(m.Move, m.OrderedUnixMs, 0, null))],
        };
    }

    private static BalanceMemory Ended(BalanceMemory memory, AttemptDetails attempt, BalancePolicy policy)
    {
        var move = new DecidedMove("", MoveReason.Balance, new PlannedMove(attempt.Container, attempt.Source, attempt.Destination, 0, 0, new MoveCost(0, 0, 0)), attempt.Fence, "");
        return BalanceRounds.Ended(memory with { UnderWay = [new OrderedMove(move, 0, 0, null)] }, move.Id, attempt.Outcome == AttemptOutcome.Committed, attempt.StartedUnixMs, policy);
    }

    private void Order(BalanceDecision decision)
    {
        foreach (var move in decision.Moves)
        {
            _log.Info("Balance {0}: {1}", move.Id, move.Sentence);
            Follow(new Watched(move, _services.Clock, decision.AtUnixMs));
            var order = new MoveAsPlanned(new MigrateContainer(move.Move.Container, move.Move.To, _services.Moves), move.Fence);
            OrderAsync(move.Id, _services.Peers.Migrations(move.Move.From), order)
                .PipeTo(Self, Self, static answered => answered, e => new MoveAnswered(move.Id, new CommandRefused(MigrationFailure.Internal, e.GetBaseException().Message)));
        }
    }

    private static async Task<MoveAnswered> OrderAsync(string move, ICanTell? source, MoveAsPlanned order)
    {
        if (source is null)
        {
            return new MoveAnswered(move, new CommandRefused(MigrationFailure.UnknownHost, "its host is not a reachable member any more"));
        }

        try
        {
            return new MoveAnswered(move, await source.Ask<object>(order, ConsoleActor.CommandPatience).ConfigureAwait(false));
        }
        catch (AskTimeoutException)
        {
            return new MoveAnswered(move, new CommandRefused(MigrationFailure.UnknownHost, "its host did not answer; whether the move has begun is not known"));
        }
    }

    private void Follow(Watched move)
    {
        _moves.Add(move);
        if (_moves.Count > MostRemembered && _moves.FindIndex(m => m.Outcome != AttemptOutcome.Open) is var oldest and >= 0)
        {
            _moves.RemoveAt(oldest);
        }

        Timers.StartPeriodicTimer(nameof(Watch), Watch.Instance, WatchEvery);
    }

    private void OnAnswered(MoveAnswered answered)
    {
        switch (answered.Answer)
        {
            case MigrationAccepted accepted when _moves.Find(m => m.Move.Id == answered.Move) is { } move:
                move.Attempt = accepted.Attempt;
                break;
            case CommandRefused refused:
                End(answered.Move, AttemptOutcome.Aborted, refused.Sentence);
                break;
            default:
                End(answered.Move, AttemptOutcome.Aborted, $"its host answered with a {answered.Answer.GetType().Name}; its log has the rest");
                break;
        }
    }

    private void WatchMoves()
    {
        var open = _moves.Where(m => m.Outcome == AttemptOutcome.Open).ToArray();
        if (open.Length == 0)
        {
            Timers.Cancel(nameof(Watch));
            return;
        }

        foreach (var move in open.Where(m => m is { Attempt: not null, IsLooked: false }))
        {
            move.IsLooked = true;
            LookAtAsync(move.Move, move.Attempt!.Value).PipeTo(Self, Self, static looked => looked, _ => new MoveLooked(move.Move.Id, null));
        }
    }

    /// <summary>The source's view, and the destination's where the source has ended or is away.</summary>
    private async Task<MoveLooked> LookAtAsync(DecidedMove move, AttemptId attempt)
    {
        var question = new ShowMigration(attempt);
        var source = await AskAsync<AttemptDetails>(_services.Peers.Migrations(move.Move.From), question, HostPatience).ConfigureAwait(false);
        if (source is { HasEnded: false } or { HasEnded: true, Outcome: not AttemptOutcome.Committed })
        {
            return new MoveLooked(move.Id, source);
        }

        var destination = await AskAsync<AttemptDetails>(_services.Peers.Migrations(move.Move.To), question, HostPatience).ConfigureAwait(false);
        return new MoveLooked(move.Id, destination is { HasEnded: false } || source is null ? destination : source);
    }

    private void OnMoveLooked(MoveLooked looked)
    {
        if (_moves.Find(m => m.Move.Id == looked.Move) is not { Outcome: AttemptOutcome.Open } move)
        {
            return;
        }

        move.IsLooked = false;
        if (looked.Answer is { } details)
        {
            move.Seen(_services.Clock);
            if (details.HasEnded)
            {
                End(looked.Move, details.Outcome, details.Sentence);
            }
        }
        else if (++move.Misses >= FewestMisses && _services.Clock.GetElapsedTime(move.SeenAt) > SightPatience)
        {
            End(looked.Move, AttemptOutcome.Aborted, "neither of its hosts tells of the attempt any more; it is not waited for");
        }
    }

    private void End(string id, AttemptOutcome outcome, string sentence)
    {
        if (_moves.Find(m => m.Move.Id == id) is not { Outcome: AttemptOutcome.Open } move)
        {
            return;
        }

        var now = _services.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        (move.Outcome, move.Sentence, move.EndedUnixMs) = (outcome, sentence, now);
        _log.Info("Balance {0}: {1}{2}", id, outcome, sentence.Length > 0 ? $": {sentence}" : "");
        _memory = _memory is null ? null : BalanceRounds.Ended(_memory, id, outcome == AttemptOutcome.Committed, now, _services.Policy);
        if (move.Move.Reason == MoveReason.Drain && IsActing)
        {
            // The next one need not wait for the next look by the clock.
            Look(byClock: false);
        }
    }

    private object SetMode(BalanceMode mode)
    {
        // Newer also than what was said while this host was away, if clocks are not far apart.
        var now = _services.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        var set = new BalanceModeSet(mode, Math.Max(_mode.Version + 1, now), Here, now);
        try
        {
            _services.Store.Keep(set);
        }
        catch (AttemptException e)
        {
            return new CommandRefused(e.Failure, $"the mode stays {_mode.Mode}: {e.Message}");
        }

        _log.Info("Balance: the mode is {0}", mode);
        _mode = set;
        TellMode();
        return Status();
    }

    private void Adopt(BalanceModeSet set)
    {
        if (!set.IsNewerThan(_mode))
        {
            return;
        }

        // In force at once: a full disk may not leave the cluster in auto when the operator has said off.
        _mode = set;
        try
        {
            _services.Store.Keep(set);
        }
        catch (AttemptException e)
        {
            _log.Warning("The mode {0} of host {1} could not be kept, and is in force until this daemon ends: {2}", set.Mode, set.SetOn, e.Message);
        }
    }

    private void TellMode()
    {
        foreach (var member in _services.Peers.Members.Where(m => m != Here))
        {
            _services.Peers.Balancer(member)?.Tell(_mode, Self);
        }
    }

    /// <summary>A shutdown neither weakens the operator's word nor takes it back.</summary>
    private object Drain(DrainHost order)
    {
        var before = _services.Drain.Cause;
        var wanted = order switch
        {
            { Drain: true, ForShutdown: true } => before == DrainCause.Operator ? before : DrainCause.Shutdown,
            { Drain: true } => DrainCause.Operator,
            { ForShutdown: true } when before == DrainCause.Operator => before,
            _ => DrainCause.None,
        };
        try
        {
            if (wanted != before)
            {
                _services.Drain.Set(wanted);
                _log.Info(wanted == DrainCause.None ? "This host takes containers again" : $"This host is drained and takes no containers ({wanted})");
            }

            return new HostDrained(Here, wanted != DrainCause.None, wanted != before);
        }
        catch (AttemptException e)
        {
            return new CommandRefused(e.Failure, e.Message);
        }
    }

    private object Apply(long round)
    {
        var now = _services.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        if (_memory is null || _last is not { Moves.Length: > 0 } said || said.Moves[0].Reason != MoveReason.Balance)
        {
            return new CommandRefused(MigrationFailure.TooLate, "there is no plan to apply: the last look found nothing worth a move; 'amig balance plan' looks again");
        }

        if (said.AreOrdered || BalanceRounds.Recent(_memory, now) > 0)
        {
            return new CommandRefused(MigrationFailure.AttemptInProgress, said.AreOrdered ? "the moves of the last plan are ordered already" : "moves are under way; 'amig balance plan' looks again when they have ended");
        }

        if (round != 0 && said.Round != round)
        {
            return new CommandRefused(MigrationFailure.TooLate, $"the plan of round {round} is not the last one any more; that is the one of round {said.Round}");
        }

        if (now - said.AtUnixMs > (_services.Interval * 2).TotalMilliseconds)
        {
            return new CommandRefused(MigrationFailure.TooLate, "the last plan is too old; 'amig balance plan' looks again");
        }

        if (!ReferenceEquals(_logged, said))
        {
            _services.Store.Append(_record!);
            _logged = said;
        }

        (_memory, var decision) = BalanceRounds.Ordered(_memory, said, _record!.Snapshot);
        _last = decision;
        _decisions[_decisions.FindLastIndex(d => d.Round == said.Round)] = decision;
        Order(decision);
        return new BalanceSeen(Short(decision));
    }

    private object Explain(string id)
        => _moves.Find(m => m.Move.Id == id) is { } move && Decision(id) is { } decision ? new MoveExplained(move.Standing(), decision)
            : Decision(id) is { } said ? new MoveExplained(new MoveStanding(said.Moves.First(m => m.Id == id), null, AttemptOutcome.Open, 0, "it was only said, not ordered"), said)
            : new CommandRefused(MigrationFailure.UnknownContainer, $"host {Here} remembers no move {id}; older ones are in the balance.log of the host that decided, for 'amig balance replay'");

    private BalanceDecision? Decision(string move) => _decisions.FindLast(d => Array.Exists(d.Moves, m => m.Id == move));

    private BalanceStatus Status() => new(
        Here, _mode, _services.Policy, (int)_services.Interval.TotalMilliseconds, _last is null ? null : Short(_last), _hosts,
        [.. _moves.Where(m => m.Outcome == AttemptOutcome.Open).Concat(_moves.Where(m => m.Outcome != AttemptOutcome.Open).OrderByDescending(m => m.EndedUnixMs).Take(MostTold)).Select(m => m.Standing())]);

    private void Remember(BalanceDecision decision)
    {
        _decisions.Add(decision);
        if (_decisions.Count > MostRemembered)
        {
            // Those with moves are worth more than those that found nothing to do; the newest is never the one that goes.
            _decisions.RemoveAt(Math.Max(0, _decisions.FindIndex(0, _decisions.Count - 1, d => d.Moves.Length == 0)));
        }
    }

    private static void Answer(IActorRef[] lookers, object answer)
    {
        foreach (var looker in lookers)
        {
            looker.Tell(answer);
        }
    }

    /// <summary>A move that was ordered.</summary>
    private sealed class Watched(DecidedMove move, TimeProvider clock, long orderedUnixMs)
    {
        public DecidedMove Move { get; } = move;

        public long OrderedUnixMs { get; } = orderedUnixMs;

        public AttemptId? Attempt { get; set; }

        public AttemptOutcome Outcome { get; set; }

        public string Sentence { get; set; } = "";

        public long EndedUnixMs { get; set; }

        /// <summary>An answer is waited for.</summary>
        public bool IsLooked { get; set; }

        /// <summary>Timestamp of the last answer.</summary>
        public long SeenAt { get; private set; } = clock.GetTimestamp();

        /// <summary>Questions since then.</summary>
        public int Misses { get; set; }

        public void Seen(TimeProvider time) => (SeenAt, Misses) = (time.GetTimestamp(), 0);

        public MoveStanding Standing() => new(Move, Attempt, Outcome, EndedUnixMs, Sentence);
    }

    /// <summary>Self-message: it is time for the next look.</summary>
    private sealed record Tick : INoSerializationVerificationNeeded
    {
        public static Tick Instance { get; } = new();
    }

    /// <summary>Self-message: how far are the moves?</summary>
    private sealed record Watch : INoSerializationVerificationNeeded
    {
        public static Watch Instance { get; } = new();
    }

    /// <summary>Self-message: what the hosts have told; attempts only where this host takes over.</summary>
    private sealed record Seen(
        LoadSnapshot Snapshot, ImmutableArray<string> Unusable, ImmutableArray<BalanceModeSet> Modes, ImmutableHashSet<HostName> Members, AttemptDetails[]? Attempts, bool ByClock, IActorRef[] Lookers, long Began) : INoSerializationVerificationNeeded;

    /// <summary>Self-message.</summary>
    private sealed record LookFailed(IActorRef[] Lookers, string Sentence) : INoSerializationVerificationNeeded;

    /// <summary>Self-message: what a source says to an order.</summary>
    private sealed record MoveAnswered(string Move, object Answer) : INoSerializationVerificationNeeded;

    /// <summary>Self-message: how an attempt stands; null when nobody answered.</summary>
    private sealed record MoveLooked(string Move, AttemptDetails? Answer) : INoSerializationVerificationNeeded;
}
