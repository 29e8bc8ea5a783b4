using System.Collections.Immutable;
using ActorMigration.Contracts;

namespace ActorMigration.Actors;

/// <summary>An attempt that the journal has begun and not ended.</summary>
/// <param name="Begun">How it began.</param>
/// <param name="Frozen">The source's container may be frozen.</param>
/// <param name="Prepared">The destination's gate.</param>
/// <param name="Never">The destination never proposes.</param>
/// <param name="Proposed">What this host proposed.</param>
/// <param name="Ballot">Highest ballot counter used.</param>
/// <param name="Certificate">The verdict.</param>
public sealed record OpenAttempt(
    JournalEntry.Begun Begun,
    bool Frozen = false,
    JournalEntry.Prepared? Prepared = null,
    bool Never = false,
    Verdict? Proposed = null,
    long Ballot = 0,
    VerdictCertificate? Certificate = null)
{
    public AttemptId Id => Begun.Attempt;

    public ContainerName Container => Begun.Registration.Register.Container;
}

/// <summary>What the journal says, as the fold of its entries.</summary>
/// <param name="Open">Attempts that have not ended, by id.</param>
/// <param name="LastClosed">Per container the last verdict that this host has; shown to voters at the next BEGIN.</param>
/// <param name="History">Ended attempts, oldest first, at most <see cref="HistoryLimit"/>.</param>
public sealed record JournalState(
    ImmutableDictionary<AttemptId, OpenAttempt> Open,
    ImmutableDictionary<ContainerName, ClosedRegister> LastClosed,
    ImmutableList<AttemptDetails> History)
{
    /// <summary>Ended attempts that are kept; a few KiB each.</summary>
    public const int HistoryLimit = 256;

    public static JournalState Empty { get; } = new(
        ImmutableDictionary<AttemptId, OpenAttempt>.Empty, ImmutableDictionary<ContainerName, ClosedRegister>.Empty, []);

    public JournalState Apply(JournalEntry entry) => entry switch
    {
        JournalEntry.Begun e => this with { Open = Open.SetItem(e.Attempt, new OpenAttempt(e)) },
        JournalEntry.Frozen e => Change(e.Attempt, a => a with { Frozen = true }),
        JournalEntry.Prepared e => Change(e.Attempt, a => a with { Prepared = e }),
        JournalEntry.Never e => Change(e.Attempt, a => a with { Never = true }),
        JournalEntry.Proposed e => Change(e.Attempt, a => a with { Proposed = e.Value }),
        JournalEntry.BallotUsed e => Change(e.Attempt, a => a with { Ballot = Math.Max(a.Ballot, e.Counter) }),
        JournalEntry.VerdictLearned e => Learn(e),
        JournalEntry.LastVerdict e => this with { LastClosed = LastClosed.SetItem(e.Register.Registration.Register.Container, e.Register) },
        JournalEntry.Ended e => this with
        {
            Open = Open.Remove(e.Attempt),
            History = History.Count < HistoryLimit ? History.Add(e.Details) : History.RemoveAt(0).Add(e.Details),
        },
        JournalEntry.Removed e => this with { LastClosed = LastClosed.Remove(e.Container) },
        _ => this,
    };

    /// <summary>The shortest list of entries with the same fold; what compaction leaves.</summary>
    public ImmutableArray<JournalEntry> ToEntries() =>
    [
        .. LastClosed.Values.Select(c => new JournalEntry.LastVerdict(c)),
        .. History.Select(h => new JournalEntry.Ended(h)),
        .. Open.Values.SelectMany(EntriesOf),
    ];

    private JournalState Change(AttemptId attempt, Func<OpenAttempt, OpenAttempt> change)
        => Open.TryGetValue(attempt, out var open) ? this with { Open = Open.SetItem(attempt, change(open)) } : this;

    private JournalState Learn(JournalEntry.VerdictLearned entry)
    {
        if (!Open.TryGetValue(entry.Attempt, out var open))
        {
            return this;
        }

        var closed = new ClosedRegister(open.Begun.Registration with { Previous = [] }, entry.Certificate);
        var newer = !LastClosed.TryGetValue(open.Container, out var last) || closed.Next > last.Next;
        return Change(entry.Attempt, a => a with { Certificate = entry.Certificate }) with
        {
            LastClosed = newer ? LastClosed.SetItem(open.Container, closed) : LastClosed,
        };
    }

    private static IEnumerable<JournalEntry> EntriesOf(OpenAttempt open)
    {
        yield return open.Begun;
        if (open.Ballot > 0)
        {
            yield return new JournalEntry.BallotUsed(open.Id, open.Ballot);
        }

        if (open.Frozen)
        {
            yield return new JournalEntry.Frozen(open.Id);
        }

        if (open.Prepared is { } prepared)
        {
            yield return prepared;
        }

        if (open.Never)
        {
            yield return new JournalEntry.Never(open.Id);
        }

        if (open.Proposed is { } value)
        {
            yield return new JournalEntry.Proposed(open.Id, value);
        }

        if (open.Certificate is { } certificate)
        {
            yield return new JournalEntry.VerdictLearned(open.Id, certificate);
        }
    }
}
