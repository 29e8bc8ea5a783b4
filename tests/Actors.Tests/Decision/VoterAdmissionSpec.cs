using System.Collections.Immutable;
using ActorMigration.Actors.Tests.Migrations;
using ActorMigration.Contracts;
using ActorMigration.Ports.Contract;
using ActorMigration.Simulator;
using static ActorMigration.Actors.Tests.Decision.Cluster;

namespace ActorMigration.Actors.Tests.Decision;

/// <summary>A voter whose state directory is empty may have promised anything: it says nothing until the others have told it what is closed and what is open.</summary>
public sealed class VoterAdmissionSpec
{
    private static readonly RegisteredVoter Self = new(A, Guid.NewGuid());
    private static readonly RegisteredVoter OfB = new(B, Guid.NewGuid());
    private static readonly RegisteredVoter OfW = new(W, Guid.NewGuid());
    private static readonly ImmutableArray<HostName> Five = [A, B, W, new("d"), new("e")];

    [Fact]
    public void Voters_that_have_all_never_voted_begin_together()
    {
        var step = Assert.IsType<AdmissionStep.Admit>(Decide(Waiting(OfB), Waiting(OfW)));

        Assert.Equal([Self, OfB, OfW], step.Founders.AsEnumerable());
        Assert.Empty(step.Containers);
    }

    [Fact]
    public void A_new_cluster_does_not_begin_before_all_its_voters_are_there()
    {
        Assert.IsType<AdmissionStep.Wait>(Decide());
        var wait = Assert.IsType<AdmissionStep.Wait>(Decide(Waiting(OfB)));

        Assert.Contains($"no answer from {W}", wait.Sentence, StringComparison.Ordinal);
        Assert.Contains($"do not vote themselves: {B}", wait.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void A_voter_that_another_began_together_with_votes_at_once()
        => Assert.IsType<AdmissionStep.Admit>(Decide(Knowing(OfB, [Self, OfB, OfW])));

    [Fact]
    public void A_new_state_directory_of_a_founder_is_no_founder()
        => Assert.IsType<AdmissionStep.Wait>(Decide(Knowing(OfB, [new RegisteredVoter(A, Guid.NewGuid()), OfB, OfW]), Waiting(OfW)));

    [Fact]
    public void The_highest_floors_are_taken_over()
    {
        var step = Assert.IsType<AdmissionStep.Admit>(Decide(
            Knowing(OfB, [], new ContainerFloor(Name, new Fence(3, 1), B, []), new ContainerFloor(new ContainerName("c2"), new Fence(5, 1), W, [])),
            Knowing(OfW, [], new ContainerFloor(Name, new Fence(3, 2), W, []))));

        Assert.Empty(step.Founders);
        Assert.Equal([Name.Value, "c2"], step.Containers.Select(c => c.Container.Value));
        Assert.Equal((new Fence(3, 2), W), (step.Containers[0].Lowest, step.Containers[0].Owner!.Value));
        Assert.Equal((new Fence(5, 1), W), (step.Containers[1].Lowest, step.Containers[1].Owner!.Value));
    }

    [Fact]
    public void One_of_two_that_know_something_is_not_enough_because_the_other_may_know_more()
        => Assert.IsType<AdmissionStep.Wait>(Decide(Knowing(OfB, [], new ContainerFloor(Name, new Fence(3, 1), B, []))));

    [Fact]
    public void Of_four_others_three_are_enough()
    {
        var five = new VoterSet(VoterSet.First, [.. Five]);
        var others = Five.Skip(1).Select(v => Knowing(new RegisteredVoter(v, Guid.NewGuid()), []) with { Set = five }).ToArray();

        Assert.IsType<AdmissionStep.Admit>(VoterAdmission.Decide(Self, false, five, others[..3]));
        Assert.IsType<AdmissionStep.Wait>(VoterAdmission.Decide(Self, false, five, others[..2]));
    }

    [Fact]
    public void What_a_voter_says_that_is_configured_with_others_does_not_count()
    {
        var (b, w) = (Knowing(OfB, []), Knowing(OfW, []));
        Assert.IsType<AdmissionStep.Admit>(Decide(b, w));

        Assert.IsType<AdmissionStep.Wait>(Decide(b, w with { Set = Set with { Number = 2 } }));
        var wait = Assert.IsType<AdmissionStep.Wait>(Decide(b, w with { Set = Set with { Hosts = [A, B, new HostName("x")] } }));
        Assert.EndsWith("have another amig.voters or amig.voter.set: w", wait.Sentence, StringComparison.Ordinal);
        // Nor may it found a cluster with them.
        Assert.IsType<AdmissionStep.Wait>(Decide(Waiting(OfB), Waiting(OfW) with { Set = Set with { Number = 2 } }));
    }

    [Fact]
    public void Answers_of_itself_of_strangers_and_second_answers_do_not_count()
    {
        var known = Knowing(OfB, []);

        Assert.IsType<AdmissionStep.Wait>(Decide(known, known, Knowing(Self, []), Knowing(new RegisteredVoter(new HostName("x"), Guid.NewGuid()), [])));
    }

    [Fact]
    public void Where_anybody_has_voted_before_nobody_begins_anew()
    {
        Assert.IsType<AdmissionStep.Wait>(Decide(Waiting(OfB), Waiting(OfW) with { Standing = VoterStanding.Waits }));
        Assert.IsType<AdmissionStep.Wait>(VoterAdmission.Decide(Self, true, Set, [Waiting(OfB), Waiting(OfW)]));
    }

    [Fact]
    public void An_old_memory_keeps_what_is_higher_and_forgets_what_was_open()
    {
        var registration = Registration(new Fence(4, 3), A, B);
        var own = ContainerBallots.Fresh(Name) with { Lowest = new Fence(4, 2), Owner = A, Open = new OpenRegister(registration, new Ballot(1, A)) };
        var told = ContainerBallots.Fresh(Name) with { Lowest = new Fence(3, 1), Owner = B };

        var both = VoterAdmission.Combine(own, told);
        Assert.Equal((new Fence(4, 2), A, null), (both.Lowest, both.Owner!.Value, both.Open));
        var higher = VoterAdmission.Combine(own, told with { Lowest = new Fence(5, 1) });
        Assert.Equal((new Fence(5, 1), B), (higher.Lowest, higher.Owner!.Value));
        Assert.Equal(A, VoterAdmission.Combine(own, told with { Lowest = own.Lowest }).Owner!.Value);
        var alone = VoterAdmission.Combine(own, null);
        Assert.Equal((new Fence(4, 2), null), (alone.Lowest, alone.Open));
        Assert.Equal(new Fence(3, 1), VoterAdmission.Combine(null, told).Lowest);
    }

    [Fact]
    public async Task A_memory_of_many_containers_is_asked_for_in_parts_and_read_whole()
    {
        const int Containers = (2 * VoterFrames.MaxFloors) + 1;
        var log = new TwoHosts.MemoryLog<VoterRecord>();
        await log.AppendAsync([.. Enumerable.Range(0, Containers).Select(i => new VoterRecord.Snapshot(ContainerBallots.Fresh(new ContainerName($"c{i}"))))]);
        using var voter = await MembershipInMemory.VotingAsync(B, incarnation => new VoterCore(B, incarnation, Voters, new FakeSigner(B), new FakeKeys(), static (_, _) => true), log);
        var poll = new VoterPoll(new OneVoter(voter), Voters, VoterTimes.Default, TimeProvider.System);

        var memory = await poll.MemoryOfAsync(B);

        Assert.Equal(Containers, memory!.Floors.Select(f => f.Container).Distinct().Count());
        Assert.Null(await poll.MemoryOfAsync(W));
    }

    [Fact]
    public async Task A_memory_of_which_a_part_is_from_before_its_voters_admission_is_not_taken()
    {
        var poll = new VoterPoll(new TwoParts(), Voters, VoterTimes.Default, TimeProvider.System);

        Assert.Null(await poll.MemoryOfAsync(B));
    }

    [Fact]
    public void What_any_of_the_others_has_open_is_unsettled_and_what_is_closed_at_one_of_them_is_not()
    {
        var low = new RegisterId(Name, new Fence(3, 1), AttemptId.New());
        var high = new RegisterId(Name, new Fence(3, 2), AttemptId.New());
        var step = Assert.IsType<AdmissionStep.Admit>(Decide(
            Knowing(OfB, [], new ContainerFloor(Name, new Fence(3, 1), B, [low, high])),
            Knowing(OfW, [], new ContainerFloor(Name, new Fence(3, 2), B, [high]))));

        Assert.Equal(high, Assert.Single(Assert.Single(step.Containers).Unsettled));
    }

    [Fact]
    public void More_unsettled_attempts_than_can_be_told_are_waited_for()
    {
        var many = Enumerable.Range(0, VoterFrames.MaxUnsettled + 1).Select(_ => new RegisterId(Name, new Fence(3, 1), AttemptId.New())).ToArray();

        Assert.IsType<AdmissionStep.Wait>(Decide(Knowing(OfB, [], new ContainerFloor(Name, new Fence(3, 1), B, many[..^1])), Knowing(OfW, [], new ContainerFloor(Name, new Fence(3, 1), B, many[^1..]))));
    }

    private static AdmissionStep Decide(params VoterReply.Memory[] others) => VoterAdmission.Decide(Self, false, Set, others);

    private static VoterReply.Memory Waiting(RegisteredVoter voter) => new(voter.Host, voter.Incarnation, VoterStanding.New, [], [], false, Set);

    private static VoterReply.Memory Knowing(RegisteredVoter voter, RegisteredVoter[] founders, params ContainerFloor[] floors)
        => new(voter.Host, voter.Incarnation, VoterStanding.Votes, founders, floors, false, Set);


    /// <summary>A voter that is admitted between the two parts of its answer.</summary>
    private sealed class TwoParts : IVoterClient
    {
        public Task<VoterReply> AskAsync(HostName host, VoterRequest request, CancellationToken cancel)
            => Task.FromResult<VoterReply>(request is VoterRequest.AskMemory { After: null }
                ? new VoterReply.Memory(B, OfB.Incarnation, VoterStanding.Waits, [], [new ContainerFloor(Name, new Fence(3, 1), B, [])], HasMore: true, Set)
                : new VoterReply.Memory(B, OfB.Incarnation, VoterStanding.Votes, [], [], HasMore: false, Set));
    }

    private sealed class OneVoter(Voter voter) : IVoterClient
    {
        public Task<VoterReply> AskAsync(HostName host, VoterRequest request, CancellationToken cancel)
            => host == B ? voter.AnswerAsync(A, request) : throw new VoterUnreachableException(host, "it is not there");
    }
}
