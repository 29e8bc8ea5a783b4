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

    /// <summary>A move whose attempt no reachable host knows is not waited for any longer than this: both of its hosts are away, and whoever comes back ends it.</summary>
    public static readonly TimeSpan SightPatience = TimeSpan.FromMinutes(10);

    /// <summary>Moves and decisions that <c>amig explain</c> knows; older ones are in the log.</summary>
    private const int MostRemembered = 200;

    private readonly BalanceServices _services;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly List<IActorRef> _lookers = [];
    private readonly List<Watched> _moves = [];
    private readonly List<BalanceDecision> _decisions = [];
    private BalanceModeSet _mode = BalanceModeSet.None;
    private BalanceMemory? _memory;
    private HostSeen[] _hosts = [];
    private bool _isLooking;

    public BalancerActor(BalanceServices services) => _services = services;

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(BalanceServices services) => Akka.Actor.Props.Create(() => new BalancerActor(services));

    private HostName Here => _services.Peers.Self;

    private bool IsActing => _services.Peers.Oldest == Here;

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
                Look();
                break;
            case Tick:
                // Whoever takes over later begins with what is then.
                _memory = null;
                break;
            case Seen seen:
                OnSeen(seen);
                break;
            case LookFailed failed:
                _isLooking = false;
                _log.Warning("The hosts could not be looked at for balance: {0}", failed.Sentence);
                AnswerLookers(new CommandRefused(MigrationFailure.Internal, failed.Sentence));
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
                Sender.Tell(new CommandRefused(MigrationFailure.UnknownHost, $"host {_services.Peers.Oldest} balances the cluster, as host {Here} sees it; try again"));
                break;
            case SetBalanceMode set:
                Sender.Tell(SetMode(set.Mode));
                break;
            case AskBalance:
                Sender.Tell(Status());
                break;
            case LookNow:
                _lookers.Add(Sender);
                Look();
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

    private void Look()
    {
        if (_isLooking)
        {
            return;
        }

        _isLooking = true;
        LookAsync(_memory is null).PipeTo(Self, Self, success: static seen => seen, failure: static e => new LookFailed(e.GetBaseException().Message));
    }

    private async Task<Seen> LookAsync(bool takesOver)
    {
        var members = _services.Peers.Members;
        var modes = Task.WhenAll(members.Where(m => m != Here).Select(m => AskAsync<BalanceModeSet>(_services.Peers.Balancer(m), new AskBalanceMode())));
        var loads = Task.WhenAll(members.Select(m => AskAsync<LoadTold>(_services.Peers.Load(m), new AskLoad())));
        var attempts = takesOver ? await AskAsync<MigrationsListed>(_services.Console, new ListMigrations()).ConfigureAwait(false) : null;
        var told = (await loads.ConfigureAwait(false)).OfType<LoadTold>().Select(t => t.Load).OrderBy(l => l.Host.Value, StringComparer.Ordinal).ToArray();
        return new Seen(
            new LoadSnapshot(_services.Clock.GetUtcNow().ToUnixTimeMilliseconds(), told),
            [.. (await modes.ConfigureAwait(false)).OfType<BalanceModeSet>()],
            attempts?.Attempts ?? []);
    }

    private static async Task<T?> AskAsync<T>(ICanTell? actor, IWire question)
        where T : class
    {
        if (actor is null)
        {
            return null;
        }

        try
        {
            return await actor.Ask<object>(question, HostPatience).ConfigureAwait(false) as T;
        }
        catch (AskTimeoutException)
        {
            return null;
        }
    }

    private void OnSeen(Seen seen)
    {
        _isLooking = false;
        foreach (var mode in seen.Modes)
        {
            Adopt(mode);
        }

        if (seen.Modes.Any(m => _mode.IsNewerThan(m)))
        {
            TellMode();
        }

        var memory = _memory ?? TakeOver(seen.Attempts, seen.Snapshot.AtUnixMs);
        _hosts = [.. seen.Snapshot.Hosts.Select(h => new HostSeen(h.Host, h.Standing, h.Containers.Aggregate(h.Own, (sum, c) => sum + c.Used), h.Capacity, h.Pressure, h.Containers.Length))];
        var (next, decision) = BalanceRounds.See(memory, Here, seen.Snapshot, _services.Policy, _mode.Mode);
        _memory = next;
        Remember(decision);
        if (decision.Moves.Length > 0)
        {
            _services.Store.Append(new BalanceRecord(memory, Here, seen.Snapshot, _services.Policy, _mode.Mode, decision));
        }

        if (decision.AreOrdered)
        {
            Order(decision);
        }

        AnswerLookers(new BalanceSeen(decision));
    }

    /// <summary>What others have ordered before is under way, and what has ended lately has to cool down.</summary>
    private BalanceMemory TakeOver(AttemptDetails[] attempts, long nowUnixMs)
    {
        var history = attempts.Where(a => a.HasEnded && nowUnixMs - a.StartedUnixMs < _services.Policy.LongestCooldown.TotalMilliseconds)
            .OrderBy(a => a.StartedUnixMs)
            .Aggregate(MoveHistory.Empty, (h, a) => h.Ended(a.Container, a.StartedUnixMs, _services.Policy));
        var open = attempts.Where(a => !a.HasEnded)
            .Select(a => (a.Attempt, Move: new DecidedMove($"attempt-{a.Attempt}", MoveReason.Balance, new PlannedMove(a.Container, a.Source, a.Destination, 0, 0, new MoveCost(0, 0, 0)), a.Fence, $"{a.Container} was on its way from {a.Source} to {a.Destination} before host {Here} balanced the cluster")))
            .ToArray();
        foreach (var (attempt, move) in open)
        {
            Follow(new Watched(move, _services.Clock.GetUtcNow()) { Attempt = attempt });
        }

        return BalanceMemory.Empty with
        {
            Past = [.. history.Last.Select(p => new PastMove(p.Key, p.Value.AtUnixMs, p.Value.InARow)).OrderBy(p => p.Container.Value, StringComparer.Ordinal)],
            UnderWay = [.. open.Select(o => o.Move)],
        };
    }

    private void Order(BalanceDecision decision)
    {
        foreach (var move in decision.Moves)
        {
            _log.Info("Balance {0}: {1}", move.Id, move.Sentence);
            Follow(new Watched(move, _services.Clock.GetUtcNow()));
            var order = new MoveAsPlanned(new MigrateContainer(move.Move.Container, move.Move.To, _services.Moves), move.Fence);
            OrderAsync(move.Id, _services.Peers.Migrations(move.Move.From), order).PipeTo(Self);
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
            return new MoveAnswered(move, await source.Ask<object>(order, HostPatience).ConfigureAwait(false));
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
            LookAtAsync(move.Move.Id, move.Attempt!.Value).PipeTo(Self);
        }
    }

    private async Task<MoveLooked> LookAtAsync(string move, AttemptId attempt) => new(move, await AskAsync<object>(_services.Console, new ShowMigration(attempt)).ConfigureAwait(false));

    private void OnMoveLooked(MoveLooked looked)
    {
        if (_moves.Find(m => m.Move.Id == looked.Move) is not { Outcome: AttemptOutcome.Open } move)
        {
            return;
        }

        move.IsLooked = false;
        if (looked.Answer is AttemptDetails details)
        {
            move.SeenAt = _services.Clock.GetUtcNow();
            if (details.HasEnded)
            {
                End(looked.Move, details.Outcome, details.Sentence);
            }
        }
        else if (_services.Clock.GetUtcNow() - move.SeenAt > SightPatience)
        {
            End(looked.Move, AttemptOutcome.Aborted, "no reachable host knows the attempt any more; it is not waited for");
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
        _memory = _memory is null ? null : BalanceRounds.Ended(_memory, id, now, _services.Policy);
        if (move.Move.Reason == MoveReason.Drain && IsActing)
        {
            // The next one need not wait for the next look by the clock.
            Look();
        }
    }

    private object SetMode(BalanceMode mode)
    {
        var set = new BalanceModeSet(mode, _mode.Version + 1, Here, _services.Clock.GetUtcNow().ToUnixTimeMilliseconds());
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

        try
        {
            _services.Store.Keep(set);
            _mode = set;
        }
        catch (AttemptException e)
        {
            _log.Warning("The mode {0} of host {1} could not be kept: {2}", set.Mode, set.SetOn, e.Message);
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
        var said = _decisions.LastOrDefault();
        if (_memory is null || said is null || said.Moves.Length == 0)
        {
            return new CommandRefused(MigrationFailure.None, "there is no plan to apply: the last look found nothing worth a move; 'amig balance plan' looks again");
        }

        if (said.AreOrdered || _memory.UnderWay.Length > 0)
        {
            return new CommandRefused(MigrationFailure.AttemptInProgress, "the moves of the last plan are under way");
        }

        if (round != 0 && said.Round != round)
        {
            return new CommandRefused(MigrationFailure.TooLate, $"the plan of round {round} is not the last one any more; that is the one of round {said.Round}");
        }

        (_memory, var decision) = BalanceRounds.Ordered(_memory, said);
        _decisions[^1] = decision;
        Order(decision);
        return new BalanceSeen(decision);
    }

    private object Explain(string id)
        => _moves.Find(m => m.Move.Id == id) is { } move && Decision(id) is { } decision ? new MoveExplained(move.Standing(), decision)
            : Decision(id) is { } said ? new MoveExplained(new MoveStanding(said.Moves.Single(m => m.Id == id), null, AttemptOutcome.Open, 0, "it was only said, not ordered"), said)
            : new CommandRefused(MigrationFailure.UnknownContainer, $"host {Here} remembers no move {id}; older ones are in the balance.log of the host that decided, for 'amig balance replay'");

    private BalanceDecision? Decision(string move) => _decisions.FindLast(d => Array.Exists(d.Moves, m => m.Id == move));

    private BalanceStatus Status() => new(
        Here, _mode, _services.Policy, (int)_services.Interval.TotalMilliseconds, _decisions.LastOrDefault(), _hosts,
        [.. _moves.OrderBy(m => m.Outcome != AttemptOutcome.Open).ThenByDescending(m => m.EndedUnixMs).Select(m => m.Standing())]);

    private void Remember(BalanceDecision decision)
    {
        _decisions.Add(decision);
        if (_decisions.Count > MostRemembered)
        {
            // Those with moves are worth more than those that found nothing to do.
            _decisions.RemoveAt(Math.Max(0, _decisions.FindIndex(d => d.Moves.Length == 0)));
        }
    }

    private void AnswerLookers(object answer)
    {
        foreach (var looker in _lookers)
        {
            looker.Tell(answer);
        }

        _lookers.Clear();
    }

    /// <summary>A move that was ordered.</summary>
    private sealed class Watched(DecidedMove move, DateTimeOffset since)
    {
        public DecidedMove Move { get; } = move;

        public AttemptId? Attempt { get; set; }

        public AttemptOutcome Outcome { get; set; }

        public string Sentence { get; set; } = "";

        public long EndedUnixMs { get; set; }

        /// <summary>An answer is waited for.</summary>
        public bool IsLooked { get; set; }

        public DateTimeOffset SeenAt { get; set; } = since;

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
    private sealed record Seen(LoadSnapshot Snapshot, ImmutableArray<BalanceModeSet> Modes, AttemptDetails[] Attempts) : INoSerializationVerificationNeeded;

    /// <summary>Self-message.</summary>
    private sealed record LookFailed(string Sentence) : INoSerializationVerificationNeeded;

    /// <summary>Self-message: what a source says to an order.</summary>
    private sealed record MoveAnswered(string Move, object Answer) : INoSerializationVerificationNeeded;

    /// <summary>Self-message: how an attempt stands; null when nobody answered.</summary>
    private sealed record MoveLooked(string Move, object? Answer) : INoSerializationVerificationNeeded;
}
