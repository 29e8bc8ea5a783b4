using ActorMigration.Contracts;
using static ActorMigration.Actors.Tests.Decision.Cluster;

namespace ActorMigration.Actors.Tests.Decision;

/// <summary>What a majority says of a container's floor.</summary>
public sealed class FloorReadingSpec
{
    private static readonly Guid OfA = Guid.NewGuid();
    private static readonly Guid OfW = Guid.NewGuid();

    [Fact]
    public void The_highest_floor_of_a_majority_counts_and_who_did_not_answer_is_not_named()
    {
        var reading = FloorReading.Read(Voters, [Floor(A, OfA, new Fence(1, 2), A), Floor(W, OfW, new Fence(2, 1), B)])!;

        Assert.Equal((new Fence(2, 1), B), (reading.Next, reading.Owner!.Value));
        Assert.Equal([new RegisteredVoter(A, OfA), new RegisteredVoter(B, Guid.Empty), new RegisteredVoter(W, OfW)], reading.Voters);
    }

    [Fact]
    public void One_voter_is_no_majority_however_often_it_answers_and_whoever_else_does()
    {
        var one = Floor(A, OfA, new Fence(1, 2), A);

        Assert.Null(FloorReading.Read(Voters, []));
        Assert.Null(FloorReading.Read(Voters, [one, one, Floor(new HostName("x"), OfW, new Fence(9, 1), B)]));
    }

    [Fact]
    public async Task What_a_voter_of_another_set_says_is_no_answer()
    {
        var poll = new VoterPoll(new SaysSet(new Dictionary<HostName, int> { [A] = 2, [B] = 2, [W] = 1 }), Voters, VoterTimes.Default, TimeProvider.System) { SetNumber = 2 };
        Assert.NotNull(await poll.ReadFloorAsync(Name));

        poll = new VoterPoll(new SaysSet(new Dictionary<HostName, int> { [A] = 2, [B] = 1, [W] = 1 }), Voters, VoterTimes.Default, TimeProvider.System) { SetNumber = 2 };
        Assert.Null(await poll.ReadFloorAsync(Name));
    }

    private sealed class SaysSet(Dictionary<HostName, int> sets) : IVoterClient
    {
        public Task<VoterReply> AskAsync(HostName voter, VoterRequest request, CancellationToken cancel)
            => Task.FromResult<VoterReply>(Floor(voter, OfA, new Fence(1, 1), A) with { Set = sets[voter] });
    }

    private static VoterReply.Floor Floor(HostName voter, Guid incarnation, Fence lowest, HostName owner) => new(voter, incarnation, Name, lowest, owner, null);
}
