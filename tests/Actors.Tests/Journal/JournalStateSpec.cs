using ActorMigration.Actors.Tests.Decision;
using ActorMigration.Contracts;
using static ActorMigration.Actors.Tests.Decision.Cluster;

namespace ActorMigration.Actors.Tests.Journal;

/// <summary>What a host knows of its attempts after a restart is the fold of its journal, and compaction leaves the same.</summary>
public sealed class JournalStateSpec
{
    private readonly Registration _first = Registration(new Fence(1, 1), A, B);
    private readonly JournalEntry.Begun _begun;
    private readonly JournalEntry.Prepared _prepared;
    private readonly VerdictCertificate _source;

    public JournalStateSpec()
    {
        _begun = new JournalEntry.Begun(AttemptRole.Source, _first, 5);
        _prepared = new JournalEntry.Prepared(_begun.Attempt, "boot", 7, Token(_first.Register));
        _source = new Cluster().Decide(_first, Verdict.Source);
    }

    [Fact]
    public void Each_entry_is_known_of_its_attempt()
    {
        var state = Fold(
            _begun, new JournalEntry.Frozen(_begun.Attempt), _prepared, new JournalEntry.Never(_begun.Attempt), new JournalEntry.Proposed(_begun.Attempt, Verdict.Dest),
            new JournalEntry.BallotUsed(_begun.Attempt, 3), new JournalEntry.BallotUsed(_begun.Attempt, 2), new JournalEntry.VerdictLearned(_begun.Attempt, _source));

        var open = Assert.Single(state.Open.Values);
        Assert.Equal(new OpenAttempt(_begun, true, _prepared, true, Verdict.Dest, 3, _source), open);
        Assert.Equal((_begun.Attempt, Name), (open.Id, open.Container));
    }

    [Fact]
    public void An_entry_of_an_attempt_that_is_not_open_changes_nothing()
    {
        var state = Fold(new JournalEntry.Frozen(_begun.Attempt), _prepared, new JournalEntry.VerdictLearned(_begun.Attempt, _source));

        Assert.Empty(state.Open);
        Assert.Empty(state.LastClosed);
    }

    [Fact]
    public void The_last_verdict_of_a_container_is_the_one_of_the_highest_fence_until_the_container_is_removed()
    {
        var second = Registration(new Fence(1, 2), A, B, RegisterKind.Migration, new ClosedRegister(_first, _source));
        var dest = new VerdictCertificate(second.Register, Verdict.Dest, []);
        JournalEntry[] both = [_begun, new JournalEntry.Begun(AttemptRole.Source, second, 6)];
        var (learnFirst, learnSecond) = (new JournalEntry.VerdictLearned(_first.Register.Attempt, _source), new JournalEntry.VerdictLearned(second.Register.Attempt, dest));

        var inOrder = Fold([.. both, learnFirst, learnSecond]);
        var turned = Fold([.. both, learnSecond, learnFirst]);

        Assert.Equal(new Fence(2, 1), inOrder.LastClosed[Name].Next);
        Assert.Equal(new Fence(2, 1), turned.LastClosed[Name].Next);
        Assert.Empty(inOrder.LastClosed[Name].Registration.Previous);
        Assert.Empty(inOrder.Apply(new JournalEntry.Removed(second.Register.Attempt, Name)).LastClosed);
        Assert.Equal(dest, JournalState.Empty.Apply(new JournalEntry.LastVerdict(new ClosedRegister(second, dest))).LastClosed[Name].Certificate);
    }

    [Fact]
    public void A_verdict_that_is_learned_again_is_as_good_as_the_first()
    {
        var again = new VerdictCertificate(_first.Register, Verdict.Source, []);

        var state = Fold(_begun, new JournalEntry.VerdictLearned(_begun.Attempt, _source), new JournalEntry.VerdictLearned(_begun.Attempt, again));

        Assert.Equal(_source, state.LastClosed[Name].Certificate);
    }

    [Fact]
    public void Ended_attempts_are_kept_as_history_the_oldest_going_first()
    {
        var ended = Enumerable.Range(0, JournalState.HistoryLimit + 2).Select(i => Details(AttemptId.New(), i)).ToArray();

        var state = ended.Aggregate(Fold(_begun), (s, d) => s.Apply(new JournalEntry.Ended(d))).Apply(new JournalEntry.Ended(Details(_begun.Attempt, 9999)));

        Assert.Empty(state.Open);
        Assert.Equal([.. ended.Skip(3).Select(d => d.StartedUnixMs), 9999], state.History.Select(d => d.StartedUnixMs));
    }

    [Fact]
    public void Compaction_leaves_the_same_state_in_as_few_entries()
    {
        var other = new JournalEntry.Begun(AttemptRole.Destination, Registration(new Fence(4, 1), B, A), 6);
        JournalEntry[] entries =
        [
            new JournalEntry.Ended(Details(AttemptId.New(), 1)), _begun, new JournalEntry.Frozen(_begun.Attempt), _prepared, new JournalEntry.Never(_begun.Attempt),
            new JournalEntry.Proposed(_begun.Attempt, Verdict.Source), new JournalEntry.BallotUsed(_begun.Attempt, 2), new JournalEntry.BallotUsed(_begun.Attempt, 3),
            new JournalEntry.VerdictLearned(_begun.Attempt, _source), other,
        ];
        var state = Fold(entries);

        var compact = state.ToEntries();
        var again = Fold([.. compact]);

        Assert.Equal(state.Open.OrderBy(o => o.Key.Value), again.Open.OrderBy(o => o.Key.Value));
        Assert.Equal(state.History, again.History);
        Assert.Equal(state.LastClosed[Name].Certificate, again.LastClosed[Name].Certificate);

        // One ballot less, one entry more for the last verdict; nothing for what the second attempt has not.
        Assert.Equal(entries.Length, compact.Length);
        Assert.Same(other, Assert.Single(Fold(other).ToEntries()));
    }

    private static JournalState Fold(params ReadOnlySpan<JournalEntry> entries)
    {
        var state = JournalState.Empty;
        foreach (var entry in entries)
        {
            state = state.Apply(entry);
        }

        return state;
    }

    private static AttemptDetails Details(AttemptId attempt, long started) => new(
        attempt, Name, new Fence(1, 1), A, B, A, Phase.Teardown, "Ended", AttemptOutcome.Aborted, MigrationFailure.Cancelled, "", started, [], [], 0, 0, [], 0, 0, 0, null);
}
