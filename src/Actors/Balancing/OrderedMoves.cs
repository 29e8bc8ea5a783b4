using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>The moves that a <see cref="BalancerActor"/> has ordered or found under way, and how far each is; ended ones for <c>amig balance status</c> and <c>amig explain</c>, so many and no more. Not thread-safe.</summary>
internal sealed class OrderedMoves(TimeProvider clock)
{
    /// <summary>A move whose attempt neither of its hosts knows is not waited for any longer than this: they are away, and whoever comes back ends it.</summary>
    public static readonly TimeSpan SightPatience = TimeSpan.FromMinutes(10);

    /// <summary>So many questions about a move in a row have to be in vain before it is given up, however much time the clock says went by.</summary>
    private const int FewestMisses = 10;

    /// <summary>So many times in a row, a second apart, both hosts of a move have to say that they know nothing of its attempt: a daemon that has just been started takes its attempts up within seconds.</summary>
    private const int ForgottenAfter = 30;

    /// <summary>Older ones that have ended are in the log.</summary>
    private const int MostRemembered = 200;

    /// <summary>Moves that have ended, in one answer: it has to fit into a message.</summary>
    private const int MostTold = 50;

    private readonly List<OrderedMoveStanding> _moves = [];

    public IEnumerable<OrderedMoveStanding> Open => _moves.Where(m => m.Outcome == AttemptOutcome.Open);

    /// <summary>Those under way, then the last ones that ended.</summary>
    public MoveStanding[] Standings
        => [.. Open.Concat(_moves.Where(m => m.Outcome != AttemptOutcome.Open).OrderByDescending(m => m.EndedUnixMs).Take(MostTold)).Select(m => m.Standing)];

    public OrderedMoveStanding? Find(string id) => _moves.Find(m => m.Move.Id == id);

    public bool Knows(AttemptId attempt) => _moves.Exists(m => m.Attempt == attempt);

    public void Add(DecidedMove move, AttemptId? attempt = null)
    {
        _moves.Add(new OrderedMoveStanding(move, clock.GetTimestamp()) { Attempt = attempt });
        if (_moves.Count > MostRemembered && _moves.FindIndex(m => m.Outcome != AttemptOutcome.Open) is var oldest and >= 0)
        {
            _moves.RemoveAt(oldest);
        }
    }

    /// <summary>Another host looks after them now.</summary>
    public void ForgetOpen() => _moves.RemoveAll(m => m.Outcome == AttemptOutcome.Open);

    /// <summary>Somebody told how its attempt stands.</summary>
    public void Seen(OrderedMoveStanding move) => (move.SeenAt, move.Misses, move.Unknown) = (clock.GetTimestamp(), 0, 0);

    /// <summary>Nobody did: null while it is waited for, else why it is not any more.</summary>
    /// <param name="move">It.</param>
    /// <param name="isUnknown">Both of its hosts have answered that they know nothing of it.</param>
    public string? WhyGivenUp(OrderedMoveStanding move, bool isUnknown)
    {
        (move.Misses, move.Unknown) = (move.Misses + 1, isUnknown ? move.Unknown + 1 : 0);
        return move.Unknown >= ForgottenAfter ? "both of its hosts say that they know nothing of the attempt: its source was started anew before it began"
            : move.Misses >= FewestMisses && clock.GetElapsedTime(move.SeenAt) > SightPatience ? "neither of its hosts tells of the attempt any more; it is not waited for"
            : null;
    }
}

/// <summary>One of them.</summary>
/// <param name="move">As decided.</param>
/// <param name="seenAt">Timestamp of now.</param>
internal sealed class OrderedMoveStanding(DecidedMove move, long seenAt)
{
    public DecidedMove Move { get; } = move;

    /// <summary>Null before its source has answered.</summary>
    public AttemptId? Attempt { get; set; }

    public AttemptOutcome Outcome { get; set; }

    public string Sentence { get; set; } = "";

    /// <summary>0 before.</summary>
    public long EndedUnixMs { get; set; }

    /// <summary>An answer about its attempt is waited for.</summary>
    public bool IsLooked { get; set; }

    /// <summary>Timestamp of the last answer.</summary>
    public long SeenAt { get; set; } = seenAt;

    /// <summary>Questions since then.</summary>
    public int Misses { get; set; }

    /// <summary>Answers in a row by which both hosts know nothing of its attempt.</summary>
    public int Unknown { get; set; }

    public MoveStanding Standing => new(Move, Attempt, Outcome, EndedUnixMs, Sentence);
}
