using System.Collections.Immutable;
using ActorMigration.Contracts;
using Akka.Actor;
using Akka.Event;

namespace ActorMigration.Actors;

/// <summary>
/// The balancer of a host (/user/node/balancer). Every host has one, and the one on the oldest reachable member that is trusted looks at all hosts from time to time, decides by <see cref="BalanceRounds"/> and orders moves. Two may do so for seconds, when the
/// cluster is cut or one has hung: each order names the fence of its container, so that the second of two orders is refused at the container's host, and who runs what is for the voters to say in any case.
///
/// It holds what it remembers in memory; another host that takes over begins with what the hosts tell of their attempts. Supervision: restarted by the node, and then it takes over from itself.
/// </summary>
public sealed class BalancerActor : UntypedActor, IWithTimers
{
    /// <summary>How often moves under way are looked at.</summary>
    public static readonly TimeSpan WatchEvery = TimeSpan.FromSeconds(1);

    /// <summary>A look that took longer (this daemon hung, or the machine) shows what was, and nothing is done by it.</summary>
    public static readonly TimeSpan LookPatience = HostsLook.HostPatience * 3;

    private readonly BalanceServices _services;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly List<IActorRef> _lookers = [];
    private readonly OrderedMoves _moves;
    private readonly BalanceDecisions _decisions;
    private readonly ClusterMode _mode;
    private BalanceMemory? _memory;
    private HostSeen[] _hosts = [];
    private ImmutableHashSet<HostName> _members = [];
    private long _rounds;
    private bool _isLooking;
    private bool _looksAgain;
    private bool _takesOver;

    public BalancerActor(BalanceServices services)
    {
        _services = services;
        _moves = new OrderedMoves(services.Clock);
        _decisions = new BalanceDecisions(services.Store);
        _mode = new ClusterMode(services, _log);
    }

    /// <summary>What the clock tells it; for specs that do not wait for the clock.</summary>
    internal static object TickNow => Tick.Instance;

    /// <inheritdoc cref="TickNow"/>
    internal static object WatchNow => Watch.Instance;

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(BalanceServices services) => Akka.Actor.Props.Create(() => new BalancerActor(services));

    private HostName Here => _services.Peers.Self;

    private bool IsActing => _services.Acting == Here;

    private CommandRefused NotActing => new(MigrationFailure.UnknownHost, _services.Acting is { } oldest
        ? $"host {oldest} balances the cluster, as host {Here} sees it; try again"
        : $"host {Here} does not know yet who balances the cluster: it has not joined, or not met all members; try again");

    protected override void PreStart() => Timers.StartPeriodicTimer(nameof(Tick), Tick.Instance, _services.Interval);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Tick when IsActing:
                Look(byClock: true);
                break;
            case Tick:
                // Whoever takes over later begins with what is then.
                (_memory, _hosts, _members) = (null, [], []);
                _decisions.Forget();
                _moves.ForgetOpen();
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
                Sender.Tell(_mode.Current);
                break;
            case BalanceModeSet set:
                _mode.Adopt(set);
                break;
            case DrainHost drain when drain.Host == Here:
                Sender.Tell(Drain(drain));
                break;
            case SetBalanceMode or AskBalance or LookNow or ApplyPlan or AskMove when !IsActing:
                Sender.Tell(NotActing);
                break;
            case SetBalanceMode set:
                Sender.Tell(_mode.Say(set.Mode, Self) ?? (object)Status());
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
        HostsLook.LookAsync(_services, withAttempts: _memory is null || _takesOver)
            .PipeTo(Self, Self, looked => new Seen(looked, byClock, lookers), e => new LookFailed(lookers, e.GetBaseException().Message));
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
        if (!IsActing || _services.Clock.GetElapsedTime(seen.Hosts.Began) > LookPatience || (_memory is null && seen.Hosts.Attempts is null))
        {
            _isLooking = false;
            Answer(seen.Lookers, IsActing ? new CommandRefused(MigrationFailure.Internal, "looking at the hosts took too long; try again") : NotActing);
            LookAgain();
            return;
        }

        try
        {
            Decide(seen.Hosts, seen.ByClock, seen.Lookers);
            LookAgain();
        }
        catch (Exception defect)
        {
            _log.Error(defect, "No decision could be made about the balance of the cluster");
            Fail(seen.Lookers, $"a defect: {defect.Message}");
        }
    }

    private void Decide(HostsLooked seen, bool byClock, IActorRef[] lookers)
    {
        foreach (var why in seen.Unusable)
        {
            _log.Warning("Balance leaves a host out: {0}", why);
        }

        foreach (var known in seen.Modes)
        {
            _mode.Adopt(known);
        }

        if (seen.Modes.Any(m => _mode.Current.IsNewerThan(m)))
        {
            _mode.TellAll(Self);
        }

        var memory = seen.Attempts is null ? _memory! : TakeOver(seen.Attempts, seen.Snapshot.AtUnixMs);
        _hosts = [.. seen.Snapshot.Hosts.Select(h => new HostSeen(h.Host, h.Standing, h.Containers.Aggregate(h.Own, (sum, c) => sum + c.Used), h.Capacity, h.Pressure, h.Containers.Length))];

        // A look that somebody asked for orders nothing for balance, and does not count as one of those that an imbalance has to last for.
        var mode = byClock || _mode.Current.Mode != BalanceMode.Auto ? _mode.Current.Mode : BalanceMode.Recommend;
        var (next, decision) = BalanceRounds.See(memory, Here, seen.Snapshot, _services.Policy, mode);
        _memory = byClock ? next : next with { RoundsAbove = decision.AreOrdered ? 0 : memory.RoundsAbove, IsSettling = memory.IsSettling, RoundsBelow = memory.RoundsBelow };
        _rounds = next.Round;
        _decisions.Add(new BalanceRecord(memory, Here, seen.Snapshot, _services.Policy, mode, decision));
        if (decision.AreOrdered)
        {
            Order(decision);
        }

        // A host that was not there before may know of moves that this one does not.
        _takesOver = seen.Members.Except(_members).Count > 0 && seen.Attempts is null;
        _members = seen.Members;
        _isLooking = false;
        Answer(lookers, new BalanceSeen(BalanceDecisions.Short(decision)));
    }

    private BalanceMemory TakeOver(AttemptDetails[] listed, long nowUnixMs)
    {
        var (memory, found) = BalanceTakeOver.Of(_memory, Here, listed, _moves.Knows, nowUnixMs, _services.Policy);
        foreach (var (move, attempt) in found)
        {
            Follow(move, attempt);
        }

        return memory with { Round = _rounds };
    }

    private void Order(BalanceDecision decision)
    {
        foreach (var move in decision.Moves)
        {
            _log.Info("Balance {0}: {1}", move.Id, move.Sentence);
            Follow(move, null);
            var order = new MoveAsPlanned(new MigrateContainer(move.Move.Container, move.Move.To, _services.Moves), move.Fence);
            HostsLook.OrderAsync(_services.Peers.Migrations(move.Move.From), order)
                .PipeTo(Self, Self, answer => new MoveAnswered(move.Id, answer), e => new MoveAnswered(move.Id, new CommandRefused(MigrationFailure.Internal, e.GetBaseException().Message)));
        }
    }

    private void Follow(DecidedMove move, AttemptId? attempt)
    {
        _moves.Add(move, attempt);
        Timers.StartPeriodicTimer(nameof(Watch), Watch.Instance, WatchEvery);
    }

    private void OnAnswered(MoveAnswered answered)
    {
        switch (answered.Answer)
        {
            case MigrationAccepted accepted when _moves.Find(answered.Move) is { } move:
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
        var open = _moves.Open.ToArray();
        if (open.Length == 0)
        {
            Timers.Cancel(nameof(Watch));
            return;
        }

        foreach (var move in open.Where(m => m is { Attempt: not null, IsLooked: false }))
        {
            move.IsLooked = true;
            HostsLook.LookAtAsync(_services.Peers, move.Move.Move, move.Attempt!.Value).PipeTo(Self, Self, look => new MoveLooked(move.Move.Id, look), _ => new MoveLooked(move.Move.Id, default));
        }
    }

    private void OnMoveLooked(MoveLooked looked)
    {
        if (_moves.Find(looked.Move) is not { Outcome: AttemptOutcome.Open } move)
        {
            return;
        }

        move.IsLooked = false;
        if (looked.Answer.Details is { } details)
        {
            _moves.Seen(move);
            if (details.HasEnded)
            {
                End(looked.Move, details.Outcome, details.Sentence);
            }
        }
        else if (_moves.WhyGivenUp(move, looked.Answer.IsUnknown) is { } why)
        {
            End(looked.Move, AttemptOutcome.Aborted, why);
        }
    }

    private void End(string id, AttemptOutcome outcome, string sentence)
    {
        if (_moves.Find(id) is not { Outcome: AttemptOutcome.Open } move)
        {
            return;
        }

        var now = _services.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        (move.Outcome, move.Sentence, move.EndedUnixMs) = (outcome, sentence, now);
        _log.Info("Balance {0}: {1}{2}", id, outcome, sentence.Length > 0 ? $": {sentence}" : "");
        _memory = _memory is null ? null : BalanceRounds.Ended(_memory, id, outcome == AttemptOutcome.Committed, now, _services.Policy);
        if (move.Move.Reason != MoveReason.Balance && IsActing)
        {
            // The next one need not wait for the next look by the clock.
            Look(byClock: false);
        }
    }

    private object Drain(DrainHost order)
    {
        var before = _services.Drain.Cause;
        var wanted = DrainOrder.After(before, order);
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
        var underWay = _memory is null ? 0 : BalanceRounds.Recent(_memory, now);
        if (_decisions.WhyNotApply(round, underWay, now, _services.Interval * 2) is { } refused)
        {
            return refused;
        }

        (_memory, var decision) = _decisions.Order(_memory!);
        Order(decision);
        return new BalanceSeen(BalanceDecisions.Short(decision));
    }

    private object Explain(string id)
        => _moves.Find(id) is { } move && _decisions.Of(id) is { } decision ? new MoveExplained(move.Standing, decision)
            : _decisions.Of(id) is { } said ? new MoveExplained(new MoveStanding(said.Moves.First(m => m.Id == id), null, AttemptOutcome.Open, 0, "it was only said, not ordered"), said)
            : new CommandRefused(MigrationFailure.UnknownContainer, $"host {Here} remembers no move {id}; older ones are in the balance.log of the host that decided, for 'amig balance replay'");

    private BalanceStatus Status() => new(
        Here, _mode.Current, _services.Policy, (int)_services.Interval.TotalMilliseconds, _decisions.Last is { } last ? BalanceDecisions.Short(last) : null, _hosts, _moves.Standings);

    private static void Answer(IActorRef[] lookers, object answer)
    {
        foreach (var looker in lookers)
        {
            looker.Tell(answer);
        }
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

    /// <summary>Self-message: what the hosts have told, to whom it is to be said, and whether the clock or somebody asked for it.</summary>
    private sealed record Seen(HostsLooked Hosts, bool ByClock, IActorRef[] Lookers) : INoSerializationVerificationNeeded;

    /// <summary>Self-message.</summary>
    private sealed record LookFailed(IActorRef[] Lookers, string Sentence) : INoSerializationVerificationNeeded;

    /// <summary>Self-message: what a source says to an order.</summary>
    private sealed record MoveAnswered(string Move, object Answer) : INoSerializationVerificationNeeded;

    /// <summary>Self-message: how an attempt stands.</summary>
    private sealed record MoveLooked(string Move, AttemptLook Answer) : INoSerializationVerificationNeeded;
}
