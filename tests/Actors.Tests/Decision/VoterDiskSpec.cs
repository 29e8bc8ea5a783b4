using System.Collections.Immutable;
using ActorMigration.Contracts;
using ActorMigration.Ports.Contract;
using ActorMigration.Simulator;
using static ActorMigration.Actors.Tests.Decision.Cluster;

namespace ActorMigration.Actors.Tests.Decision;

/// <summary>A voter whose disk fails for a while says nothing meanwhile, and afterwards nothing that it has not written.</summary>
public sealed class VoterDiskSpec
{
    private readonly FailingLog _log = new();

    [Fact]
    public async Task What_could_not_be_written_was_not_promised_and_the_voter_goes_on_when_the_disk_is_well()
    {
        using var voter = await MembershipInMemory.VotingAsync(
            W, incarnation => new VoterCore(W, incarnation, Voters, new FakeSigner(W), new FakeKeys(), static (_, _) => true), _log);
        var memory = Assert.IsType<VoterReply.Memory>(await voter.AnswerAsync(A, new VoterRequest.AskMemory(null)));
        var unsigned = Registration(new Fence(0, 1), A, A, RegisterKind.Creation) with { Voters = [.. Voters.Select(v => new RegisteredVoter(v, memory.Incarnation))] };
        var creation = unsigned with { Signature = FakeKeys.Sign(A, DecisionBytes.ToSign(unsigned)) };
        Assert.IsType<VoterReply.Registered>(await voter.AnswerAsync(A, new VoterRequest.Begin(creation)));

        _log.IsFull = true;
        await Assert.ThrowsAsync<IOException>(() => voter.AnswerAsync(A, new VoterRequest.Prepare(creation.Register, new Ballot(5, A))));
        // Not even what it knew before: whether the failed write is on the disk is not known.
        await Assert.ThrowsAsync<IOException>(() => voter.AnswerAsync(A, new VoterRequest.AskFloor(Name)));

        _log.IsFull = false;
        Assert.IsType<VoterReply.Floor>(await voter.AnswerAsync(A, new VoterRequest.AskFloor(Name)));
        Assert.IsType<VoterReply.Promised>(await voter.AnswerAsync(A, new VoterRequest.Prepare(creation.Register, new Ballot(1, A))));
    }

    [Fact]
    public async Task A_promise_to_the_operator_that_could_not_be_written_keeps_this_hosts_attempt_from_nothing_once_the_disk_is_well()
    {
        using var voter = await MembershipInMemory.VotingAsync(
            W, incarnation => new VoterCore(W, incarnation, Voters, new FakeSigner(W), new FakeKeys(), static (_, _) => true), _log);
        var registration = Registration(new Fence(1, 1), A, B);
        var verdict = new VerdictCertificate(registration.Register, Verdict.Source, []);

        _log.IsFull = true;
        await Assert.ThrowsAsync<IOException>(() => voter.AnswerAsync(A, new VoterRequest.PrepareResolution(registration, 1, Verdict.Source, false)));
        Assert.False(voter.Admit(verdict));

        _log.IsFull = false;
        Assert.IsType<VoterReply.Floor>(await voter.AnswerAsync(A, new VoterRequest.AskFloor(Name)));
        Assert.True(voter.Admit(verdict));
    }

    private sealed class FailingLog : IRecordLog<VoterRecord>
    {
        public bool IsFull { get; set; }

        public ImmutableArray<VoterRecord> Load() => [];

        public Task AppendAsync(ImmutableArray<VoterRecord> records) => IsFull ? Task.FromException(new IOException("no space left on device")) : Task.CompletedTask;

        public Task CompactAsync(ImmutableArray<VoterRecord> records) => Task.CompletedTask;
    }
}
