using ActorMigration.Contracts;
using static ActorMigration.Actors.Tests.Decision.Cluster;

namespace ActorMigration.Actors.Tests.Decision;

/// <summary>What a voter's records make of what it knows of a container.</summary>
public sealed class ContainerBallotsSpec
{
    private readonly Registration _first = Registration(new Fence(1, 1), A, B);
    private readonly Registration _other = Registration(new Fence(1, 1), A, W);
    private readonly ContainerBallots _fresh = ContainerBallots.Fresh(Name) with { Lowest = new Fence(1, 1), Owner = A };

    [Fact]
    public void A_promise_and_a_vote_for_another_register_change_nothing()
    {
        var open = _fresh.Apply(new VoterRecord.Opened(_first));

        Assert.Equal(open, open.Apply(new VoterRecord.Promise(_other.Register, new Ballot(1, A))));
        Assert.Equal(open, open.Apply(new VoterRecord.Vote(_other.Register, new Ballot(1, A), Verdict.Source, null)));
        Assert.Equal(open, open.Apply(new VoterRecord.Withdrawn(_other.Register)));
        Assert.Equal(_fresh, _fresh.Apply(new VoterRecord.Promise(_first.Register, new Ballot(1, A))));
    }

    [Fact]
    public void A_promise_keeps_what_was_accepted_and_a_vote_raises_the_promise()
    {
        var token = Token(_first.Register);

        var open = _fresh.Apply(new VoterRecord.Opened(_first)).Apply(new VoterRecord.Vote(_first.Register, new Ballot(1, B), Verdict.Dest, token)).Apply(new VoterRecord.Promise(_first.Register, new Ballot(2, A))).Open!;

        Assert.Equal((new Ballot(2, A), new Ballot(1, B), Verdict.Dest, token), (open.Promised, open.AcceptedBallot, open.AcceptedValue, open.AcceptedToken));
        Assert.Equal(new Ballot(3, A), _fresh.Apply(new VoterRecord.Opened(_first)).Apply(new VoterRecord.Vote(_first.Register, new Ballot(3, A), Verdict.Source, null)).Open!.Promised);
    }

    [Fact]
    public void A_verdict_raises_the_floor_gives_the_epoch_to_its_owner_and_ends_the_register()
    {
        var after = _fresh.Apply(new VoterRecord.Opened(_first)).Apply(Closed(_first, Verdict.Dest));

        Assert.Equal((new Fence(2, 1), B, null), (after.Lowest, after.Owner!.Value, after.Open));
        Assert.Single(after.Kept);
    }

    [Fact]
    public void A_verdict_that_comes_late_lowers_nothing_and_leaves_the_attempt_after_it_open()
    {
        var next = Registration(new Fence(1, 2), A, W);
        var later = _fresh.Apply(Closed(_first, Verdict.Source)).Apply(new VoterRecord.Opened(next));

        var again = later.Apply(Closed(_first, Verdict.Source));
        Assert.Equal((new Fence(1, 2), A, next.Register), (again.Lowest, again.Owner!.Value, again.Open!.Id));
        Assert.Single(again.Kept);

        var older = (later with { Lowest = new Fence(3, 1), Owner = W, Open = null }).Apply(Closed(_other, Verdict.Dest));
        Assert.Equal((new Fence(3, 1), W), (older.Lowest, older.Owner!.Value));
        Assert.Equal(2, older.Kept.Length);
    }

    [Fact]
    public void A_verdict_that_comes_after_the_name_was_freed_does_not_give_it_back()
    {
        var freed = _fresh.Apply(new VoterRecord.Released(Name, 1));

        var after = freed.Apply(Closed(_first, Verdict.Dest));

        Assert.Equal((new Fence(2, 1), null), (after.Lowest, after.Owner));
    }

    [Fact]
    public void An_acknowledged_verdict_is_dropped_when_both_have_it_and_no_other_is()
    {
        var kept = _fresh.Apply(Closed(_first, Verdict.Source)).Apply(Closed(_other, Verdict.Source));

        var one = kept.Apply(new VoterRecord.Acknowledged(_first.Register, A));
        Assert.Equal([1, 0], one.Kept.Select(k => k.Has.Count));

        var both = one.Apply(new VoterRecord.Acknowledged(_first.Register, B));
        Assert.Equal(_other.Register, Assert.Single(both.Kept).Register.Registration.Register);
    }

    private static VoterRecord.Closed Closed(Registration registration, Verdict value) => new(new ClosedRegister(registration, new Cluster().Decide(registration, value)));
}
