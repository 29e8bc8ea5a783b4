using System.Collections.Immutable;
using ActorMigration.Contracts;
using static ActorMigration.Actors.Tests.Decision.Cluster;

namespace ActorMigration.Actors.Tests.Decision;

/// <summary>How a voter comes to vote, step by step, with a crash between any two of them.</summary>
public sealed class RecoveryMachineSpec
{
    private static readonly VoterMembership New = VoterMembership.Fresh(Guid.NewGuid());
    private static readonly VoterReply.Memory OfB = new(B, Guid.NewGuid(), VoterStanding.New, [], [], false, Set);
    private static readonly VoterReply.Memory OfW = new(W, Guid.NewGuid(), VoterStanding.New, [], [], false, Set);
    private static readonly ContainerFloor Floor = new(Name, new Fence(3, 1), B, []);

    private VoterMembership _disk = New;
    private VoterSet _set = Set;
    private ImmutableArray<HostName> _before = [];
    private ulong? _counter;
    private bool _votes;
    private ImmutableArray<ContainerBallots> _taken = [];

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    public void A_founder_that_crashes_in_its_admission_is_a_founder_or_no_voter_yet(int steps)
    {
        Run(steps, OfB, OfW);
        var incarnation = _disk.Incarnation;
        Assert.False(_votes);

        // The others have begun with it, and one of them is not there.
        Run(int.MaxValue, OfB with { Standing = VoterStanding.Votes, Founders = [new RegisteredVoter(A, incarnation), new RegisteredVoter(B, OfB.Incarnation)] });

        Assert.True(_votes);
        Assert.Equal(incarnation, _disk.Incarnation);
    }

    [Fact]
    public void What_was_written_before_a_crash_in_a_count_is_not_the_newest_after_the_next_start()
    {
        Run(int.MaxValue, OfB, OfW);
        Run(2);
        var copy = _disk;
        Assert.Equal(_counter + 1, copy.Counter);
        Run(int.MaxValue);
        Assert.True(_votes);

        _disk = copy;
        Run(int.MaxValue);

        Assert.False(_votes);
        Assert.NotEqual(copy.Incarnation, _disk.Incarnation);
    }

    [Fact]
    public void A_voter_that_crashes_while_it_takes_over_what_others_know_is_not_new_any_more()
    {
        var knowing = new[] { OfB, OfW }.Select(m => m with { Standing = VoterStanding.Votes, Floors = [Floor] }).ToArray();
        Run(6, knowing);
        Assert.NotEmpty(_taken);
        Assert.Equal(VoterStanding.Waits, _disk.Standing(votes: false));

        Run(int.MaxValue, OfB, OfW);

        Assert.False(_votes);
    }

    [Fact]
    public void A_voter_that_stays_when_another_is_exchanged_votes_at_once_and_has_written_down_with_whom_before_it_does()
    {
        Run(int.MaxValue, OfB, OfW);
        var incarnation = _disk.Incarnation;
        (_set, _before) = (new VoterSet(2, [A, B, new HostName("x")]), Voters);

        Run(2);
        Assert.Same(_set, _disk.Set);
        Assert.False(_votes);
        Run(int.MaxValue);

        Assert.True(_votes);
        Assert.Equal(incarnation, _disk.Incarnation);
    }

    [Fact]
    public void A_configuration_that_does_not_follow_the_one_it_has_voted_with_keeps_it_silent_until_that_is_mended()
    {
        Run(int.MaxValue, OfB, OfW);
        var disk = _disk;
        foreach (var wrong in (VoterSet[])[Set with { Hosts = [A, B, new HostName("x")] }, Set with { Number = 0 }])
        {
            _set = wrong;
            Run(int.MaxValue, OfB with { Set = wrong, Standing = VoterStanding.Votes }, OfW with { Set = wrong, Standing = VoterStanding.Votes });
            Assert.False(_votes);
            Assert.Equal(disk, _disk);
        }

        _set = Set;
        Run(int.MaxValue);
        Assert.True(_votes);
    }

    [Fact]
    public void A_voter_that_was_away_over_a_change_is_admitted_as_another_one_and_is_the_old_one_until_then()
    {
        Run(int.MaxValue, OfB, OfW);
        var incarnation = _disk.Incarnation;
        _set = Set with { Number = 3 };
        VoterReply.Memory[] others = [OfB with { Set = _set, Standing = VoterStanding.Votes, Floors = [Floor] }, OfW with { Set = _set, Standing = VoterStanding.Votes }];

        Run(int.MaxValue, others[0]);
        Assert.False(_votes);
        Assert.Equal(incarnation, _disk.Incarnation);
        Run(int.MaxValue, others);

        Assert.True(_votes);
        Assert.NotEqual(incarnation, _disk.Incarnation);
        Assert.Equal(Floor.Lowest, Assert.Single(_taken).Lowest);
        Assert.Same(_set, _disk.Set);
    }

    [Fact]
    public void A_voter_that_took_a_set_that_came_to_nothing_is_admitted_to_the_next_one()
    {
        Run(int.MaxValue, OfB, OfW);
        (_set, _before) = (new VoterSet(2, [A, B, new HostName("x")]), Voters);
        Run(int.MaxValue);
        Assert.True(_votes);

        // The others have taken another second set, and decided things with it.
        (_set, _before) = (new VoterSet(3, [A, B, new HostName("y")]), [B, W, new HostName("y")]);
        Run(int.MaxValue);

        Assert.False(_votes);
    }

    [Fact]
    public void Nobody_founds_a_set_that_is_not_the_first_or_comes_to_it_as_a_founder_who_has_missed_some_messages()
    {
        _set = Set with { Number = 2 };
        Run(int.MaxValue, OfB with { Set = _set }, OfW with { Set = _set });
        Assert.False(_votes);

        Run(int.MaxValue, OfB with { Set = _set, Standing = VoterStanding.Votes, Founders = [new RegisteredVoter(A, _disk.Incarnation)] }, OfW with { Set = _set });
        Assert.False(_votes);
    }

    /// <summary>The daemon's next life, of so many steps; the others answer so.</summary>
    private void Run(int steps, params VoterReply.Memory[] others)
    {
        _votes = false;
        var machine = new RecoveryMachine(A, _set, Guid.NewGuid, Votes: false) { Before = _before };
        for (RecoveryEvent? happened = new RecoveryEvent.Begun(); steps > 0 && happened is not null; steps--)
        {
            (machine, var action) = machine.Step(_disk, happened);
            happened = Do(action, others);
        }
    }

    private RecoveryEvent? Do(RecoveryAction action, VoterReply.Memory[] others)
    {
        switch (action)
        {
            case RecoveryAction.ReadCounter:
                return new RecoveryEvent.CounterRead(_counter);
            case RecoveryAction.Increment:
                _counter = (_counter ?? 41) + 1;
                return new RecoveryEvent.Counted(_counter.Value);
            case RecoveryAction.Note note:
                _disk = note.Membership;
                return new RecoveryEvent.Written();
            case RecoveryAction.TakeOver takeOver:
                _taken = takeOver.Containers;
                return new RecoveryEvent.Written();
            case RecoveryAction.AskOthers:
                return new RecoveryEvent.Heard([.. others]);
            case RecoveryAction.Vote:
                _votes = true;
                return null;
            default:
                return null;
        }
    }
}
